import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/cli/config.ts';
import { formatKey } from '../../src/vault/key-file.ts';
import { emptyFolder, openOffice } from './beneficiary/office.ts';
import { makeWorld, runPayrun } from './run-payrun.ts';

const ALL = ['payrun.toml', '.gitignore', 'payrun.key', 'payrun.db'];

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('payrun init', () => {
  test('writes a configuration, a key and a ledger that only their owner can read', async () => {
    const cwd = emptyFolder();
    const ran = await runPayrun(['init', '--json'], { cwd });
    expect(ran.exit).toBe(0);
    expect(ran.json().data).toEqual({ created: ALL, kept: [] });
    expect(modeOf(join(cwd, 'payrun.key'))).toBe(0o600);
    expect(modeOf(join(cwd, 'payrun.db'))).toBe(0o600);
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8').split('\n')).toContain('payrun.key');
  });

  test('the configuration that it writes is good, and its commented values are the defaults', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    const { world } = makeWorld([], { cwd });
    const written = loadConfig(world, null);
    expect(written.providers.nxt?.base_url).toBe('http://127.0.0.1:4010');
    const file = join(cwd, 'payrun.toml');
    const spoken = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) =>
        /^# [a-z_]+ = /.test(line) && !/holidays_file|^# (max|fee|tax_rate)/.test(line)
          ? line.slice(2)
          : line,
      )
      .join('\n');
    writeFileSync(file, spoken);
    expect(loadConfig(world, null)).toEqual(written);
  });

  test('run again keeps everything as it is', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    const before = ALL.map((name) => readFileSync(join(cwd, name)));
    const ran = await runPayrun(['init', '--json'], { cwd });
    expect(ran.exit).toBe(0);
    expect(ran.json().data).toEqual({ created: [], kept: ALL });
    expect(ALL.slice(0, 3).map((name) => readFileSync(join(cwd, name)))).toEqual(before.slice(0, 3));
  });

  test('finishes what an interrupted one began', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    rmSync(join(cwd, 'payrun.db'));
    const ran = await runPayrun(['init', '--json'], { cwd });
    expect(ran.json().data).toEqual({
      created: ['payrun.db'],
      kept: ['payrun.toml', '.gitignore', 'payrun.key'],
    });
    expect((await runPayrun(['beneficiary', 'list'], { cwd })).exit).toBe(0);
  });

  test('makes no new key for a ledger whose key is lost', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    rmSync(join(cwd, 'payrun.key'));
    const ran = await runPayrun(['init', '--json'], { cwd });
    expect(ran.exit).toBe(2);
    expect(ran.json().error.code).toBe('key_missing');
    expect(existsSync(join(cwd, 'payrun.key'))).toBe(false);
  });

  test('leaves nothing beside a ledger without key and configuration, and says how an auditor reads it', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    for (const name of ['payrun.key', 'payrun.toml', '.gitignore']) rmSync(join(cwd, name));
    const without = await runPayrun(['audit', 'verify'], { cwd });
    expect([without.exit, without.stderr]).toEqual([
      2,
      expect.stringContaining('To read that ledger, an empty payrun.toml is enough, and no key.'),
    ]);
    expect((await runPayrun(['init'], { cwd })).stderr).toContain('an empty payrun.toml is enough');
    expect(existsSync(join(cwd, 'payrun.toml'))).toBe(false);
    writeFileSync(join(cwd, 'payrun.toml'), '');
    for (const words of [
      'audit verify',
      'audit log',
      'ledger verify',
      'payout list',
      'statement list',
      'break list',
    ])
      expect([words, (await runPayrun(words.split(' '), { cwd })).exit]).toEqual([words, 0]);
  });

  test('refuses a key that is not the ledger’s', async () => {
    const cwd = emptyFolder();
    await runPayrun(['init'], { cwd });
    writeFileSync(join(cwd, 'payrun.key'), formatKey(Buffer.alloc(32, 7)));
    const ran = await runPayrun(['init', '--json'], { cwd });
    expect(ran.exit).toBe(2);
    expect(ran.json().error.code).toBe('key_wrong');
  });

  test('with the key in the environment writes none', async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, 'payrun.toml'), '[vault]\nkey_env = "MY_KEY"\n');
    const without = await runPayrun(['init', '--json'], { cwd });
    expect(without.exit).toBe(2);
    expect(without.json().error.code).toBe('key_missing');
    const ran = await runPayrun(['init', '--json'], { cwd, env: { MY_KEY: formatKey(Buffer.alloc(32, 7)) } });
    expect(ran.exit).toBe(0);
    expect(existsSync(join(cwd, 'payrun.key'))).toBe(false);
    expect((await runPayrun(['beneficiary', 'list'], { cwd })).exit).toBe(0);
  });

  test('a dry run writes nothing', async () => {
    const cwd = emptyFolder();
    const ran = await runPayrun(['init', '--json', '-n'], { cwd });
    expect(ran.exit).toBe(0);
    expect(ran.json().data).toEqual({ created: ALL, kept: [] });
    expect(ALL.filter((name) => existsSync(join(cwd, name)))).toEqual([]);
  });

  test('a key that others can read stops every command that needs it', async () => {
    const office = await openOffice();
    const { chmodSync } = await import('node:fs');
    chmodSync(join(office.folder, 'payrun.key'), 0o644);
    office.write('b.csv', 'beneficiary_ref,name,vpa\na,A B,ab.cd@okbank\n');
    const ran = await office.payrun('beneficiary', 'import', 'b.csv', '--json');
    expect(ran.exit).toBe(2);
    expect(ran.json().error.code).toBe('key_unsafe');
  });
});
