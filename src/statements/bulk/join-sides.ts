/**
 * Joins the records of two sides. A clean pair (domain/reconciliation/settled.ts) is counted and added up, and
 * everything else is left: the rows that the pure matching is for. Two rows are a pair by the bytes of their names;
 * hashes only bring them together, and where two names have one hash by chance, rows are left that need not be.
 */
import { readSync } from 'node:fs';
import type { Settled } from '../../domain/reconciliation/settled.ts';
import { isEqual, NameTable, Part } from './name-table.ts';
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
  settled: Settled;
  /**
   * By the ordinal of a line that of the payout that it is a pair with, 0 where it is none; and whether both state the
   * provider's name. Empty where nobody asked for them.
   */
  pairs: Pairs;
  /** What is not settled, of each side, in the order of the files. */
  lines: OddRow[];
  payouts: OddRow[];
}

export interface Pairs {
  payouts: Uint32Array;
  by_provider_id: Uint8Array;
}

/** Names that rows outside the records bear, by hash: such a name settles nothing. One list for each of the names. */
export type Taken = readonly (readonly number[])[];

export interface JoinTerms {
  /** The name by which records are put apart, as its place among the three. */
  primary: number;
  taken: Taken;
  /** Amounts, as `amountKey` writes them, of which no pair is settled. */
  odd_amounts?: ReadonlySet<string>;
  /** The highest ordinal of a line where the pairs are asked for; 0 where only what they come to is. */
  pairs_through: number;
}

export function joinSides(lines: Side, payouts: Side, terms: JoinTerms): Joined {
  return new Join(lines, payouts, terms).run();
}

export const amountKey = (minor: number, currency: string) => `${minor} ${currency}`;

/** At most so many pairs can there be: more room than that many numbers need is never touched. */
function mostPairs(sides: readonly Side[]): number {
  const records = ({ scanned }: Side) => bytesOf(scanned.chunks) / HEAD_BYTES;
  return Math.ceil(Math.min(...sides.map(records)));
}

class Join {
  readonly #lines: Side;
  readonly #payouts: Side;
  readonly #primary: number;
  readonly #otherNames: readonly [number, number];
  readonly #taken: Taken;
  readonly #oddAmounts: ReadonlySet<string>;
  /** Where the records of each pair stand. */
  readonly #places: Numbers;
  readonly #pairs: Pairs | null;
  /** Hashes of the two names that are not the primary one: of each pair, then of each record that is in none. */
  readonly #others: readonly [Numbers, Numbers];
  readonly #alone: readonly [Numbers, Numbers];
  readonly #left = { lines: [] as OddRow[], payouts: [] as OddRow[] };
  readonly #tally: Tally;
  /** The other side's number of each currency of ours; -1 where it has none. */
  readonly #currencies: readonly number[];

  constructor(lines: Side, payouts: Side, { primary, taken, odd_amounts, pairs_through }: JoinTerms) {
    const most = mostPairs([lines, payouts]);
    this.#places = new Numbers(2 * most);
    this.#pairs = pairs_through === 0 ? null : noPairs(pairs_through);
    this.#lines = lines;
    this.#payouts = payouts;
    this.#primary = primary;
    this.#otherNames = OTHER_NAMES[primary] ?? [1, 2];
    this.#taken = taken;
    this.#oddAmounts = odd_amounts ?? NONE;
    this.#others = [new Numbers(most), new Numbers(most)];
    this.#alone = [new Numbers(), new Numbers()];
    this.#tally = new Tally(lines.scanned, payouts.scanned);
    this.#currencies = payouts.scanned.currencies.map((code) => lines.scanned.currencies.indexOf(code));
  }

