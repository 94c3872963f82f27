import fc from 'fast-check';
import { expect, it } from 'vitest';
import { subsetSum } from '../../../src/domain/reconciliation/subset-sum.ts';

const PLENTY = 1_000_000;

/** Every set that fits, by trying them all. */
function allSets(amounts: readonly bigint[], total: bigint): number[][] {
  const sets: number[][] = [];
  for (let mask = 1; mask < 2 ** amounts.length; mask += 1) {
    const set = [...amounts.keys()].filter((place) => Math.floor(mask / 2 ** place) % 2 === 1);
    if (set.reduce((sum, place) => sum + (amounts[place] ?? 0n), 0n) === total) sets.push(set);
  }
  return sets;
}

const largestFirst = (amounts: bigint[]) => amounts.sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));

it('agrees with trying every set', () => {
  const cases = fc.record({
    amounts: fc.array(fc.bigInt(1n, 40n), { maxLength: 10 }).map(largestFirst),
    total: fc.bigInt(0n, 120n),
  });
  fc.assert(
    fc.property(cases, ({ amounts, total }) => {
      const sets = allSets(amounts, total);
      const answer = subsetSum(amounts, total, PLENTY);
      expect(answer.found).toBe(sets.length === 0 ? 'none' : sets.length === 1 ? 'one' : 'several');
      if (answer.found === 'one') expect(answer.set).toEqual(sets[0]);
      if (answer.found === 'several') {
        // Its places are those of two sets that fit.
        const used = new Set(answer.places);
        expect(sets.filter((set) => set.every((place) => used.has(place))).length).toBeGreaterThan(1);
      }
    }),
    { numRuns: 1500 },
  );
});

it('never answers one, or none, where its budget ended before that was certain', () => {
  const cases = fc.record({
    amounts: fc.array(fc.bigInt(1n, 300n), { minLength: 4, maxLength: 11 }).map(largestFirst),
    total: fc.bigInt(1n, 900n),
    budget: fc.integer({ min: 0, max: 60 }),
  });
  fc.assert(
    fc.property(cases, ({ amounts, total, budget }) => {
      const sets = allSets(amounts, total);
      const answer = subsetSum(amounts, total, budget);
      if (answer.found === 'one') expect(sets).toEqual([answer.set]);
      if (answer.found === 'none') expect(sets).toEqual([]);
      if (answer.found === 'several') expect(sets.length).toBeGreaterThan(1);
    }),
    { numRuns: 1500 },
  );
});

it('knows at once that all of them are the only set of their sum, however many there are', () => {
  const amounts = Array.from({ length: 20_000 }, () => 5n);
  expect(subsetSum(amounts, 100_000n, 0)).toMatchObject({ found: 'one', set: { length: 20_000 } });
  expect(subsetSum(amounts, 99_995n, PLENTY)).toEqual({ found: 'unknown' });
  // Nor do fives add up to this.
  expect(subsetSum(amounts, 99_996n, PLENTY)).toEqual({ found: 'none' });
});

it('gives up within its budget', () => {
  // All are multiples of 1000 but the last, so that none of 2^60 sets ends in 7.
  const amounts = [
    ...Array.from({ length: 60 }, (_, place) => BigInt(20_000_000 - 1000 * place * place)),
    1n,
  ];
  expect(subsetSum(amounts, 310_234_567n, 20_000)).toEqual({ found: 'unknown' });
});
