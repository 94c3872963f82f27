import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ran } from '../cli/run-payrun.ts';
import {
  AVAILABLE,
  balanceOf,
  expectNoLie,
  expectTruth,
  IN_TRANSIT,
  type Office,
  payoutFile,
  payoutsOf,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

/** The provider goes in the midst of it. For twenty seconds payrun hopes and sends nothing: other tests run meanwhile. */
let outage: { office: Office; ended: Promise<Ran> };
const closing: (() => void | Promise<void>)[] = [];
beforeAll(async () => {
  const office = await withBatch(300, { latency_ms: 20 }, undefined, (work) => void closing.push(work));
  const run = office.start(...submit());
  while ((await office.bank.sends()) <= 40) await delay(20);
  await office.bank.faults([{ kind: 'reset_after' }]);
  outage = { office, ended: run.done };
});
afterAll(async () => {
  for (const work of closing) await work();
});

describe('a submission that is killed', () => {
  test('at any moment, again and again, pays everything once and ends with clean books', async () => {
    // More than are stored without a thread, also after some kills.
    const office = await withBatch(500, { latency_ms: 40 });
    for (let turn = 0; turn < 5; turn += 1) {
      const run = office.start(...submit());
      // By what the server has made and not by the clock: a slow machine is killed midway, too.
      const enough = (await office.bank.made()) + 5 + ((turn * 37) % 60);
      await expect.poll(() => office.bank.made(), { timeout: 20_000, interval: 10 }).toBeGreaterThan(enough);
      run.child.kill('SIGKILL');
      await run.done;
      expect(await office.bank.made()).toBeLessThan(500);
    }
    await office.bank.settings({ latency_ms: 0 });
    const last = await office.run(...submit('--wait', '30s'));
    expect([last.exit, statesIn(last)]).toEqual([3, { failed: 100, paid: 350, returned: 50 }]);
    await expectTruth(office);
    expect((await office.bank.books()).payouts).toHaveLength(500);
  }, 90_000);

  test('leaves a ledger that can be read at once, and says that it does not know', async () => {
    const office = await withBatch(120, { latency_ms: 60 });
    const run = office.start(...submit());
    await expect.poll(() => office.bank.sends(), { timeout: 10_000 }).toBeGreaterThan(20);
    run.child.kill('SIGKILL');
    await run.done;
    const shown = await office.ask('batch', 'show', 'salary', '--json');
    const states = statesIn(shown);
    expect([shown.exit, Object.values(states).reduce((sum, count) => sum + count, 0)]).toEqual([0, 120]);
    expect(states.submitting).toBeGreaterThan(0);
    expect(states.failed ?? 0).toBe((await payoutsOf(office, '--state', 'failed')).length);
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
    await office.ask(...submit('--wait', '30s'));
    await expectTruth(office);
  }, 60_000);
});

describe('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s finishes what is in flight, exits %i and says how to go on',
    async (signal, exit) => {
      const office = await withBatch(300, { latency_ms: 20 });
      const run = office.start('batch', 'submit', 'salary', '--yes');
      await expect.poll(() => office.bank.sends(), { timeout: 10_000 }).toBeGreaterThan(30);
      run.child.kill(signal);
      const stopped = await run.done;
      expect(stopped.exit).toBe(exit);
      expect(stopped.stderr.trim().split('\n').at(-1)).toContain('Go on with: payrun batch submit salary');
      const states = statesIn(await office.ask('batch', 'show', 'salary', '--json'));
      expect(states.submitting ?? 0).toBe(0);
      expect(states.approved).toBeGreaterThan(0);
      await expectNoLie(office);
      await office.ask(...submit('--wait', '30s'));
      await expectTruth(office);
    },
    60_000,
  );
});

test('a second signal ends it at once, and the last line still says how to go on', async () => {
  const office = await withBatch(300, { latency_ms: 20 });
  const run = office.start('batch', 'submit', 'salary', '--yes');
  await expect.poll(() => office.bank.sends(), { timeout: 20_000 }).toBeGreaterThan(30);
  // So long that what is in flight is not through before the second.
  await office.bank.settings({ latency_ms: 1_900 });
  run.child.kill('SIGINT');
  await run.waitFor(/A second signal stops at once/, 'stderr');
  run.child.kill('SIGINT');
  const stopped = await run.done;
  expect(stopped.exit).toBe(130);
  expect(stopped.stderr.trim().split('\n').at(-1)).toContain('the same command again');
  await expectNoLie(office);
}, 60_000);

