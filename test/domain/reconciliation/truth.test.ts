/** Precision and recall against a truth that is known, because it was planted. */
import { expect, test } from 'vitest';
import type { Terms } from '../../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../../src/domain/reconciliation/calendar.ts';
import { compare } from '../../../src/domain/reconciliation/compare.ts';
import { match } from '../../../src/domain/reconciliation/match.ts';
import { addUp } from '../../../src/domain/reconciliation/totals.ts';
import { plantWithReturns } from './bulk-returns.ts';
import { plant, type Truth } from './truth.ts';

const TERMS: Terms = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};

function found({ lines, attempts }: Truth): string[] {
  const matching = match(lines, attempts);
  const comparison = compare(matching, attempts, TERMS);
  for (const { unexplained } of addUp(matching, comparison, attempts)) expect(unexplained).toBe(0n);
  return comparison.breaks.map(
    ({ kind, attempt, line }) => `${kind} ${attempt?.reference_id ?? line?.provider_reference ?? '-'}`,
  );
}

/** How many are in both, each counted as often as it is in either. */
function common(left: readonly string[], right: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const each of left) counts.set(each, (counts.get(each) ?? 0) + 1);
  return right.filter((each) => {
    const left = counts.get(each) ?? 0;
    counts.set(each, left - 1);
    return left > 0;
  }).length;
}

test('over 200 seeds every difference is found, none is invented, and what is ambiguous is called so', () => {
  const sums = { planted: 0, found: 0, both: 0, ambiguous: 0 };
  for (let seed = 1; seed <= 200; seed += 1) {
    const truth = plant(seed, 150);
    const breaks = found(truth);
    const both = common(truth.planted, breaks);
    expect({ seed, missed: truth.planted.length - both, invented: breaks.length - both }).toEqual({
      seed,
      missed: 0,
      invented: 0,
    });
    sums.planted += truth.planted.length;
    sums.found += breaks.length;
    sums.both += both;
    sums.ambiguous += breaks.filter((each) => each.startsWith('ambiguous')).length;
  }
  expect(sums.both / sums.found).toBe(1);
  expect(sums.both / sums.planted).toBe(1);
  expect(sums.planted).toBeGreaterThan(4000);
  expect(sums.ambiguous).toBeGreaterThan(200);
});

test('over 200 seeds a return of many payouts explains just these, among all other differences', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const truth = plantWithReturns(seed, 40, 12);
    expect({ seed, breaks: found(truth).sort() }).toEqual({ seed, breaks: truth.planted });
    if (seed % 4 > 0) continue;
    const backwards = { ...truth, lines: truth.lines.toReversed(), attempts: truth.attempts.toReversed() };
    expect(found(backwards)).toEqual(found(truth));
  }
});

// `npm run truth` has five times as many.
const PAYOUTS = process.env.TRUTH_SECONDS ? 97_000 : 19_400;

test('in tens of thousands of shuffled lines they are found exactly', { timeout: 180_000 }, () => {
  const truth = plant(2026, PAYOUTS);
  expect(truth.lines.length).toBeGreaterThan(PAYOUTS * 1.03);
  expect(found(truth).sort()).toEqual(truth.planted);
});
