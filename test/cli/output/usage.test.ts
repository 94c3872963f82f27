import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { runPayrun } from '../run-payrun.ts';

const payrun = (...args: string[]) => runPayrun(args, { cwd: tmpdir() });

describe('words that are not enough', () => {
  test('a noun without a verb is wrong usage and names the verbs, off stdout', async () => {
    const ran = await payrun('batch');
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toBe(
      'error: `payrun batch` needs a verb.\n' +
        'hint: Usage: payrun batch VERB, which is one of import, check, approve, submit, list, show, cancel, export. ' +
        'More with: payrun batch --help\n',
    );
  });

  test.each([
    [['batch', '--json']],
    [['--json']],
    [['--json', 'batch', '']],
  ])('%j prints one document that says so', async (args) => {
    const ran = await payrun(...args);
    expect(ran.json()).toMatchObject({ ok: false, exit_code: 2, error: { code: 'usage' } });
    expect([ran.exit, ran.stderr]).toEqual([2, '']);
  });

  test('too many words are told in the words of the command', async () => {
    const none = await payrun('batch', 'list', 'x');
    expect([none.exit, none.stderr]).toEqual([
      2,
      expect.stringContaining('`payrun batch list` takes no argument, and more words were given.'),
    ]);
    expect((await payrun('payout', 'show', 'a', 'b')).stderr).toContain(
      '`payrun payout show` takes only <reference>, and more words were given.',
    );
  });
});

describe('help that is asked for', () => {
  test('says what is required and which reasons there are, and a word that is no command leads to the list of them', async () => {
    expect((await payrun('batch', 'import', '--help')).stdout).toMatch(
      /--name <name> .*_ \. and - \(required\)/,
    );
    expect((await payrun('break', 'resolve', '--help')).stdout).toMatch(
      /provider_error, timing,\s+our_error/,
    );
    expect((await payrun('quux')).stderr).toContain('`payrun --help` lists the commands');
  });

  test.each([
    [['--help'], 'payrun [options]'],
    [[], 'payrun [options]'],
    [['help'], 'payrun [options]'],
    [['batch', '--help'], 'payrun batch [options]'],
    [['help', 'batch'], 'payrun batch [options]'],
    [['batch', 'help'], 'payrun batch [options]'],
    [['help', 'batch', 'submit'], 'payrun batch submit [options]'],
    [['batch', 'help', 'submit'], 'payrun batch submit [options]'],
    [['help', 'demo'], 'payrun demo [options]'],
  ])('%j is on stdout, with exit 0', async (args, usage) => {
    const ran = await payrun(...args);
    expect([ran.exit, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toMatch(`Usage: ${usage}`);
    if (usage.includes('submit')) expect(ran.stdout).toContain('--on-low-balance');
  });

  test('of a command that does not exist is wrong usage', async () => {
    const ran = await payrun('help', 'batch', 'sumbit');
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain('Did you mean submit?');
  });

  test('is not what a person of that name asks for', async () => {
    expect((await payrun('--as', 'help', 'batch', 'list')).exit).toBe(2);
  });
});
