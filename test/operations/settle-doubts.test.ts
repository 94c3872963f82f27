import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { refusal } from '../../src/sandbox/answer.ts';
import { CUT, GO_ON, type Verdict } from '../../src/sandbox/faults.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { runPayrun } from '../cli/run-payrun.ts';
import { Laboratory } from '../simulation/laboratory.ts';
import { modeNamed } from '../simulation/modes.ts';
import type { Mutant } from '../simulation/run.ts';

const PAYOUTS = 20;
const ENV = { NXT_API_KEY: 'sandbox-key', NXT_API_SECRET: 'sandbox-secret' };

/** Twenty payouts of which the first run leaves every outcome open; afterwards so many questions fail. */
async function inDoubt() {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-doubts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  // At first nothing about payouts gets through.
  const faults = {
    folder,
    failing: Number.POSITIVE_INFINITY,
    answering: null as ((method: string) => Promise<Verdict>) | null,
  };
  const sandbox = await startSandbox({
    faults: {
      before: async ({ method, path }) => {
        if (!path.endsWith('/payouts')) return GO_ON;
        if (faults.answering) return faults.answering(method);
        if (faults.failing === 0) return GO_ON;
        faults.failing -= 1;
        return CUT;
      },
      after: async () => GO_ON,
    },
  });
  onTestFinished(() => sandbox.close());
  writeFileSync(
    join(folder, 'payrun.toml'),
    `[providers.nxt]
kind = "nxtbanking"
base_url = "${sandbox.url}"
api_key = { env = "NXT_API_KEY" }
api_secret = { env = "NXT_API_SECRET" }
requests_per_second = 0
`,
  );
  writeFileSync(
    join(folder, 'beneficiaries.csv'),
    'beneficiary_ref,name,account_number,ifsc\nb-1,Asha Rao,501007777,HDFC0000001\n',
  );
  const rows = Array.from({ length: PAYOUTS }, (_, index) => `b-1,${100 + index}.00`);
  writeFileSync(join(folder, 'payouts.csv'), ['beneficiary_ref,amount', ...rows, ''].join('\n'));
  const run = (...args: string[]) => runPayrun(args, { cwd: folder, env: ENV });
  const submit = () => run('batch', 'submit', 'payouts.csv', '--name', 'night', '--yes', '--json');
  for (const args of [['init'], ['beneficiary', 'import', 'beneficiaries.csv']])
    expect((await run(...args)).exit).toBe(0);

  expect((await submit()).json().data.states).toEqual({ unknown: PAYOUTS });
  expect(sandbox.stats().statuses.QUEUED).toBe(0);
  return { faults, sandbox, run, submit };
}

test('a look-up that fails does not keep the payouts that were asked about from being sent again', async () => {
  const { faults, sandbox, submit } = await inDoubt();
  faults.failing = 1;
  expect((await submit()).exit).toBe(6);
  const { QUEUED, PROCESSING, SUCCESS } = sandbox.stats().statuses;
  expect(QUEUED + PROCESSING + SUCCESS).toBe(PAYOUTS - 1);
});

test('what may have left of a batch that was cancelled is asked about, and never sent again', async () => {
  const { faults, sandbox, run } = await inDoubt();
  faults.failing = 0;
  // A sync asks and sends nothing, so that it cannot settle them: its last line names what does.
  const synced = await run('payout', 'sync');
  expect([synced.exit, synced.stderr]).toEqual([
    6,
    expect.stringContaining('payrun batch submit night --yes'),
  ]);
  const cancelled = await run('batch', 'cancel', 'night', '--yes');
  expect([cancelled.exit, cancelled.stderr]).toEqual([0, expect.stringContaining('is not sent again')]);
  const again = await run('batch', 'submit', 'night', '--yes', '--json');
  expect(again.json().data.states).toEqual({ unknown: PAYOUTS });
  const { QUEUED, PROCESSING, SUCCESS } = sandbox.stats().statuses;
  expect(QUEUED + PROCESSING + SUCCESS).toBe(0);
});

test('rows that are told to slow down while somebody cancels their batch are cancelled with it, and not sent again', async () => {
  const { faults, sandbox, run } = await inDoubt();
  faults.failing = 0;
  writeFileSync(join(faults.folder, 'second.csv'), 'beneficiary_ref,amount\nb-1,7.00\nb-1,8.00\n');
  let sends = 0;
  faults.answering = async (method) => {
    if (method !== 'POST') return GO_ON;
    sends += 1;
    if (sends === 1) expect((await run('batch', 'cancel', 'second', '--yes')).exit).toBe(0);
    return { act: 'answer', answer: refusal(429, 'RATE_LIMITED', 'Slow down', { 'retry-after': '0' }) };
  };
  await run('batch', 'cancel', 'night', '--yes');
  const submitted = await run('batch', 'submit', 'second.csv', '--name', 'second', '--yes', '--json');
  expect(submitted.json().data.states).toEqual({ cancelled: 2 });
  expect(sends).toBe(2);
  // The next run finds nothing left of it to send.
  faults.answering = null;
  await run('batch', 'submit', 'second', '--yes');
  const { QUEUED, PROCESSING, SUCCESS } = sandbox.stats().statuses;
  expect(QUEUED + PROCESSING + SUCCESS).toBe(0);
});

test.each([
  ['at once, where a look-up shows what was made right away', 0, [2]],
  ['by the next run, where a look-up may be late by seven seconds', 7_000, [1, 1]],
] as const)('what is not found is sent again %s', async (_when, lateness, sends) => {
  const laboratory = new Laboratory();
  onTestFinished(() => laboratory.close());
  const late: Mutant = {
    name: 'late look-ups',
    provider: (provider) => ({
      ...provider,
      capabilities: { ...provider.capabilities, look_up_lateness_ms: lateness },
    }),
  };
  const plan = { mode: modeNamed('reset'), seed: 1, rows: 1, concurrency: 1, deaths: [], mutant: late };
  const life = await laboratory.live(plan);
  expect(life.findings).toEqual([]);
  const sent = life.traces.map((trace) => trace.filter((step) => step === 'submit: before the call').length);
  expect(sent).toEqual(sends);
});
