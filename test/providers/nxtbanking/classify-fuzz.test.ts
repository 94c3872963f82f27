/** `FUZZ_TUPLES=1000000 FUZZ_SEED=7 npx vitest run …/classify-fuzz.test.ts` is the long form; the campaign runs it too. */
import { expect, test } from 'vitest';
import { fuzzClassification } from './classify-fuzz.ts';

const TUPLES = Number(process.env.FUZZ_TUPLES ?? 50_000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);

test('whatever status, headers, body or error comes back, a payout goes no further than it proves', async () => {
  const { tuples, came, violations } = await fuzzClassification(SEED, TUPLES);
  expect(violations).toEqual([]);
  expect(tuples).toBe(TUPLES);
  // Each end was reached many times, or the fuzz would show nothing of it.
  for (const end of ['paid', 'returned', 'pending', 'failed', 'held', 'unknown', 'approved'] as const)
    expect([end, (came.get(end) ?? 0) > TUPLES / 2_000]).toEqual([end, true]);
}, 600_000);
