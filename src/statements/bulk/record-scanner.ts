/**
 * CSV records found in bytes, without a string for any of them: where each value starts and ends, and on which
 * physical line its record does. It knows RFC 4180 and nothing else. Whatever is not plainly that (a quote inside a
 * value, a control character, a record that is too large) it calls `foreign` and judges no further: such a file is
 * read by csv-records.ts, which says what is wrong with it. A test holds the two and csv-parse together.
 */
import { isUtf8 } from 'node:buffer';
import { forbiddenCharacter } from '../../domain/plain-text.ts';
import { MOST_COLUMNS } from '../read-csv.ts';

export type Found =
  /** A record stands in `starts` and `ends`. */
  | 'record'
  /** What is left in the block is the beginning of a record; the next block has the rest. */
  | 'more'
  | 'end'
  | 'foreign';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const TAB = 0x09;

// Why a quoted value has no end.
const OPEN = -1;
const MISPLACED = -2;

// What a byte means outside of quotes. Above SEPARATOR a value ends or the record is foreign.
const PLAIN = 0;
/** Part of a character beyond ASCII. */
const BEYOND = 1;
/** The first byte of such a character, as some begin that must not stand in text. */
const SUSPECT = 2;
const SEPARATOR = 3;
const DELIMITER = 3;
const BREAK = 4;
const STRAY_QUOTE = 5;
const CONTROL = 6;

// Less than csv-records.ts takes for too large, so that it is the one who judges those.
const LARGEST_RECORD_BYTES = 60_000;

export class RecordScanner {
  /** Where the values of the record stand in `bytes`, without their quotes; the first `MOST_COLUMNS` of them. */
  readonly starts = new Int32Array(MOST_COLUMNS);
  readonly ends = new Int32Array(MOST_COLUMNS);
  /** How many values the record has. */
  count = 0;
  /** A value holds doubled quotes or line breaks, so that its bytes are not its text. */
  awkward = false;
  /** Where the record stands in the block, its line break excluded. */
  from = 0;
  to = 0;
  /** Physical line on which it starts. */
  line: number;
  bytes: Uint8Array = new Uint8Array();
  readonly #meaning = new Uint8Array(256);
  readonly #delimiter: number;
  #limit = 0;
  #at = 0;
  #nextLine: number;
  #last = false;
  #beyond = false;

  constructor(delimiter: string, firstLine: number) {
    this.line = firstLine;
    this.#nextLine = firstLine;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#meaning.fill(CONTROL, 0, 0x20).fill(BEYOND, 0x80);
    this.#meaning[0x7f] = CONTROL;
    for (const byte of FORBIDDEN.firstBytes) this.#meaning[byte] = SUSPECT;
    this.#meaning[LINE_FEED] = BREAK;
    this.#meaning[CARRIAGE_RETURN] = BREAK;
    this.#meaning[QUOTE] = STRAY_QUOTE;
    this.#meaning[this.#delimiter] = DELIMITER;
  }

  /** Scans `bytes` up to `limit` from its beginning; `last`: nothing comes after it. */
  load(bytes: Uint8Array, limit: number, last: boolean): void {
    this.bytes = bytes;
    this.#limit = limit;
    this.#last = last;
    this.#at = 0;
    this.#beyond = false;
  }

  /** Where the first record starts that has not been found yet: what has to stand before the next block. */
  get rest(): number {
    return this.#at;
  }

  /** The physical line on which that record starts. */
  get nextLine(): number {
    return this.#nextLine;
  }

  next(): Found {
    for (;;) {
      if (this.#at >= this.#limit) return this.#atEnd();
      const found = this.#record();
      if (found !== 'record') return found === 'more' && this.#isTooLarge(this.#limit) ? 'foreign' : found;
      if (this.#isTooLarge(this.to)) return 'foreign';
      // A blank line is no record, and `""` alone says no more than one.
      if (this.count > 1 || this.starts[0] !== this.ends[0]) return 'record';
    }
  }

  /** Whether what the block holds beyond ASCII is UTF-8; asked once its records are found. */
  isUtf8(): boolean {
    return !this.#beyond || isUtf8(this.bytes.subarray(0, this.#at));
  }

  /** The value as text, for the few that are wanted so. */
  text(index: number): string {
    const { buffer, byteOffset } = this.bytes;
    const start = this.starts[index] ?? 0;
    const value = Buffer.from(buffer, byteOffset + start, (this.ends[index] ?? 0) - start).toString('utf8');
    return this.awkward ? value.replaceAll('""', '"') : value;
  }

  #atEnd(): Found {
    return this.#last ? 'end' : 'more';
  }

  #isTooLarge(end: number): boolean {
    return end - this.from > LARGEST_RECORD_BYTES;
  }

