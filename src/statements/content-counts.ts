/**
 * How often each row's content has come in a file, in some sixteen bytes a row. Rows are told apart by 64 bits of their
 * SHA-256: should two that differ ever agree in these, the second is counted as a further one, and none is lost.
 */
const FIRST_SLOTS = 1 << 16;
// Fuller, and looking for a slot takes long.
const FULL = 0.75;

export class ContentCounts {
  #high = new Uint32Array(FIRST_SLOTS);
  #low = new Uint32Array(FIRST_SLOTS);
  #used = 0;
  /** Of contents that came more than once. */
  readonly #repeated = new Map<string, number>();

  /** The how-manieth row of this content it is, from 1; `content` is a SHA-256 in hex. */
  next(content: string): number {
    const high = Number.parseInt(content.slice(0, 8), 16);
    // 0 marks a free slot.
    const low = Number.parseInt(content.slice(8, 16), 16) || 1;
    if (this.#enter(high, low)) return 1;
    const count = (this.#repeated.get(`${high} ${low}`) ?? 1) + 1;
    this.#repeated.set(`${high} ${low}`, count);
    return count;
  }

  /** False where it is there already. */
  #enter(high: number, low: number): boolean {
    const mask = this.#high.length - 1;
    let slot = high & mask;
    for (; this.#low[slot] !== 0; slot = (slot + 1) & mask)
      if (this.#high[slot] === high && this.#low[slot] === low) return false;
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#used += 1;
    if (this.#used > this.#high.length * FULL) this.#grow();
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
