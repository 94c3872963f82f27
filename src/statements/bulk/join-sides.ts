/**
 * Joins the records of two sides. A clean pair (domain/reconciliation/settled.ts) is counted and added up, and
 * everything else is left: the rows that the pure matching is for. Two rows are a pair by the bytes of their names;
 * hashes only bring them together, and where two names have one hash by chance, rows are left that need not be.
 */
import { readSync } from 'node:fs';
import { Numbers } from './numbers.ts';
import {
  AMOUNT,
  type Chunk,
  DAY_CURRENCY_OUTCOME,
  FEE,
  FIRST_HASH,
  HEAD_BYTES,
  LENGTH_AND_FILE,
  LINE,
  NAME_LENGTHS,
  OFFSET,
  ORDINAL,
  PARTS,
  recordBytes,
} from './row-records.ts';
import type { OddRow, ScannedSide } from './scan-side.ts';
import { sharedHashes } from './shared-hashes.ts';
import { PAID, UNSTATED } from './side-plan.ts';
import { Tally } from './tally.ts';

export interface Side {
  scanned: Pick<ScannedSide, 'chunks' | 'days' | 'currencies' | 'odd'>;
  records: number;
}

export interface Joined {
  tally: Tally;
  /**
   * Ordinals of the rows of each pair, 0 where it was taken back; and whether both state the provider's name. Empty
   * where nobody asked for them.
   */
  pairs: { lines: Uint32Array; payouts: Uint32Array; by_provider_id: Uint32Array };
  /** What is not settled, of each side, in the order of the files. */
  lines: OddRow[];
  payouts: OddRow[];
}

/** Names that rows outside the records bear, by hash: such a name settles nothing. One list for each of the names. */
export type Taken = readonly (readonly number[])[];

/** `wanted`: the pairs are asked for, and not only what they come to. */
export function joinSides(
  lines: Side,
  payouts: Side,
  primary: number,
  taken: Taken,
  wanted: 'pairs' | 'sums',
): Joined {
  return new Join(lines, payouts, primary, taken, wanted).run();
}

/** At most so many pairs can there be: more room than that many numbers need is never touched. */
function mostPairs(sides: readonly Side[]): number {
  const records = ({ scanned }: Side) =>
    scanned.chunks.reduce((bytes, { length }) => bytes + length, 0) / HEAD_BYTES;
  return Math.ceil(Math.min(...sides.map(records)));
}

class Join {
  readonly #lines: Side;
  readonly #payouts: Side;
  readonly #primary: number;
  readonly #otherNames: readonly [number, number];
  readonly #taken: Taken;
  readonly #wanted: 'pairs' | 'sums';
  readonly #pairs: Numbers;
  readonly #ordinals: readonly [Numbers, Numbers];
  readonly #byProviderId: Numbers;
  /** Hashes of the two names that are not the primary one: of each pair, then of each record that is in none. */
  readonly #others: readonly [Numbers, Numbers];
  readonly #alone: readonly [Numbers, Numbers];
  readonly #left = { lines: [] as OddRow[], payouts: [] as OddRow[] };
  readonly #tally: Tally;
  /** The other side's number of each currency of ours; -1 where it has none. */
  readonly #currencies: readonly number[];

  constructor(lines: Side, payouts: Side, primary: number, taken: Taken, wanted: 'pairs' | 'sums') {
    const most = mostPairs([lines, payouts]);
    const numbered = wanted === 'pairs' ? most : 0;
    this.#wanted = wanted;
    this.#pairs = new Numbers(2 * most);
    this.#ordinals = [new Numbers(numbered), new Numbers(numbered)];
    this.#byProviderId = new Numbers(numbered);
    this.#lines = lines;
    this.#payouts = payouts;
    this.#primary = primary;
    this.#otherNames = OTHER_NAMES[primary] ?? [1, 2];
    this.#taken = taken;
    this.#others = [new Numbers(most), new Numbers(most)];
    this.#alone = [new Numbers(), new Numbers()];
    this.#tally = new Tally(lines.scanned, payouts.scanned);
    this.#currencies = payouts.scanned.currencies.map((code) => lines.scanned.currencies.indexOf(code));
  }

