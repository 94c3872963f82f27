import { expect, onTestFinished, test } from 'vitest';
import type { Stopped, Submission } from '../../src/operations/submission.ts';
import { type Watched, watchBalance } from '../../src/operations/watch-balance.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { seeded, seedPayouts } from './seed-payouts.ts';

const BATCH: Watched = { id: 1n, currency: 'INR', first: null };

/** A submission as far as a look at the balance needs it: what is left to send, and what the provider has. */
function looking(needed: bigint, available: bigint | null, currency = 'INR'): Submission {
  const answer =
    available === null ? { ok: false } : { ok: true, value: { available_minor: available, currency } };
  return {
    database: { get: async () => ({ amount_minor: needed }) },
    provider: { name: 'nxt', balance: async () => answer },
  } as unknown as Submission;
}

async function look(submission: Submission, batch = BATCH): Promise<Stopped[]> {
  const stops: Stopped[] = [];
  const watch = watchBalance(submission, batch, 0);
  watch((why) => stops.push(why), 0);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return stops;
}

test('a balance that no longer covers the rest stops the sending, and says what is missing', async () => {
  expect(await look(looking(1_000_00n, 999_99n))).toEqual([
    {
      code: 'insufficient_funds',
      reason:
        'the provider has 999.99 INR left, and the rows still to send need 1000.00: 0.01 are missing; sending stopped there',
    },
  ]);
  expect(await look(looking(1_000_00n, 1_000_00n))).toEqual([]);
});

/** Three rows to send, of ₹300, ₹500 and ₹200, in a ledger. */
async function rowsToSend(changes: Partial<Submission>, available: bigint): Promise<Submission> {
  const database = await openLedger(':memory:', '2026-11-24T06:00:00.000Z', { create: true });
  onTestFinished(() => database.close());
  const rows = [300_00n, 500_00n, 200_00n].map((amount_minor, index) =>
    seeded(index + 1, {
      amount_minor,
      state: 'approved',
      position: 'available',
      provider_id: null,
      paid_at: null,
    }),
  );
  await seedPayouts(database, 'nxt', rows);
  return { ...looking(0n, available), database, ...changes };
}

test('where only the first rows are sent, only those have to be covered', async () => {
  const two = { ...BATCH, first: 2 };
  expect(await look(await rowsToSend({}, 800_00n), two)).toEqual([]);
  expect(await look(await rowsToSend({}, 799_99n), two)).toMatchObject([{ code: 'insufficient_funds' }]);
});

test('where rows that do not fit are skipped, sending stops when none fits any more', async () => {
  const skips = { on_low_balance: 'skip' } as const;
  expect(await look(await rowsToSend(skips, 200_00n))).toEqual([]);
  expect(await look(await rowsToSend(skips, 199_99n))).toEqual([
    {
      code: 'insufficient_funds',
      reason:
        'the provider has 199.99 INR left, and the smallest row still to send needs 200.00; sending stopped there',
    },
  ]);
});

test('a balance that cannot be read, or is in another currency, stops nothing', async () => {
  expect(await look(looking(1_000_00n, null))).toEqual([]);
  expect(await look(looking(1_000_00n, 0n, 'USD'))).toEqual([]);
});

test('it looks now and then, and never twice at once', async () => {
  let asked = 0;
  const submission = looking(1n, 2n);
  const balance = submission.provider.balance;
  submission.provider.balance = () => {
    asked += 1;
    return balance();
  };
  const seldom = watchBalance(submission, BATCH, 60_000);
  const often = watchBalance(submission, BATCH, 0);
  for (let turn = 0; turn < 5; turn += 1) {
    seldom(() => undefined, 0);
    often(() => undefined, 0);
  }
  expect(asked).toBe(1);
});
