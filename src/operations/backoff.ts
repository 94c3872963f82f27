/**
 * How long to wait before asking or sending once more. Full jitter: anything up to a bound that doubles, so that what
 * failed together does not come back together.
 */

const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** Milliseconds before the repeat after the `turn`th try, which counts from 1; `random` is from 0 to 1. */
export function backoffMs(turn: number, random: () => number = Math.random): number {
  return random() * Math.min(FIRST_MS * 2 ** (turn - 1), LONGEST_MS);
}
