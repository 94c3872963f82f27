/**
 * One side of a comparison, read in bulk: its plain rows become records, the places of all others are listed. Blocks
 * of a fixed size are read one after the other, so that the size of the file does not show in memory.
 */
import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { decimalsOf } from '../../domain/money/currency.ts';
import { amountAt, DayReader, Numbered, UNREAD } from './cell-values.ts';
import { RecordScanner } from './record-scanner.ts';
import {
  AMOUNT,
  type Chunk,
  DAY_CURRENCY_OUTCOME,
  FEE,
  FIRST_HASH,
  HEAD_BYTES,
  hashOf,
  LENGTH_AND_FILE,
  LINE,
  NAME_LENGTHS,
  NO_DAY,
  OFFSET,
  ORDINAL,
  RecordWriter,
  TAX,
} from './row-records.ts';
import { FAILED, type SidePlan } from './side-plan.ts';

export interface SideJob {
  files: readonly { descriptor: number; bytes: number; plan: SidePlan }[];
  /** Where the records go: a file of our own. */
  records: number;
  /** The name by which records are put apart, as its place in NAMES. */
  primary: number;
  seed: number;
  time_zone: string;
  /** SHA-256 of each file, where it is wanted. */
  digest: boolean;
}

/** A row that is not among the records: where it stands. `ordinal` counts the rows of all files, from 1. */
export interface OddRow {
  file: number;
  offset: number;
  length: number;
  line: number;
  ordinal: number;
}

export interface ScannedSide {
  chunks: Chunk[];
  odd: OddRow[];
  /** Rows of each file. */
  rows: number[];
  days: string[];
  /** Of records, by number. */
  currencies: string[];
  /** Those that a row has. */
  used: string[];
  /** A row states none, so that the plan's own stands for it. */
  defaulted: boolean;
  sha256: string[];
}

const BLOCK_BYTES = 1 << 20;
const LONGEST_VALUE = 255;
const MOST_CURRENCIES = 255;

/** Null where a file turns out not to be plain. `tell` hears how many bytes were read since it was last called. */
export function scanSide(job: SideJob, tell: (bytes: number) => void): ScannedSide | null {
  const writer = new RecordWriter(job.records);
  const days = new DayReader(job.time_zone);
  const currencies = new Numbered();
  const scanned: ScannedSide = {
    chunks: writer.chunks,
    odd: [],
    rows: [],
    days: days.days.texts,
    currencies: currencies.texts,
    used: [],
    defaulted: false,
    sha256: [],
  };
  const used = new Set<number>();
  let ordinal = 0;
  for (const [index, { descriptor, bytes, plan }] of job.files.entries()) {
    const rows = new RowReader(plan, { writer, days, currencies, primary: job.primary, seed: job.seed });
    const digest = job.digest ? createHash('sha256') : null;
    const first = ordinal;
    const file = { descriptor, bytes, plan, digest };
    const good = scanFile(file, tell, (scanner, blockAt) => {
      if (plan.skips_empty && scanner.count === plan.width && isEmpty(scanner)) return;
      ordinal += 1;
      const offset = blockAt + scanner.from;
      if (rows.read(scanner, offset, ordinal, index)) return;
      const length = scanner.to - scanner.from;
      scanned.odd.push({ file: index, offset, length, line: scanner.line, ordinal });
    });
    if (!good) return null;
    for (const number of rows.used) used.add(number);
    scanned.defaulted ||= rows.defaulted;
    scanned.rows.push(ordinal - first);
    if (digest) scanned.sha256.push(digest.digest('hex'));
  }
  writer.end();
  scanned.used = currencies.texts.filter((_, number) => used.has(number));
  return scanned;
}

function isEmpty({ bytes, count, starts, ends }: RecordScanner): boolean {
  for (let value = 0; value < count; value += 1) {
    for (let at = starts[value] as number; at < (ends[value] as number); at += 1)
      if ((bytes[at] as number) > 0x20) return false;
  }
  return true;
}

interface ScannedFile {
  descriptor: number;
  bytes: number;
  plan: SidePlan;
  digest: Hash | null;
}

function scanFile(
  { descriptor, bytes, plan, digest }: ScannedFile,
  tell: (bytes: number) => void,
  found: (scanner: RecordScanner, blockAt: number) => void,
): boolean {
  const block = Buffer.alloc(2 * BLOCK_BYTES);
  const scanner = new RecordScanner(plan.delimiter, plan.body_line);
  if (digest) digest.update(readWhole(descriptor, 0, plan.body));
  let kept = 0;
  for (let at = plan.body; ; ) {
    const wanted = Math.min(BLOCK_BYTES, bytes - at);
    const read = wanted <= 0 ? 0 : readSync(descriptor, block, kept, wanted, at);
    digest?.update(block.subarray(kept, kept + read));
    const blockAt = at - kept;
    at += read;
    const last = read === 0;
    scanner.load(block, kept + read, last);
    let next = scanner.next();
    for (; next === 'record'; next = scanner.next()) found(scanner, blockAt);
    if (next === 'foreign' || !scanner.isUtf8()) return false;
    tell(read);
    if (last) return at === bytes;
    block.copyWithin(0, scanner.rest, kept + read);
    kept = kept + read - scanner.rest;
  }
}