  run(): Joined {
    const taken = new Set(this.#taken[this.#primary]);
    for (let part = 0; part < PARTS; part += 1) {
      this.#joinPart(readPart(this.#lines, part), readPart(this.#payouts, part), taken);
    }
    this.#takeBackShared();
    const { lines, payouts } = this.#left;
    const inOrder = (a: OddRow, b: OddRow) => a.ordinal - b.ordinal;
    return {
      tally: this.#tally,
      pairs: {
        lines: this.#ordinals[0].values(),
        payouts: this.#ordinals[1].values(),
        by_provider_id: this.#byProviderId.values(),
      },
      lines: [...lines, ...this.#lines.scanned.odd].sort(inOrder),
      payouts: [...payouts, ...this.#payouts.scanned.odd].sort(inOrder),
    };
  }

  #joinPart(lines: Part, payouts: Part, taken: ReadonlySet<number>): void {
    const table = new Table(lines.records + payouts.records, FIRST_HASH + this.#primary, this.#primary);
    table.enter(lines, 0, (place) => this.#leave(lines, place, 'lines'));
    table.enter(payouts, 1, (place) => this.#leave(payouts, place, 'payouts'));
    for (let slot = 0; slot < table.size; slot += 1) {
      const line = table.first(slot, 0);
      const payout = table.first(slot, 1);
      if (line < 0 && payout < 0) continue;
      const alone = table.isShared(slot) || line < 0 || payout < 0;
      if (!alone && !taken.has(table.hash(slot)) && this.#agree(lines, line, payouts, payout)) {
        this.#settle(lines, line, payouts, payout);
      } else {
        if (line >= 0) this.#leave(lines, line, 'lines');
        if (payout >= 0) this.#leave(payouts, payout, 'payouts');
      }
    }
  }

  #agree(lines: Part, line: number, payouts: Part, payout: number): boolean {
    const l = line >>> 3;
    const p = payout >>> 3;
    if (lines.doubles[l + AMOUNT] !== payouts.doubles[p + AMOUNT]) return false;
    for (let part = FEE; part < FEE + 2; part += 1) {
      const theirs = lines.doubles[l + part] as number;
      const ours = payouts.doubles[p + part] as number;
      if (theirs !== ours && theirs >= 0 && ours >= 0) return false;
    }
    const theirs = lines.words[(line >>> 2) + DAY_CURRENCY_OUTCOME] as number;
    const ours = payouts.words[(payout >>> 2) + DAY_CURRENCY_OUTCOME] as number;
    if (((theirs >>> 16) & 0xff) !== this.#currencies[(ours >>> 16) & 0xff]) return false;
    const outcome = ours >>> 24;
    // Ours that states nothing may have been paid by a line that names nobody, whatever a line of failure says.
    if (theirs >>> 24 !== (outcome === UNSTATED ? PAID : outcome)) return false;
    return namesAgree(lines, line, payouts, payout);
  }

  #settle(lines: Part, line: number, payouts: Part, payout: number): void {
    const w = line >>> 2;
    const v = payout >>> 2;
    this.#pairs.push(lines.positionOf(line));
    this.#pairs.push(payouts.positionOf(payout));
    if (this.#wanted === 'pairs') {
      this.#ordinals[0].push(lines.words[w + ORDINAL] as number);
      this.#ordinals[1].push(payouts.words[v + ORDINAL] as number);
      const named =
        (lines.words[w + FIRST_HASH] as number) !== 0 && (payouts.words[v + FIRST_HASH] as number) !== 0;
      this.#byProviderId.push(named ? 1 : 0);
    }
    const [a, b] = this.#otherNames;
    this.#others[0].push(
      (lines.words[w + FIRST_HASH + a] as number) || (payouts.words[v + FIRST_HASH + a] as number),
    );
    this.#others[1].push(
      (lines.words[w + FIRST_HASH + b] as number) || (payouts.words[v + FIRST_HASH + b] as number),
    );
    this.#tally.add(lines, line, payouts, payout, 1);
  }

  #leave(part: Part, place: number, side: 'lines' | 'payouts'): void {
    const word = (place >>> 2) + FIRST_HASH;
    const [a, b] = this.#otherNames;
    this.#alone[0].push(part.words[word + a] as number);
    this.#alone[1].push(part.words[word + b] as number);
    this.#left[side].push(rowOf(part, place));
  }

  /** A pair of which another row bears a name as well is none. */
  #takeBackShared(): void {
    const shared = this.#otherNames.map((name, index) => {
      const pairs = this.#others[index as 0 | 1].values();
      const alone = this.#alone[index as 0 | 1].values();
      return sharedHashes([pairs, alone, Uint32Array.from(this.#taken[name] ?? [])]);
    });
    if (shared.every((hashes) => hashes.size === 0)) return;
    const pairs = this.#pairs.values();
    for (let pair = 0; pair * 2 < pairs.length; pair += 1) {
      const isShared = shared.some((hashes, index) =>
        hashes.has(this.#others[index as 0 | 1].values()[pair] as number),
      );
      if (!isShared) continue;
      const line = readRecord(this.#lines.records, pairs[pair * 2] as number);
      const payout = readRecord(this.#payouts.records, pairs[pair * 2 + 1] as number);
      this.#tally.add(line, 0, payout, 0, -1);
      if (this.#wanted === 'pairs') for (const ordinals of this.#ordinals) ordinals.values()[pair] = 0;
      this.#left.lines.push(rowOf(line, 0));
      this.#left.payouts.push(rowOf(payout, 0));
    }
  }
}

const OTHER_NAMES: readonly (readonly [number, number])[] = [
  [1, 2],
  [0, 2],
  [0, 1],
];

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

function readPart({ scanned, records }: Side, part: number): Part {
  const chunks = scanned.chunks.filter((chunk) => chunk.part === part);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let place = 0;
  for (const { at, length } of chunks) {
    for (let done = 0; done < length; ) {
      done += readSync(records, bytes, place + done, length - done, at + done);
    }
    place += length;
  }
  return new Part(bytes, chunks);
}

/** No record is longer than its head and three names. */
const LONGEST_RECORD = HEAD_BYTES + 3 * 255 + 7;

function readRecord(descriptor: number, position: number): Part {
  const bytes = new Uint8Array((LONGEST_RECORD + 7) & ~7);
  readSync(descriptor, bytes, 0, bytes.length, position * 8);
  const length = recordBytes(new Uint32Array(bytes.buffer)[NAME_LENGTHS] as number);
  return new Part(bytes.subarray(0, length), []);
}

function rowOf({ words }: Part, place: number): OddRow {
  const word = place >>> 2;
  const lengthAndFile = words[word + LENGTH_AND_FILE] as number;
  return {
    file: lengthAndFile >>> 16,
    offset: words[word + OFFSET] as number,
    length: lengthAndFile & 0xffff,
    line: words[word + LINE] as number,
    ordinal: words[word + ORDINAL] as number,
  };
}

/** Byte by byte: each name is the same, or one of the two does not state it. */
function namesAgree(lines: Part, line: number, payouts: Part, payout: number): boolean {
  let theirs = lines.words[(line >>> 2) + NAME_LENGTHS] as number;
  let ours = payouts.words[(payout >>> 2) + NAME_LENGTHS] as number;
  let a = line + HEAD_BYTES;
  let b = payout + HEAD_BYTES;
  for (let name = 0; name < 3; name += 1) {
    const m = theirs & 0xff;
    const n = ours & 0xff;
    if (m > 0 && n > 0 && (m !== n || !isEqual(lines.bytes, a, payouts.bytes, b, m))) return false;
    a += m;
    b += n;
    theirs >>>= 8;
    ours >>>= 8;
  }
  return true;
}

function isEqual(a: Uint8Array, atA: number, b: Uint8Array, atB: number, length: number): boolean {
  for (let at = 0; at < length; at += 1) if (a[atA + at] !== b[atB + at]) return false;
  return true;
}

/** Records of both sides by their primary name: the first of each side in a slot, whether there are more beside it. */
class Table {
  readonly size: number;
  readonly #hashAt: number;
  readonly #name: number;
  readonly #hashes: Uint32Array;
  readonly #places: Int32Array;
  readonly #shared: Uint8Array;
  readonly #parts: (Part | undefined)[] = [undefined, undefined];

  constructor(records: number, hashAt: number, name: number) {
    this.size = 1 << Math.max(4, 33 - Math.clz32(Math.max(records, 1)));
    this.#hashAt = hashAt;
    this.#name = name;
    this.#hashes = new Uint32Array(this.size);
    this.#places = new Int32Array(this.size * 2).fill(-1);
    this.#shared = new Uint8Array(this.size);
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
