/**
 * Which of several amounts add up to a total: no set, exactly one, or more than one. The search is exact within its
 * budget and says so where the budget ends it: it never answers "one" before it has looked for a second in vain.
 */

export type SubsetSum =
  /** Places in the given array, ascending. */
  | { found: 'one'; set: readonly number[] }
  /** At least two sets fit: every place that the first two of them use. */
  | { found: 'several'; places: readonly number[] }
  | { found: 'none' }
  /** The budget was used up before the answer was certain. */
  | { found: 'unknown' };

// A set is as deep as the search goes; beyond this nobody would believe that it is the only one.
const MOST_AMOUNTS = 2000;

/**
 * `amounts` are positive minor units, largest first; `budget` is how many steps the search may take. The same input
 * has the same answer.
 */
export function subsetSum(amounts: readonly bigint[], total: bigint, budget: number): SubsetSum {
  const sum = amounts.reduce((all, amount) => all + amount, 0n);
  if (total <= 0n || total > sum) return { found: 'none' };
  // Amounts are positive, so that no smaller set can be as much as all of them.
  if (total === sum) return { found: 'one', set: [...amounts.keys()] };
  // Round amounts never add up to a total that is not round; with many of them, no search would show it.
  if (total % amounts.reduce(greatestDivisor) !== 0n) return { found: 'none' };
  if (amounts.length > MOST_AMOUNTS) return { found: 'unknown' };
  // What is left out of a set is a set, too: the smaller of the two is found sooner.
  const inverse = total * 2n > sum;
  const { sets, exhausted } = firstTwo(amounts, inverse ? sum - total : total, budget);
  const [first, second] = inverse ? sets.map((set) => others(set, amounts.length)) : sets;
  if (first && second) {
    return { found: 'several', places: [...new Set([...first, ...second])].sort((a, b) => a - b) };
  }
  if (!exhausted) return { found: 'unknown' };
  return first ? { found: 'one', set: first } : { found: 'none' };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}

function firstTwo(
  amounts: readonly bigint[],
  total: bigint,
  budget: number,
): { sets: number[][]; exhausted: boolean } {
  const rest = sumsFrom(amounts);
  const sets: number[][] = [];
  const chosen: number[] = [];
  let steps = 0;
  const search = (from: number, left: bigint): void => {
    for (let place = from; place < amounts.length; place += 1) {
      steps += 1;
      if (steps > budget || sets.length === 2) return;
      const amount = amounts[place] ?? 0n;
      // What can no longer be reached is not searched for.
      if ((rest[place] ?? 0n) < left) return;
      if (amount > left) continue;
      chosen.push(place);
      if (amount === left) sets.push([...chosen]);
      else search(place + 1, left - amount);
      chosen.pop();
    }
  };
  search(0, total);
  return { sets, exhausted: steps <= budget };
}

/** What the amounts from each place on add up to. */
function sumsFrom(amounts: readonly bigint[]): bigint[] {
  const sums: bigint[] = new Array(amounts.length).fill(0n);
  let sum = 0n;
  for (let place = amounts.length - 1; place >= 0; place -= 1) {
    sum += amounts[place] ?? 0n;
    sums[place] = sum;
  }
  return sums;
}

function others(set: readonly number[], length: number): number[] {
  const inside = new Set(set);
  return Array.from({ length }, (_, place) => place).filter((place) => !inside.has(place));
}
