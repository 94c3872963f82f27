/** The shell scripts of README.md are copied by people into cron and CI: they are run here as they stand, with payrun's name alone. */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type Sandbox, startSandbox } from '../src/sandbox/sandbox.ts';
import { BIN } from './cli/run-payrun.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const SCRIPTS = [...README.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
const KEYS = { NXT_API_KEY: 'key', NXT_API_SECRET: 'secret' };
const DAY = new Date().toISOString().slice(0, 10);

interface Desk {
  folder: string;
  sandbox: Sandbox;
  /** Runs a script; answers its exit code. */
  sh(script: string, ...args: string[]): Promise<number | null>;
}

async function openDesk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const sandbox = await startSandbox({
    api_key: KEYS.NXT_API_KEY,
    api_secret: KEYS.NXT_API_SECRET,
    settle_ms: 1,
  });
  onTestFinished(() => sandbox.close());
  mkdirSync(join(folder, 'inbox'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/payrun'), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  chmodSync(join(folder, 'bin/payrun'), 0o755);
  const toml = `[providers.nxt]\nkind = "nxtbanking"\nbase_url = "${sandbox.url}"\napi_key = { env = "NXT_API_KEY" }\napi_secret = { env = "NXT_API_SECRET" }\n`;
  writeFileSync(join(folder, 'payrun.toml'), toml);
  const env = { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder, ...KEYS };
  const sh: Desk['sh'] = (script, ...args) => {
    const here = script.replaceAll('/srv/inbox', join(folder, 'inbox')).replaceAll('/srv/payrun', folder);
    const child = spawn('sh', ['-c', here, 'script', ...args], { cwd: folder, env, stdio: 'ignore' });
    return new Promise((resolve) => child.once('close', resolve));
  };
  expect(await sh(`payrun init && payrun beneficiary import "${join(FIXTURES, 'beneficiaries.csv')}"`)).toBe(
    0,
  );
  return { folder, sandbox, sh };
}

function scriptWith(words: string): string {
  const [script, ...others] = SCRIPTS.filter((each) => each.includes(words));
  if (script === undefined || others.length > 0)
    throw new Error(`README.md has no one script with "${words}"`);
  return script;
}

function dataOf(desk: Desk, name: string) {
  return JSON.parse(readFileSync(join(desk.folder, name), 'utf8'));
}

test('the night’s script pays a list once, however often it is started, hands on what failed, and refuses a bad list', async () => {
  const desk = await openDesk();
  const night = scriptWith('nightly-payouts DAY');
  cpSync(join(FIXTURES, 'payouts.csv'), join(desk.folder, `inbox/payouts-${DAY}.csv`));
  expect(await desk.sh(night, DAY)).toBe(3);
  expect(dataOf(desk, `submit-${DAY}.json`).data.states).toEqual({
    paid: 11,
    failed: 2,
    held: 1,
    returned: 1,
  });
  expect(dataOf(desk, `reconcile-${DAY}.json`)).toMatchObject({
    exit_code: 0,
    data: { breaks: { open: 0 } },
  });
  const { statuses } = desk.sandbox.stats();
  expect(await desk.sh(night, DAY)).toBe(3);
  expect(desk.sandbox.stats()).toMatchObject({ statuses });
  writeFileSync(
    join(desk.folder, 'inbox/payouts-2026-11-20.csv'),
    'beneficiary_ref,amount\nasha-rao,"1,000"\n',
  );
  expect(await desk.sh(night, '2026-11-20')).toBe(4);
  await desk.sandbox.close();
  writeFileSync(join(desk.folder, 'inbox/payouts-2026-11-19.csv'), 'beneficiary_ref,amount\nasha-rao,1000\n');
  expect(await desk.sh(night, '2026-11-19')).toBe(5);
});

test('the check of a report in CI compares two files without a ledger, and fails for what its rule names', async () => {
  const desk = await openDesk();
  const list = join(FIXTURES, 'payouts.csv');
  await desk.sh(
    `payrun batch submit "${list}" --name nov --yes --wait 20s; payrun provider report --date today -o report.csv`,
  );
  const [listing = '', ...check] = scriptWith('--against ours.csv').split('\n');
  expect(await desk.sh(listing)).toBe(0);
  rmSync(join(desk.folder, 'payrun.toml'));
  expect(await desk.sh(check.join('\n'))).toBe(0);
  const report = join(desk.folder, 'report.csv');
  writeFileSync(report, readFileSync(report, 'utf8').replace(',62500.00,', ',64500.00,'));
  expect(await desk.sh(check.join('\n'))).toBe(3);
  expect(readFileSync(join(desk.folder, 'day.xml'), 'utf8')).toContain('amount_differs');
});
