/**
 * What plain-row.ts finds of a row that is only stored: that it is plain, the hash of what it says, and its day. It reads
 * bytes in half of the time and knows fewer forms; where it answers, it answers the same (a test holds the two together).
 */
import { hash } from 'node:crypto';
import { decimalsOf } from '../../domain/money/currency.ts';
import { maskPrivateText } from '../../domain/private-text.ts';
import { freeColumns, LONGEST_VALUE, type RowForm, SHORTEST_NUMBER, statusReader } from '../plain-row.ts';
import type { Field } from '../profile.ts';
import { amountAt, DayReader, putDigits, UNREAD } from './cell-values.ts';
import type { RecordScanner } from './record-scanner.ts';

// The same in plain-row.ts: amounts of more digits are for the reader of every form.
const MOST_DIGITS = 15;
// A row that is longer is for the other reader.
const LONGEST_ROW = 4096;
const INSTANT_LENGTH = 20;
const DAY_LENGTH = 10;
const T = 0x54;
const AT = 0x40;
const QUOTE = 0x22;
const COMMA = 0x2c;
// What is more is no integer to the engine, and slow.
const LARGEST_INTEGER = 2 ** 30 - 1;

interface Known {
  bytes: Uint8Array;
  decimals: number;
}

export interface PlainFacts {
  /** SHA-256, a character for each byte: what is written in hex costs as much to read as to hash. */
  digest: string;
  stated_on: string | null;
}

export class PlainBytes {
  readonly #at: Readonly<Record<'created' | 'completed' | 'utr', number>>;
  /** Fields as they stand in the content, up to the amount, and between the tax and the dates. */
  readonly #names: readonly number[];
  readonly #amounts: readonly number[];
  readonly #currency: number;
  readonly #status: number;
  readonly #reason: number;
  readonly #bounded: readonly number[];
  readonly #free: readonly number[];
  readonly #default: Known | null;
  readonly #currencies: Known[] = [];
  readonly #words: Uint8Array[] = [];
  readonly #meaning: ReturnType<typeof statusReader>;
  readonly #days: DayReader;
  readonly #text = Buffer.alloc(2 * LONGEST_ROW);
  readonly #views: Uint8Array[] = [];
  #used = 0;

  constructor(form: RowForm) {
    const at = (field: Field) => form.at[field] ?? -1;
    this.#at = { created: at('created_at'), completed: at('completed_at'), utr: at('utr') };
    this.#names = [at('provider_id'), at('provider_reference'), this.#at.utr, at('provider_beneficiary_id')];
    this.#amounts = [at('amount'), at('fee'), at('tax')];
    this.#currency = at('currency');
    this.#status = form.statuses === null ? -1 : at('status');
    this.#reason = at('failure_reason');
    this.#bounded = Object.values(form.at);
    this.#free = freeColumns(form);
    this.#default = knownCurrency(Buffer.from(form.currency));
    this.#meaning = statusReader(form);
    if (form.statuses === null) this.#words.push(Buffer.from('SUCCESS'));
    this.#days = new DayReader(form.time_zone);
  }

