/**
 * Pairs that are settled in bulk. A line and an attempt are a clean pair when they share a name, no other line or
 * attempt bears any name of either, neither name contradicts, amount and currency are the same, fee, tax and UTR are
 * the same where both state them, and both say "paid" or both say "failed" (a list that states no states says "paid").
 *
 * Why they can be taken out beforehand: matching goes by names, and nothing but names joins a named line with anything
 * else. Where no third bears a name of the two, each pass finds the same for the others with the pair as without it,
 * and for the pair it finds the pair, which differs in nothing. Lines without a name go by amounts, and they look only
 * at payouts of which no line says yet what they would say: of those a pair that is paid is none, and one that has
 * failed was never paid. What is left of a pair is what it adds to sums, counts and covered days.
 */
import { compareText } from './statement-line.ts';

export interface Settled {
  /** Lines that explain an event of a payout. */
  pairs: number;
  /** Minor units that lines and payouts agree in, and those of lines that say "failed". */
  sums: ReadonlyMap<string, { paid: bigint; failed: bigint }>;
  /** Days on which lines are dated, and days of events that they explain. */
  dated: ReadonlySet<string>;
  explained: ReadonlySet<string>;
}

export const NOTHING_SETTLED: Settled = {
  pairs: 0,
  sums: new Map(),
  dated: new Set(),
  explained: new Set(),
};

/** The only currency of all, or null. */
export function onlyCurrency(currencies: Iterable<string>): string | null {
  const [first, second] = [...new Set(currencies)].sort(compareText);
  return second === undefined ? (first ?? null) : null;
}
