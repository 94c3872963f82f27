/** The records of one part of both sides, brought together by the name that both have. */
import { type Chunk, HEAD_BYTES, NAME_LENGTHS, PARTS, recordBytes } from './row-records.ts';

/** Records of one part of one side. Places in it are bytes, multiples of eight. */
export class Part {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
  readonly records: number;
  readonly #chunks: readonly Chunk[];

  constructor(bytes: Uint8Array, chunks: readonly Chunk[]) {
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
    this.doubles = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 3);
    this.#chunks = chunks;
    let records = 0;
    for (let place = 0; place < bytes.length; place = this.after(place)) records += 1;
    this.records = records;
  }

  after(place: number): number {
    return place + recordBytes(this.words[(place >>> 2) + NAME_LENGTHS] as number);
  }

  /** Where in the file a record stands, in steps of eight bytes, by which 32 bits reach far enough. */
  positionOf(place: number): number {
    let left = place;
    for (const { at, length } of this.#chunks) {
      if (left < length) return (at + left) / 8;
      left -= length;
    }
    return 0;
  }
}

export function isEqual(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  for (let at = 0; at < length; at += 1) if (a[atA + at] !== b[atB + at]) return false;
  return true;
}

/** Records of both sides by their primary name: the first of each side in a slot, whether there are more beside it. */
export class NameTable {
  size = 0;
  readonly #hashAt: number;
  readonly #name: number;
  #hashes = new Uint32Array();
  #places = new Int32Array();
  #shared = new Uint8Array();
  readonly #parts: (Part | undefined)[] = [undefined, undefined];

  constructor(hashAt: number, name: number) {
    this.#hashAt = hashAt;
    this.#name = name;
  }

  /** Empties it, for so many records. */
  begin(records: number): void {
    this.size = 1 << Math.max(4, 33 - Math.clz32(Math.max(records, 1)));
    if (this.#hashes.length < this.size) {
      this.#hashes = new Uint32Array(this.size);
      this.#places = new Int32Array(this.size * 2);
      this.#shared = new Uint8Array(this.size);
    }
    this.#hashes.fill(0, 0, this.size);
    this.#places.fill(-1, 0, this.size * 2);
    this.#shared.fill(0, 0, this.size);
  }

  first(slot: number, side: 0 | 1): number {
    return this.#places[slot * 2 + side] as number;
  }

  isShared(slot: number): boolean {
    return this.#shared[slot] === 1;
  }

  hash(slot: number): number {
    return this.#hashes[slot] as number;
  }

  enter(part: Part, side: 0 | 1, second: (place: number) => void): void {
    this.#parts[side] = part;
    for (let place = 0; place < part.bytes.length; place = part.after(place)) {
      const slot = this.#slotOf(part, place);
      if (this.first(slot, side) < 0) this.#places[slot * 2 + side] = place;
      else {
        this.#shared[slot] = 1;
        second(place);
      }
    }
  }

  #slotOf(part: Part, place: number): number {
    const hash = part.words[(place >>> 2) + this.#hashAt] as number;
    // All of a part agree in the lowest bits.
    let slot = Math.floor(hash / PARTS) & (this.size - 1);
    for (; ; slot = (slot + 1) & (this.size - 1)) {
      const known = this.#hashes[slot] as number;
      if (known === 0) {
        this.#hashes[slot] = hash;
        return slot;
      }
      if (known === hash && this.#isSameName(slot, part, place)) return slot;
    }
  }

  #isSameName(slot: number, part: Part, place: number): boolean {
    const side = this.first(slot, 0) < 0 ? 1 : 0;
    const other = this.#parts[side];
    const at = this.first(slot, side);
    if (!other) return false;
    const length = nameLength(part, place, this.#name);
    return (
      nameLength(other, at, this.#name) === length &&
      isEqual(
        other.bytes,
        namePlace(other, at, this.#name),
        part.bytes,
        namePlace(part, place, this.#name),
        length,
      )
    );
  }
}

function namePlace(part: Part, place: number, name: number): number {
  const lengths = part.words[(place >>> 2) + NAME_LENGTHS] as number;
  let at = place + HEAD_BYTES;
  for (let before = 0; before < name; before += 1) at += (lengths >>> (8 * before)) & 0xff;
  return at;
}

function nameLength(part: Part, place: number, name: number): number {
  return ((part.words[(place >>> 2) + NAME_LENGTHS] as number) >>> (8 * name)) & 0xff;
}
