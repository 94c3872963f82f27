import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from '../../src/operations/backoff.ts';
import { createRetryBudget } from '../../src/operations/retry-budget.ts';

test('in the long run no more than one send in ten is a repeat, beyond the hundred of the start', () => {
  const budget = createRetryBudget(() => 0);
  let repeats = 0;
  for (let sent = 0; sent < 10_000; sent += 1) {
    repeats += budget.take(3);
    budget.earn(1);
  }
  expect(repeats).toBeLessThanOrEqual(100 + 1_000);
  expect(repeats).toBeGreaterThanOrEqual(1_000);
});

test('whoever waits gets a repeat a second, and idle time saves up no more than a start has', () => {
  let now = 0;
  const budget = createRetryBudget(() => now);
  expect(budget.take(1_000)).toBe(100);
  expect(budget.take(1)).toBe(0);
  now += 3_000;
  expect(budget.take(10)).toBe(3);
  now += 86_400_000;
  expect(budget.take(1_000)).toBe(100);
});

test('a backoff is anything up to a bound that doubles from half a second to a minute', () => {
  expect([1, 2, 3, 8, 9, 50].map((turn) => backoffMs(turn, () => 1))).toEqual([
    500, 1_000, 2_000, 60_000, 60_000, 60_000,
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), (turn) => {
      const ms = backoffMs(turn);
      return ms >= 0 && ms <= 60_000;
    }),
  );
});