test('a second signal leaves one document for a program that reads, with the exit code', async () => {
  const office = await withBatch(300, { latency_ms: 20 });
  const run = office.start(...submit());
  await expect.poll(() => office.bank.sends(), { timeout: 20_000 }).toBeGreaterThan(30);
  await office.bank.settings({ latency_ms: 1_900 });
  run.child.kill('SIGTERM');
  await run.waitFor(/A second signal stops at once/, 'stderr');
  run.child.kill('SIGTERM');
  const stopped = await run.done;
  expect(stopped.json()).toMatchObject({
    schema: 'payrun/batch.submit/v1',
    ok: false,
    exit_code: 143,
    error: {
      code: 'stopped_at_once',
      hint: expect.stringContaining('same command again'),
      // What is stored, without a look into the ledger, which could keep the process waiting.
      so_far: { done: expect.any(Number), total: 300, counts: { accepted: expect.any(Number) } },
    },
  });
  expect(stopped.exit).toBe(143);
  await expectNoLie(office);
}, 60_000);

test('a bug where the books are kept is told with the place where it arose', async () => {
  const office = await withBatch(300);
  const connection = new SqliteDatabase(join(office.folder, 'payrun.db'));
  connection.exec(
    `create trigger broken before update on payouts when new.state = 'pending' begin select raise(abort, 'broken'); end`,
  );
  connection.close();
  const told = await office.run(...submit('-v'));
  expect([told.exit, told.json().error.code]).toEqual([70, 'bug']);
  expect(told.stderr).toMatch(/broken\n[\s\S]*at .*recordOutcomes[\s\S]*books-thread\.js/);
  expect((await office.ask('batch', 'show', 'salary', '--json')).json().data.states).not.toHaveProperty(
    'failed',
  );
}, 60_000);

test('of two processes that submit at once, one gets exit 7, and imports and queries go on beside the other', async () => {
  // Slow enough for the second to start meanwhile, also on a busy machine.
  const office = await withBatch(300, { latency_ms: 300 });
  const first = office.start(...submit());
  await expect.poll(() => office.bank.sends(), { timeout: 10_000 }).toBeGreaterThan(10);
  const second = await office.run(...submit());
  expect([second.exit, second.json().error.code]).toEqual([7, 'ledger_locked']);
  office.write('more.csv', payoutFile(5, [1], 900));
  expect((await office.ask('batch', 'import', 'more.csv', '--name', 'more')).exit).toBe(0);
  await office.bank.settings({ latency_ms: 0 });
  expect((await office.ask('batch', 'show', 'salary')).exit).toBe(0);
  expect([0, 3, 6]).toContain((await office.ask('payout', 'sync')).exit);
  expect([0, 3, 6]).toContain((await first.done).exit);
  await office.ask(...submit('--wait', '30s'));
  expect((await office.bank.books()).payouts).toHaveLength(300);
}, 60_000);

describe('a provider that cannot be reached', () => {
  test('is exit 5, nothing is lost, and the same command pays when it is back', async () => {
    const office = await withBatch(30);
    office.configure({ base_url: 'http://127.0.0.1:1' });
    const down = await office.ask(...submit());
    expect([down.exit, statesIn(down)]).toEqual([5, { approved: 30 }]);
    expect(await balanceOf(office, IN_TRANSIT)).toBe(0);
    expect(await balanceOf(office, AVAILABLE)).toBe(0);
    office.configure({});
    const up = await office.ask(...submit('--wait', '30s'));
    expect(statesIn(up)).toEqual({ failed: 6, paid: 21, returned: 3 });
    await expectTruth(office);
  });

  test('in the middle of a batch stops it, and every row stays provable', async () => {
    const { office, ended } = outage;
    const cut = await ended;
    expect([5, 6]).toContain(cut.exit);
    await expectNoLie(office);
    expect((await payoutsOf(office, '--state', 'failed')).length).toBeLessThanOrEqual(60);
    await office.bank.faults([]);
    await office.ask(...submit('--wait', '30s'));
    await expectTruth(office);
  }, 60_000);

  test('that refuses the credentials is exit 5 too, and pays nothing', async () => {
    const office = await withBatch(10);
    await office.bank.faults([{ kind: 'unauthorized', path: '/auth/token' }]);
    const refused = await office.ask(...submit());
    expect([refused.exit, statesIn(refused)]).toEqual([5, { approved: 10 }]);
    expect((await office.bank.books()).payouts).toEqual([]);
  });

  test('that has too little money stops the batch with exit 5 until it has more', async () => {
    const office = await withBatch(30, { opening_balance: 500_00 });
    const short = await office.ask(...submit());
    expect([short.exit, statesIn(short)]).toEqual([5, { approved: 30 }]);
    const skipping = await office.ask(...submit('--on-low-balance', 'skip', '--wait', '10s'));
    expect(skipping.exit).toBe(5);
    expect(statesIn(skipping).approved).toBeGreaterThan(20);
    await expectTruth(office);
    await office.bank.settings({
      balance: 1_000_000_00,
      opening_balance:
        1_000_000_00 + (await office.bank.books()).opening_balance - (await office.bank.books()).balance,
    });
    expect(statesIn(await office.ask(...submit('--wait', '30s')))).toEqual({
      failed: 6,
      paid: 21,
      returned: 3,
    });
    await expectTruth(office);
  }, 60_000);
});
