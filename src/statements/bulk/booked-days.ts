/**
 * The days on which payouts of a page are booked, from one text of all of them: `17P2026-11-20` a line, P for paid and
 * F for failed. Where a payout has several of a kind, the latest counts.
 */
import type { DayReader } from './cell-values.ts';
import { FAILED, PAID } from './side-plan.ts';

const LINE_FEED = 0x0a;
const ZERO = 0x30;
const NINE = 0x39;
const PAID_LETTER = 0x50;

export class BookedDays {
  readonly #days: DayReader;
  #bytes: Uint8Array = new Uint8Array();
  #first = 0;
  /** Of each payout twice, paid and failed: where its day starts and ends; no day ends at 0. */
  #starts = new Int32Array();
  #ends = new Int32Array();

  constructor(days: DayReader) {
    this.#days = days;
  }

  /** Of `count` payouts from a number on. */
  read(text: string, first: number, count: number): void {
    const bytes = Buffer.from(text);
    if (this.#ends.length < 2 * count) {
      this.#starts = new Int32Array(2 * count);
      this.#ends = new Int32Array(2 * count);
    }
    this.#ends.fill(0);
    this.#bytes = bytes;
    this.#first = first;
    for (let at = 0; at < bytes.length; at += 1) {
      let payout = 0;
      let letter = bytes[at] as number;
      for (; letter >= ZERO && letter <= NINE; letter = bytes[++at] as number)
        payout = payout * 10 + (letter - ZERO);
      const start = at + 1;
      while (at < bytes.length && bytes[at] !== LINE_FEED) at += 1;
      this.#enter(2 * (payout - first) + (letter === PAID_LETTER ? PAID : FAILED), start, at);
    }
  }

  #enter(place: number, start: number, end: number): void {
    const known = this.#ends[place] as number;
    if (known > 0 && !this.#isLater(start, end, this.#starts[place] as number, known)) return;
    this.#starts[place] = start;
    this.#ends[place] = end;
  }

  #isLater(start: number, end: number, knownStart: number, knownEnd: number): boolean {
    const bytes = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    return bytes.compare(bytes, knownStart, knownEnd, start, end) > 0;
  }

  /** The number of the day; null where there is no entry. */
  of(payout: number, outcome: typeof PAID | typeof FAILED): number | null {
    const place = 2 * (payout - this.#first) + outcome;
    const end = this.#ends[place] as number;
    return end === 0 ? null : this.#days.at(this.#bytes, this.#starts[place] as number, end);
  }
}
