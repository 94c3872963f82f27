/**
 * How often each row's content has come in a file, in some sixteen bytes a row. Rows are told apart by 64 bits of their
 * SHA-256: should two that differ ever agree in these, the second is counted as a further one, and none is lost.
 */
const LEAST_SLOTS = 1 << 10;
// Fuller, and looking for a slot takes long.
const FULL = 0.75;
const WORD = 2 ** 32;

export class ContentCounts {
  /** Two words for each: they are looked at together, and most of the time is waiting for memory. */
  #words: Uint32Array;
  #used = 0;
  /** Of contents that came more than once. */
  readonly #repeated = new Map<string, number>();

  /** For about so many rows; there is room for any number of them. */
  constructor(expected = 0) {
    this.#words = new Uint32Array(2 * Math.max(LEAST_SLOTS, Math.ceil(expected / FULL)));
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
    const words = this.#words;
    const slots = words.length / 2;
    let slot = Math.floor((high / WORD) * slots);
    for (; words[2 * slot + 1] !== 0; slot = slot + 1 === slots ? 0 : slot + 1)
      if (words[2 * slot] === high && words[2 * slot + 1] === low) return false;
    words[2 * slot] = high;
    words[2 * slot + 1] = low;
    this.#used += 1;
    if (this.#used > slots * FULL) this.#grow();
    return true;
  }

  #grow(): void {
    const words = this.#words;
    this.#words = new Uint32Array(words.length * 2);
    this.#used = 0;
    for (let at = 0; at < words.length; at += 2)
      if (words[at + 1] !== 0) this.#enter(words[at] as number, words[at + 1] as number);
  }
}

function wordAt(digest: string, at: number): number {
  const [first, second] = [digest.charCodeAt(at), digest.charCodeAt(at + 1)];
  return (
    ((first << 24) | (second << 16) | (digest.charCodeAt(at + 2) << 8) | digest.charCodeAt(at + 3)) >>> 0
  );
}
