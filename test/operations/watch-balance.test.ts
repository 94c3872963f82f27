import { expect, test } from 'vitest';
import type { Stopped, Submission } from '../../src/operations/submission.ts';
import { watchBalance } from '../../src/operations/watch-balance.ts';

const BATCH = { id: 1n, currency: 'INR' };

/** A submission as far as a look at the balance needs it: what is left to send, and what the provider has. */
function looking(needed: bigint, available: bigint | null, currency = 'INR'): Submission {
  const answer =
    available === null ? { ok: false } : { ok: true, value: { available_minor: available, currency } };
  return {
    database: { get: async () => ({ amount_minor: needed }) },
    provider: { name: 'nxt', balance: async () => answer },
  } as unknown as Submission;
}

async function look(submission: Submission): Promise<Stopped[]> {
  const stops: Stopped[] = [];
  const watch = watchBalance(submission, BATCH, 0);
  watch((why) => stops.push(why));
  await new Promise((resolve) => setImmediate(resolve));
  return stops;
}

test('a balance that no longer covers the rest stops the sending, and says what is missing', async () => {
  expect(await look(looking(1_000_00n, 999_99n))).toEqual([
    {
      code: 'insufficient_funds',
      reason:
        'the provider has 999.99 INR left, and the rows still to send need 1000.00; sending stopped there',
    },
  ]);
  expect(await look(looking(1_000_00n, 1_000_00n))).toEqual([]);
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
    seldom(() => undefined);
    often(() => undefined);
  }
  expect(asked).toBe(1);
});