/** Bytes of a file from a place on; fewer where it ends before. */
export function readWhole(descriptor: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, bytes, done, length - done, at + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

interface Sink {
  writer: RecordWriter;
  days: DayReader;
  currencies: Numbered;
  primary: number;
  seed: number;
}

export class RowReader {
  /** Currencies of records, by number. */
  readonly used = new Set<number>();
  defaulted = false;
  readonly #plan: SidePlan;
  readonly #sink: Sink;
  readonly #outcomes: readonly { bytes: Uint8Array; outcome: number }[];
  readonly #currencies: { bytes: Uint8Array; decimals: number; number: number }[] = [];
  readonly #default: number;
  /** Where each name of the row stands. */
  readonly #start = new Int32Array(3);
  readonly #end = new Int32Array(3);
  readonly #hashes = new Uint32Array(3);

  constructor(plan: SidePlan, sink: Sink) {
    this.#plan = plan;
    this.#sink = sink;
    this.#outcomes = plan.outcomes.map(([word, outcome]) => ({ bytes: Buffer.from(word), outcome }));
    const code = Buffer.from(plan.default_currency);
    this.#default = this.#currency(code, 0, code.length);
  }

  /** Whether the row is plain and has become a record; otherwise nothing was written. */
  read(scanner: RecordScanner, offset: number, ordinal: number, file: number): boolean {
    const plan = this.#plan;
    if (scanner.awkward || scanner.count !== plan.width) return false;
    const { bytes, starts, ends } = scanner;
    for (const column of plan.bounded) {
      if ((ends[column] as number) - (starts[column] as number) > LONGEST_VALUE) return false;
    }
    const currency = this.#currencyOf(scanner);
    if (currency < 0) return false;
    const decimals = this.#currencies[currency]?.decimals ?? 0;
    const amount = amountAt(bytes, starts[plan.amount] as number, ends[plan.amount] as number, decimals);
    const fee = this.#optionalAmount(scanner, plan.fee, decimals);
    const tax = this.#optionalAmount(scanner, plan.tax, decimals);
    const outcome = this.#outcomeOf(scanner);
    const read = this.#dayOf(scanner);
    // The day on which a payout was paid is none of the failure that its state tells of.
    const day = read !== UNREAD && plan.tells_attempts && outcome === FAILED ? NO_DAY : read;
    if (amount === UNREAD || fee === BAD || tax === BAD || outcome < 0 || day === UNREAD) return false;
    if (!this.#findNames(scanner)) return false;
    const names = this.#nameLengths();
    const { writer, primary } = this.#sink;
    const key = this.#hashes[primary] as number;
    if (key === 0) return false;
    const place = writer.place(key, (names & 0xff) + ((names >>> 8) & 0xff) + (names >>> 16));
    const { words, doubles } = writer;
    const double = place >>> 3;
    doubles[double + AMOUNT] = amount;
    doubles[double + FEE] = fee;
    doubles[double + TAX] = tax;
    const word = place >>> 2;
    words[word + FIRST_HASH] = this.#hashes[0] as number;
    words[word + FIRST_HASH + 1] = this.#hashes[1] as number;
    words[word + FIRST_HASH + 2] = this.#hashes[2] as number;
    words[word + OFFSET] = offset;
    words[word + LINE] = scanner.line;
    words[word + ORDINAL] = ordinal;
    words[word + LENGTH_AND_FILE] = (scanner.to - scanner.from) | (file << 16);
    const number = this.#currencies[currency]?.number ?? 0;
    this.used.add(number);
    this.defaulted ||= plan.currency < 0 || starts[plan.currency] === ends[plan.currency];
    words[word + DAY_CURRENCY_OUTCOME] = day | (number << 16) | (outcome << 24);
    words[word + NAME_LENGTHS] = names;
    this.#copyNames(bytes, place + HEAD_BYTES);
    return true;
  }

  #currencyOf({ bytes, starts, ends }: RecordScanner): number {
    const column = this.#plan.currency;
    if (column < 0) return this.#default;
    const [start, end] = [starts[column] as number, ends[column] as number];
    return start === end ? this.#default : this.#currency(bytes, start, end);
  }

  /** Its place in the list; -1 where it is none that we know. */
  #currency(bytes: Uint8Array, start: number, end: number): number {
    const known = this.#currencies.findIndex((each) => isSame(each.bytes, bytes, start, end, false));
    if (known >= 0) return known;
    const code = Buffer.from(bytes.subarray(start, end)).toString('latin1');
    const decimals = decimalsOf(code);
    if (decimals === undefined) return -1;
    const number = this.#sink.currencies.of(code);
    if (number > MOST_CURRENCIES) return -1;
    return this.#currencies.push({ bytes: Buffer.from(code), decimals, number }) - 1;
  }

  #optionalAmount({ bytes, starts, ends }: RecordScanner, column: number, decimals: number): number {
    if (column < 0) return NOT_STATED;
    const [start, end] = [starts[column] as number, ends[column] as number];
    if (start === end) return NOT_STATED;
    const minor = amountAt(bytes, start, end, decimals);
    return minor === UNREAD ? BAD : minor;
  }

  #outcomeOf({ bytes, starts, ends }: RecordScanner): number {
    const { status, without_status, fold_status } = this.#plan;
    const [start, end] = status < 0 ? [0, 0] : [starts[status] as number, ends[status] as number];
    if (start === end) return without_status ?? -1;
    for (const each of this.#outcomes) {
      if (isSame(each.bytes, bytes, start, end, fold_status)) return each.outcome;
    }
    return -1;
  }

  #dayOf({ bytes, starts, ends }: RecordScanner): number {
    let found = NO_DAY;
    for (const column of this.#plan.days) {
      const [start, end] = [starts[column] as number, ends[column] as number];
      if (start === end) continue;
      const day = this.#sink.days.at(bytes, start, end);
      if (day === UNREAD || day >= NO_DAY) return UNREAD;
      if (found === NO_DAY) found = day;
    }
    return found;
  }

  /** False where a name is more than plain ASCII without spaces, or tells of earlier attempts. */
  #findNames(scanner: RecordScanner): boolean {
    const { provider_id, provider_reference, utr, tells_attempts } = this.#plan;
    this.#place(0, scanner, provider_id);
    this.#place(2, scanner, utr);
    this.#place(1, scanner, -1);
    for (const column of provider_reference) {
      this.#place(1, scanner, column);
      if (this.#start[1] !== this.#end[1]) break;
    }
    const { bytes } = scanner;
    for (let name = 0; name < 3; name += 1) {
      const start = this.#start[name] as number;
      const end = this.#end[name] as number;
      if (end - start > LONGEST_VALUE) return false;
      let hash = 0;
      if (end > start) {
        for (let at = start; at < end; at += 1) {
          const byte = bytes[at] as number;
          if (byte <= 0x20 || byte >= 0x7f) return false;
          // Rails write the same reference in either case.
          if (name === 2 && byte >= 0x61 && byte <= 0x7a) return false;
        }
        hash = hashOf(bytes, start, end, this.#sink.seed);
      }
      this.#hashes[name] = hash;
    }
    return !tells_attempts || !isLaterAttempt(bytes, this.#start[1] as number, this.#end[1] as number);
  }

  #place(name: number, { starts, ends }: RecordScanner, column: number): void {
    this.#start[name] = column < 0 ? 0 : (starts[column] as number);
    this.#end[name] = column < 0 ? 0 : (ends[column] as number);
  }

  #nameLengths(): number {
    let lengths = 0;
    for (let name = 0; name < 3; name += 1) {
      lengths |= ((this.#end[name] as number) - (this.#start[name] as number)) << (8 * name);
    }
    return lengths;
  }

  #copyNames(bytes: Uint8Array, to: number): void {
    const target = this.#sink.writer.bytes;
    let place = to;
    for (let name = 0; name < 3; name += 1) {
      const end = this.#end[name] as number;
      for (let at = this.#start[name] as number; at < end; at += 1) {
        target[place] = bytes[at] as number;
        place += 1;
      }
    }
  }
}

const NOT_STATED = -1;
const BAD = -2;

/** `word` is upper-case where case does not count. */
function isSame(word: Uint8Array, bytes: Uint8Array, start: number, end: number, fold: boolean): boolean {
  if (word.length !== end - start) return false;
  for (let at = 0; at < word.length; at += 1) {
    let byte = bytes[start + at] as number;
    if (fold && byte >= 0x61 && byte <= 0x7a) byte -= 0x20;
    if (byte !== word[at]) return false;
  }
  return true;
}

/** Ends in `.r` and digits, in either case. */
function isLaterAttempt(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end - 1;
  while (at >= start && (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39) at -= 1;
  const letter = (bytes[at] as number) | 0x20;
  return at < end - 1 && at > start && letter === 0x72 && bytes[at - 1] === 0x2e;
}
