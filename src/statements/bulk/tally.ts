/** What clean pairs come to: how many, the sums of each currency, the days. Exact, however large the sums grow. */
import type { Settled } from '../../domain/reconciliation/settled.ts';
import { AMOUNT, DAY_CURRENCY_OUTCOME, NO_DAY } from './row-records.ts';
import { FAILED } from './side-plan.ts';

interface Columns {
  words: Uint32Array;
  doubles: Float64Array;
}

interface Known {
  days: readonly string[];
  currencies: readonly string[];
}

// Sums below stay exact in a double: amounts have fifteen digits at most.
const LARGEST_PART = 2 ** 52;

export class Tally {
  readonly #lines: Known;
  readonly #payouts: Known;
  /** Of each currency twice: paid, failed. */
  readonly #whole: bigint[];
  readonly #part: Float64Array;
  readonly #counts: Int32Array;
  readonly #dated: Int32Array;
  readonly #explained: Int32Array;
  #pairs = 0;

  constructor(lines: Known, payouts: Known) {
    this.#lines = lines;
    this.#payouts = payouts;
    this.#whole = new Array<bigint>(lines.currencies.length * 2).fill(0n);
    this.#part = new Float64Array(lines.currencies.length * 2);
    this.#counts = new Int32Array(lines.currencies.length);
    this.#dated = new Int32Array(lines.days.length);
    this.#explained = new Int32Array(payouts.days.length);
  }

  /** Adds a pair, or takes it back with -1. Places are bytes. */
  add(lines: Columns, line: number, payouts: Columns, payout: number, sign: 1 | -1): void {
    const said = lines.words[(line >>> 2) + DAY_CURRENCY_OUTCOME] as number;
    const failed = said >>> 24 === FAILED;
    const currency = (said >>> 16) & 0xff;
    const sum = currency * 2 + (failed ? 1 : 0);
    this.#counts[currency] = (this.#counts[currency] as number) + sign;
    const added = (this.#part[sum] as number) + sign * (lines.doubles[(line >>> 3) + AMOUNT] as number);
    if (Math.abs(added) < LARGEST_PART) this.#part[sum] = added;
    else {
      this.#whole[sum] = (this.#whole[sum] ?? 0n) + BigInt(added);
      this.#part[sum] = 0;
    }
    const day = said & 0xffff;
    if (day !== NO_DAY) this.#dated[day] = (this.#dated[day] as number) + sign;
    const explainedOn = (payouts.words[(payout >>> 2) + DAY_CURRENCY_OUTCOME] as number) & 0xffff;
    if (explainedOn !== NO_DAY)
      this.#explained[explainedOn] = (this.#explained[explainedOn] as number) + sign;
    this.#pairs += sign;
  }

  settled(): Settled {
    const sum = (index: number) => (this.#whole[index] ?? 0n) + BigInt(this.#part[index] ?? 0);
    return {
      pairs: this.#pairs,
      sums: new Map(
        this.#lines.currencies.flatMap((code, index) =>
          (this.#counts[index] ?? 0) > 0
            ? [[code, { paid: sum(index * 2), failed: sum(index * 2 + 1) }] as const]
            : [],
        ),
      ),
      dated: seen(this.#lines.days, this.#dated),
      explained: seen(this.#payouts.days, this.#explained),
    };
  }
}

function seen(days: readonly string[], counts: Int32Array): Set<string> {
  return new Set(days.filter((_, index) => (counts[index] ?? 0) > 0));
}