  #record(): Found {
    const { bytes, starts, ends } = this;
    const limit = this.#limit;
    let at = this.#at;
    let count = 0;
    this.from = at;
    this.line = this.#nextLine;
    this.awkward = false;
    let breaks = 0;
    for (;;) {
      let start = at;
      let end: number;
      if (at < limit && bytes[at] === QUOTE) {
        start += 1;
        end = this.#endOfQuoted(start);
        if (end < 0) return end === OPEN && !this.#last ? 'more' : 'foreign';
        at = end + 1;
        if (this.awkward) breaks += breaksIn(bytes, start, end);
      } else {
        at = this.#endOfPlain(at);
        end = at;
      }
      if (count < MOST_COLUMNS) {
        starts[count] = start;
        ends[count] = end;
      }
      count += 1;
      if (at >= limit) {
        if (!this.#last) return 'more';
        break;
      }
      const meaning = this.#meaning[bytes[at] ?? 0];
      if (meaning === BREAK) break;
      // Behind a closing quote only these may stand, and inside a value no quote and no control character.
      if (meaning !== DELIMITER) return 'foreign';
      at += 1;
    }
    this.to = at;
    if (at < limit) {
      // Whether a line feed belongs to this carriage return, the next block tells.
      if (bytes[at] === CARRIAGE_RETURN && at + 1 >= limit && !this.#last) return 'more';
      at += bytes[at] === CARRIAGE_RETURN && at + 1 < limit && bytes[at + 1] === LINE_FEED ? 2 : 1;
    }
    this.count = count;
    this.#nextLine = this.line + 1 + breaks;
    this.#at = at;
    return 'record';
  }

  #endOfPlain(from: number): number {
    const { bytes } = this;
    const meanings = this.#meaning;
    const limit = this.#limit;
    let at = from;
    for (; at < limit; at += 1) {
      const meaning = meanings[bytes[at] as number] as number;
      if (meaning === PLAIN) continue;
      if (meaning >= SEPARATOR) break;
      this.#beyond = true;
      if (meaning === SUSPECT && this.#isForbidden(at)) break;
    }
    return at;
  }

  /** Of bytes that are no UTF-8 the answer may be wrong; those are refused as such. */
  #isForbidden(at: number): boolean {
    // A character that the block cuts is looked at in the next, which begins with its record.
    if (at + 2 >= this.#limit && !this.#last) return false;
    const { bytes } = this;
    const first = bytes[at] as number;
    const second = (bytes[at + 1] ?? 0) & 0x3f;
    const third = (bytes[at + 2] ?? 0) & 0x3f;
    const unit =
      first < 0xe0 ? ((first & 0x1f) << 6) | second : ((first & 0x0f) << 12) | (second << 6) | third;
    return FORBIDDEN.units[unit] === 1;
  }

  /** Where the closing quote stands, or why there is none. */
  #endOfQuoted(from: number): number {
    const { bytes } = this;
    const limit = this.#limit;
    for (let at = from; at < limit; at += 1) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) {
        // The next block may begin with its double.
        if (at + 1 >= limit) return this.#last ? at : OPEN;
        if (bytes[at + 1] !== QUOTE) return at;
        this.awkward = true;
        at += 1;
        continue;
      }
      const meaning = this.#meaning[byte] as number;
      if (meaning === BREAK) this.awkward = true;
      else if (meaning === CONTROL || (byte === TAB && meaning === DELIMITER)) return MISPLACED;
      else if (meaning === BEYOND || meaning === SUSPECT) {
        this.#beyond = true;
        if (meaning === SUSPECT && this.#isForbidden(at)) return MISPLACED;
      }
    }
    return OPEN;
  }
}

/** What must not stand in text, found without making text of it: by code unit, and the bytes that may begin one. */
const FORBIDDEN = forbiddenUnits();

function forbiddenUnits(): { units: Uint8Array; firstBytes: ReadonlySet<number> } {
  const units = new Uint8Array(0x10000);
  const firstBytes = new Set<number>();
  for (let unit = 0x80; unit < 0x10000; unit += 1) {
    const character = String.fromCharCode(unit);
    if (forbiddenCharacter(character) === null) continue;
    units[unit] = 1;
    firstBytes.add(Buffer.from(character)[0] ?? 0);
  }
  return { units, firstBytes };
}

function breaksIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) at += 1;
    else if (bytes[at] !== CARRIAGE_RETURN && bytes[at] !== LINE_FEED) continue;
    count += 1;
  }
  return count;
}
