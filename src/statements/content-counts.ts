/**
 * How often each row's content has come in a file, in some sixteen bytes a row. Rows are told apart by 64 bits of their
 * SHA-256: should two that differ ever agree in these, the second is counted as a further one, and none is lost.
 */
const LEAST_SLOTS = 1 << 10;
// Fuller, and looking for a slot takes long.
const FULL = 0.75;
const WORD = 2 ** 32;

export class ContentCounts {
  #high: Uint32Array;
  #low: Uint32Array;
  #used = 0;
  /** Of contents that came more than once. */
  readonly #repeated = new Map<string, number>();

  /** For about so many rows; there is room for any number of them. */
  constructor(expected = 0) {
    const slots = Math.max(LEAST_SLOTS, Math.ceil(expected / FULL));
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
  }

  /** The how-manieth row of this content it is, from 1; `digest` is its SHA-256, a character for each byte. */
  next(digest: string): number {
    const high = wordAt(digest, 0);
    // 0 marks a free slot.
    const low = wordAt(digest, 4) || 1;
    if (this.#enter(high, low)) return 1;
    const count = (this.#repeated.get(`${high} ${low}`) ?? 1) + 1;
    this.#repeated.set(`${high} ${low}`, count);
    return count;
  }

  /** False where it is there already. */
  #enter(high: number, low: number): boolean {
    const [highs, lows] = [this.#high, this.#low];
    const slots = lows.length;
    let slot = Math.floor((high / WORD) * slots);
    for (; lows[slot] !== 0; slot = slot + 1 === slots ? 0 : slot + 1)
      if (highs[slot] === high && lows[slot] === low) return false;
    highs[slot] = high;
    lows[slot] = low;
    this.#used += 1;
    if (this.#used > slots * FULL) this.#grow();
    return true;
  }

  #grow(): void {
    const [high, low] = [this.#high, this.#low];
    this.#high = new Uint32Array(high.length * 2);
    this.#low = new Uint32Array(low.length * 2);
    this.#used = 0;
    for (let slot = 0; slot < low.length; slot += 1)
      if (low[slot] !== 0) this.#enter(high[slot] as number, low[slot] as number);
  }
}

function wordAt(digest: string, at: number): number {
  const [first, second] = [digest.charCodeAt(at), digest.charCodeAt(at + 1)];
  return (
    ((first << 24) | (second << 16) | (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3)) >>> 0
  );
}
