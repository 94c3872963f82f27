/**
 * Rows of one side as records of known shape in a file of its own, apart by a hash of the name that both sides share:
 * two rows of one payout are in the same part of both files, and no more than one part has to stand in memory. The
 * bytes of the names are in the record, so that what the hash brings together is compared and not believed.
 */
import { writeSync } from 'node:fs';

/** Numbers at the head of a record, as doubles (the first) and as 32-bit words. */
export const AMOUNT = 0;
export const FEE = 1;
export const TAX = 2;
export const FIRST_HASH = 6;
export const OFFSET = 9;
export const LINE = 10;
export const ORDINAL = 11;
/** Bytes of the row in its file, and above them which file that is. */
export const LENGTH_AND_FILE = 12;
/** Day, currency and outcome, by their numbers. */
export const DAY_CURRENCY_OUTCOME = 13;
/** Lengths of the three names, a byte each; their bytes follow. */
export const NAME_LENGTHS = 14;
export const HEAD_BYTES = 60;
export const NO_DAY = 0xffff;

export const PARTS = 64;
const PART_BYTES = 65_536;

/** A piece of a part as it stands in the file. */
export interface Chunk {
  part: number;
  at: number;
  length: number;
}

export class RecordWriter {
  readonly chunks: Chunk[] = [];
  readonly bytes = new Uint8Array(PARTS * PART_BYTES);
  readonly words = new Uint32Array(this.bytes.buffer);
  readonly doubles = new Float64Array(this.bytes.buffer);
  readonly #used = new Int32Array(PARTS);
  readonly #descriptor: number;
  #written = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Where in `bytes` a record of this part with so many bytes of names begins; a multiple of eight. */
  place(hash: number, nameBytes: number): number {
    const part = hash % PARTS;
    // Both ends of a record stand at a multiple of eight, where doubles may.
    const length = (HEAD_BYTES + nameBytes + 7) & ~7;
    if ((this.#used[part] as number) + length > PART_BYTES) this.#flush(part);
    const at = part * PART_BYTES + (this.#used[part] as number);
    this.#used[part] = (this.#used[part] as number) + length;
    return at;
  }

  end(): void {
    for (let part = 0; part < PARTS; part += 1) this.#flush(part);
  }

  #flush(part: number): void {
    const length = this.#used[part] as number;
    if (length === 0) return;
    const from = part * PART_BYTES;
    for (let done = 0; done < length; ) {
      done += writeSync(this.#descriptor, this.bytes, from + done, length - done, this.#written + done);
    }
    this.chunks.push({ part, at: this.#written, length });
    this.#written += length;
    this.#used[part] = 0;
  }
}

/** Bytes of a record with these lengths of names. */
export function recordBytes(nameLengths: number): number {
  const names = (nameLengths & 0xff) + ((nameLengths >>> 8) & 0xff) + ((nameLengths >>> 16) & 0xff);
  return (HEAD_BYTES + names + 7) & ~7;
}

/** Never 0, which stands for a name that is not there. The seed differs in every run: no file can be made to collide. */
export function hashOf(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let hash = seed;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0 || 1;
}
