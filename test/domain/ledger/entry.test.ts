import { expect, test } from 'vitest';
import { Bug } from '../../../src/domain/errors.ts';
import { assertBalanced, imbalances, type Posting } from '../../../src/domain/ledger/entry.ts';

const posting = (account: string, amount_minor: bigint, currency = 'INR'): Posting => ({
  account,
  amount_minor,
  currency,
});
const entry = (...postings: Posting[]) => ({ event: 'recorded', postings });

test('an entry that sums to zero in each currency is good', () => {
  expect(() => assertBalanced(entry(posting('assets:a', 5n), posting('assets:b', -5n)))).not.toThrow();
  expect(() =>
    assertBalanced(
      entry(
        posting('assets:a', 5n),
        posting('assets:b', -5n),
        posting('assets:a', 7n, 'USD'),
        posting('assets:b', -7n, 'USD'),
      ),
    ),
  ).not.toThrow();
  expect(() =>
    assertBalanced(entry(posting('assets:a', 5n), posting('assets:b', -3n), posting('assets:c', -2n))),
  ).not.toThrow();
});

test.each([
  ['one minor unit too much', entry(posting('assets:a', 5n), posting('assets:b', -4n))],
  ['two currencies for one', entry(posting('assets:a', 5n), posting('assets:b', -5n, 'USD'))],
  ['no posting', entry()],
  ['one posting', entry(posting('assets:a', 5n))],
  ['a posting of zero', entry(posting('assets:a', 0n), posting('assets:b', 0n))],
  [
    'a posting of zero among others',
    entry(posting('assets:a', 5n), posting('assets:b', -5n), posting('assets:c', 0n)),
  ],
])('an entry with %s is a bug', (_what, bad) => {
  expect(() => assertBalanced(bad)).toThrow(Bug);
});

test('what is out of balance is named by currency', () => {
  const sums = imbalances([
    posting('assets:a', 5n),
    posting('assets:b', -4n),
    posting('assets:a', 7n, 'USD'),
    posting('assets:b', -7n, 'USD'),
  ]);
  expect([...sums]).toEqual([['INR', 1n]]);
});
