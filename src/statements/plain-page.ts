/**
 * Plain lines of a statement, some hundreds in one text, with what they are known by: what the ledger keeps of them.
 * Nothing in it is an object for each line, so that a million of them are no work for the garbage collector and can be
 * handed from one thread to another.
 */
import { putDigits } from './bulk/cell-values.ts';

export interface PlainPage {
  /** Each behind its number in the file, as packed-lines.ts reads them. */
  lines: Uint8Array<ArrayBuffer>;
  /** Where each ends in `lines`. */
  ends: Uint32Array<ArrayBuffer>;
  /** On which line of the file each starts. */
  line_nos: Uint32Array<ArrayBuffer>;
  /** The first half of the SHA-256 of what each says: sixteen bytes for each. */
  keys: Uint8Array<ArrayBuffer>;
  /** The first and the last of the days that they are dated. */
  from_on: string | null;
  to_on: string | null;
}

export const KEY_BYTES = 16;
const LINE_FEED = 0x0a;
const LONGEST_NUMBER = 10;

export class PlainPageWriter {
  readonly #delimiter: number;
  readonly #ends: Uint32Array<ArrayBuffer>;
  readonly #lineNos: Uint32Array<ArrayBuffer>;
  readonly #keys: Uint8Array<ArrayBuffer>;
  #lines = Buffer.alloc(1 << 16);
  #used = 0;
  #count = 0;
  #from: string | null = null;
  #to: string | null = null;

  /** For `most` lines at most. */
  constructor(delimiter: string, most: number) {
    this.#delimiter = delimiter.charCodeAt(0);
    this.#ends = new Uint32Array(most);
    this.#lineNos = new Uint32Array(most);
    this.#keys = new Uint8Array(most * KEY_BYTES);
  }

  get count(): number {
    return this.#count;
  }

  /** `digest` is the SHA-256 of what the line says, a character for each byte; its text stands in `bytes`. */
  add(lineNo: number, digest: string, on: string | null, bytes: Buffer, from: number, to: number): void {
    this.#makeRoom(to - from + LONGEST_NUMBER + 2);
    const lines = this.#lines;
    let used = putDigits(lineNo, lines, this.#used);
    lines[used++] = this.#delimiter;
    // For so few bytes a call takes longer than they do.
    for (let at = from; at < to; at += 1) lines[used++] = bytes[at] as number;
    lines[used++] = LINE_FEED;
    this.#used = used;
    const index = this.#count;
    this.#ends[index] = this.#used;
    this.#lineNos[index] = lineNo;
    for (let at = 0; at < KEY_BYTES; at += 1) this.#keys[index * KEY_BYTES + at] = digest.charCodeAt(at);
    this.#count = index + 1;
    if (on === null) return;
    if (this.#from === null || on < this.#from) this.#from = on;
    if (this.#to === null || on > this.#to) this.#to = on;
  }

  /** What has been added since the last time. */
  take(): PlainPage {
    const [count, used] = [this.#count, this.#used];
    const page = {
      lines: new Uint8Array(this.#lines.subarray(0, used)),
      ends: this.#ends.slice(0, count),
      line_nos: this.#lineNos.slice(0, count),
      keys: this.#keys.slice(0, count * KEY_BYTES),
      from_on: this.#from,
      to_on: this.#to,
    };
    this.#count = 0;
    this.#used = 0;
    this.#from = null;
    this.#to = null;
    return page;
  }

  #makeRoom(length: number): void {
    if (this.#used + length <= this.#lines.length) return;
    const grown = Buffer.alloc(Math.max(this.#lines.length * 2, this.#used + length));
    this.#lines.copy(grown, 0, 0, this.#used);
    this.#lines = grown;
  }
}