  /** Null where the row is for the other reader. No value of it holds a quote or a backslash. */
  read(row: RecordScanner): PlainFacts | null {
    if (row.to - row.from > LONGEST_ROW || !this.#isBounded(row) || !this.#isPublic(row)) return null;
    const currency = this.#currencyOf(row);
    const word = this.#wordOf(row);
    if (currency === null || word === null) return null;
    this.#used = 0;
    this.#put(OPENING, 0, 1);
    let named = false;
    for (let place = 0; place < this.#names.length; place += 1) {
      const column = this.#names[place] as number;
      const found = this.#putCell(row, column);
      if (found < 0 || (column === this.#at.utr && !isUtr(row, column))) return null;
      named ||= found > 0 && place < 3;
    }
    if (!named || !this.#putAmounts(row, currency)) return null;
    this.#putValue(word);
    if (this.#putCell(row, this.#reason) < 0) return null;
    const created = this.#dayOf(row, this.#at.created);
    const completed = this.#dayOf(row, this.#at.completed);
    if (created === UNREAD || completed === UNREAD) return null;
    this.#putDate(row, created === null ? -1 : this.#at.created, false);
    const stated = completed ?? created;
    this.#putDate(
      row,
      stated === null ? -1 : completed === null ? this.#at.created : this.#at.completed,
      true,
    );
    this.#text[this.#used - 1] = CLOSING;
    const stated_on = stated === null ? null : (this.#days.days.texts[stated] ?? null);
    return { digest: hash('sha256', this.#view(), 'binary'), stated_on };
  }

  /** Of so much of the text as is used; one for each length, since making one takes as long as hashing it. */
  #view(): Uint8Array {
    const known = this.#views[this.#used];
    if (known) return known;
    const view = new Uint8Array(this.#text.buffer, this.#text.byteOffset, this.#used);
    this.#views[this.#used] = view;
    return view;
  }

  #isBounded({ starts, ends }: RecordScanner): boolean {
    for (const column of this.#bounded)
      if ((ends[column] as number) - (starts[column] as number) > LONGEST_VALUE) return false;
    return true;
  }

  /** What people write may hold an account number, which is not to be kept. */
  #isPublic({ bytes, starts, ends }: RecordScanner): boolean {
    for (const column of this.#free) {
      const [start, end] = [starts[column] as number, ends[column] as number];
      for (let at = start; at < end; at += 1) if (bytes[at] === AT) return false;
      if (end - start < SHORTEST_NUMBER) continue;
      const cell = textOf(bytes, start, end);
      if (maskPrivateText(cell) !== cell) return false;
    }
    return true;
  }

  #currencyOf({ bytes, starts, ends }: RecordScanner): Known | null {
    const [start, end] =
      this.#currency < 0 ? [0, 0] : [starts[this.#currency] as number, ends[this.#currency] as number];
    if (start === end) return this.#default;
    for (const each of this.#currencies) if (isSame(each.bytes, bytes, start, end)) return each;
    const found = knownCurrency(bytes.slice(start, end));
    if (found) this.#currencies.push(found);
    return found;
  }

  #wordOf({ bytes, starts, ends }: RecordScanner): Uint8Array | null {
    if (this.#status < 0) return this.#words[0] ?? null;
    const [start, end] = [starts[this.#status] as number, ends[this.#status] as number];
    for (const each of this.#words) if (isSame(each, bytes, start, end)) return each;
    const word = textOf(bytes, start, end);
    if (word.trim() === '' || this.#meaning(word) === null) return null;
    const found = Buffer.from(word);
    this.#words.push(found);
    return found;
  }

  #putAmounts({ bytes, starts, ends }: RecordScanner, currency: Known): boolean {
    for (let place = 0; place < 3; place += 1) {
      const column = this.#amounts[place] as number;
      const [start, end] = column < 0 ? [0, 0] : [starts[column] as number, ends[column] as number];
      if (start === end) {
        if (place === 0) return false;
        this.#put(NULL, 0, NULL.length);
      } else {
        const minor = amountAt(bytes, start, end, currency.decimals);
        if (minor === UNREAD || end - start + currency.decimals > MOST_DIGITS) return false;
        this.#putNumber(minor);
      }
      if (place === 0) this.#putValue(currency.bytes);
    }
    return true;
  }

  /** How long it is; -1 where it may be blank without being empty. */
  #putCell({ bytes, starts, ends }: RecordScanner, column: number): number {
    const [start, end] = column < 0 ? [0, 0] : [starts[column] as number, ends[column] as number];
    if (start === end) {
      this.#put(NULL, 0, NULL.length);
      return 0;
    }
    const first = bytes[start] as number;
    if (first <= 0x20 || first >= 0x7f) return -1;
    this.#text[this.#used++] = QUOTE;
    this.#put(bytes, start, end);
    this.#close();
    return end - start;
  }

  /** The number of its day, null where none is stated. */
  #dayOf({ bytes, starts, ends }: RecordScanner, column: number): number | null {
    const [start, end] = column < 0 ? [0, 0] : [starts[column] as number, ends[column] as number];
    if (start === end) return null;
    const isInstant = end - start === INSTANT_LENGTH && bytes[start + DAY_LENGTH] === T;
    return isInstant || end - start === DAY_LENGTH ? this.#days.at(bytes, start, end) : UNREAD;
  }

  /** As an instant; a day by itself is written so where `always`. */
  #putDate({ bytes, starts, ends }: RecordScanner, column: number, always: boolean): void {
    if (column < 0) {
      this.#put(NULL, 0, NULL.length);
      return;
    }
    const [start, end] = [starts[column] as number, ends[column] as number];
    const isInstant = end - start === INSTANT_LENGTH;
    this.#text[this.#used++] = QUOTE;
    this.#put(bytes, start, isInstant ? end - 1 : end);
    if (isInstant) this.#put(FRACTION, 0, FRACTION.length);
    else if (always) this.#put(MIDNIGHT, 0, MIDNIGHT.length);
    this.#close();
  }

  #putValue(value: Uint8Array): void {
    this.#text[this.#used++] = QUOTE;
    this.#put(value, 0, value.length);
    this.#close();
  }

  #putNumber(value: number): void {
    this.#text[this.#used++] = QUOTE;
    if (value > LARGEST_INTEGER) this.#used += this.#text.write(String(value), this.#used, 'latin1');
    else this.#used = putDigits(value, this.#text, this.#used);
    this.#close();
  }

  #close(): void {
    this.#text[this.#used++] = QUOTE;
    this.#text[this.#used++] = COMMA;
  }

  #put(bytes: Uint8Array, start: number, end: number): void {
    const text = this.#text;
    let used = this.#used;
    for (let at = start; at < end; at += 1) {
      text[used] = bytes[at] as number;
      used += 1;
    }
    this.#used = used;
  }
}

const OPENING = Buffer.from('[');
const CLOSING = 0x5d;
const NULL = Buffer.from('null,');
const FRACTION = Buffer.from('.000Z');
const MIDNIGHT = Buffer.from('T00:00:00.000Z');

function knownCurrency(bytes: Uint8Array): Known | null {
  const decimals = decimalsOf(textOf(bytes, 0, bytes.length));
  return decimals === undefined ? null : { bytes, decimals };
}

function textOf({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('utf8');
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let at = 0; at < known.length; at += 1) if (known[at] !== bytes[start + at]) return false;
  return true;
}

/** Capitals and digits: a reference that is written otherwise is compared in another form than it stands. */
function isUtr({ bytes, starts, ends }: RecordScanner, column: number): boolean {
  if (column < 0) return true;
  for (let at = starts[column] as number; at < (ends[column] as number); at += 1) {
    const byte = bytes[at] as number;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a))) return false;
  }
  return true;
}