  run(): Joined {
    const taken = new Set(this.#taken[this.#primary]);
    const [lineParts, payoutParts] = [new PartReader(this.#lines), new PartReader(this.#payouts)];
    const table = new NameTable(FIRST_HASH + this.#primary, this.#primary);
    for (let part = 0; part < PARTS; part += 1)
      this.#joinPart(lineParts.read(part), payoutParts.read(part), table, taken);
    this.#takeBackShared();
    const { lines, payouts } = this.#left;
    const inOrder = (a: OddRow, b: OddRow) => a.ordinal - b.ordinal;
    return {
      settled: this.#tally.settled(),
      pairs: this.#pairs ?? noPairs(0),
      lines: [...lines, ...this.#lines.scanned.odd].sort(inOrder),
      payouts: [...payouts, ...this.#payouts.scanned.odd].sort(inOrder),
    };
  }

  #joinPart(lines: Part, payouts: Part, table: NameTable, taken: ReadonlySet<number>): void {
    table.begin(lines.records + payouts.records);
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
    const amount = lines.doubles[l + AMOUNT] as number;
    if (amount !== payouts.doubles[p + AMOUNT]) return false;
    for (let part = FEE; part < FEE + 2; part += 1) {
      const theirs = lines.doubles[l + part] as number;
      const ours = payouts.doubles[p + part] as number;
      if (theirs !== ours && theirs >= 0 && ours >= 0) return false;
    }
    const theirs = lines.words[(line >>> 2) + DAY_CURRENCY_OUTCOME] as number;
    const ours = payouts.words[(payout >>> 2) + DAY_CURRENCY_OUTCOME] as number;
    const currency = (theirs >>> 16) & 0xff;
    if (currency !== this.#currencies[(ours >>> 16) & 0xff]) return false;
    if (this.#oddAmounts.size > 0 && this.#isOdd(amount, currency)) return false;
    const outcome = ours >>> 24;
    // Ours that states nothing may have been paid by a line that names nobody, whatever a line of failure says.
    if (theirs >>> 24 !== (outcome === UNSTATED ? PAID : outcome)) return false;
    return namesAgree(lines, line, payouts, payout);
  }

  #isOdd(amount: number, currency: number): boolean {
    return this.#oddAmounts.has(amountKey(amount, this.#lines.scanned.currencies[currency] ?? ''));
  }

  #settle(lines: Part, line: number, payouts: Part, payout: number): void {
    const w = line >>> 2;
    const v = payout >>> 2;
    this.#places.push(lines.positionOf(line));
    this.#places.push(payouts.positionOf(payout));
    if (this.#pairs) {
      const ordinal = lines.words[w + ORDINAL] as number;
      const named =
        (lines.words[w + FIRST_HASH] as number) !== 0 && (payouts.words[v + FIRST_HASH] as number) !== 0;
      this.#pairs.payouts[ordinal] = payouts.words[v + ORDINAL] as number;
      this.#pairs.by_provider_id[ordinal] = named ? 1 : 0;
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
    const places = this.#places.values();
    for (let pair = 0; pair * 2 < places.length; pair += 1) {
      const isShared = shared.some((hashes, index) =>
        hashes.has(this.#others[index as 0 | 1].values()[pair] as number),
      );
      if (!isShared) continue;
      const line = readRecord(this.#lines.records, places[pair * 2] as number);
      const payout = readRecord(this.#payouts.records, places[pair * 2 + 1] as number);
      this.#tally.add(line, 0, payout, 0, -1);
      if (this.#pairs) this.#pairs.payouts[line.words[ORDINAL] as number] = 0;
      this.#left.lines.push(rowOf(line, 0));
      this.#left.payouts.push(rowOf(payout, 0));
    }
  }
}

const NONE: ReadonlySet<string> = new Set();

function noPairs(through: number): Pairs {
  return { payouts: new Uint32Array(through + 1), by_provider_id: new Uint8Array(through + 1) };
}

const OTHER_NAMES: readonly (readonly [number, number])[] = [
  [1, 2],
  [0, 2],
  [0, 1],
];

/** Reads one part after the other into one place: what a part leaves behind would stand in memory with the next. */
class PartReader {
  readonly #records: number;
  readonly #chunks: readonly (readonly Chunk[])[];
  readonly #room: Uint8Array;

  constructor({ scanned, records }: Side) {
    const chunks: Chunk[][] = Array.from({ length: PARTS }, () => []);
    for (const chunk of scanned.chunks) chunks[chunk.part]?.push(chunk);
    this.#records = records;
    this.#chunks = chunks;
    this.#room = new Uint8Array(Math.max(...chunks.map(bytesOf)));
  }

  /** To be used until the next one is read. */
  read(part: number): Part {
    const chunks = this.#chunks[part] ?? [];
    let place = 0;
    for (const { at, length } of chunks) {
      for (let done = 0; done < length; ) {
        done += readSync(this.#records, this.#room, place + done, length - done, at + done);
      }
      place += length;
    }
    return new Part(this.#room.subarray(0, place), chunks);
  }
}

function bytesOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
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
