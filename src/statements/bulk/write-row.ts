/** A row that is known by its values, and not by its bytes in a file, as a record; or none where it is not plain. */
import {
  AMOUNT,
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
  type RecordWriter,
  TAX,
} from './row-records.ts';
import type { Name, Outcome } from './side-plan.ts';
import { NAMES } from './side-plan.ts';

export interface ValueRow extends Readonly<Record<Name, string | null>> {
  ordinal: number;
  amount_minor: bigint;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  currency: string;
  outcome: Outcome;
  day: string | null;
}

/** Texts by number, for days and currencies. */
export class Numbered {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }
}

const NOT_STATED = -1;
// Exact in a double, and so is the sum of a few of them.
const LARGEST_MINOR = 10n ** 15n;
const LONGEST_NAME = 255;
const MOST_CURRENCIES = 255;

export class RowWriter {
  readonly days = new Numbered();
  readonly currencies = new Numbered();
  readonly #writer: RecordWriter;
  readonly #primary: Name;
  readonly #seed: number;

  constructor(writer: RecordWriter, primary: Name, seed: number) {
    this.#writer = writer;
    this.#primary = primary;
    this.#seed = seed;
  }

  /** Whether the row has become a record. */
  write(row: ValueRow): boolean {
    const amounts = [row.amount_minor, row.fee_minor, row.tax_minor];
    if (amounts.some((minor) => minor !== null && (minor < 0n || minor >= LARGEST_MINOR))) return false;
    const names = NAMES.map((name) => Buffer.from(row[name] ?? ''));
    if (row[this.#primary] === null || names.some((bytes) => bytes.length > LONGEST_NAME)) return false;
    // An empty name is a name to the matching, and none in a record.
    if (NAMES.some((name) => row[name] === '')) return false;
    const day = row.day === null ? NO_DAY : this.days.of(row.day);
    const currency = this.currencies.of(row.currency);
    if ((row.day !== null && day >= NO_DAY) || currency > MOST_CURRENCIES) return false;
    const hashes = names.map((bytes) =>
      bytes.length === 0 ? 0 : hashOf(bytes, 0, bytes.length, this.#seed),
    );
    const lengths = names.map((bytes) => bytes.length);
    const { words, doubles, bytes: target } = this.#writer;
    const nameBytes = lengths.reduce((sum, length) => sum + length, 0);
    const place = this.#writer.place(hashes[NAMES.indexOf(this.#primary)] ?? 0, nameBytes);
    const double = place >>> 3;
    doubles[double + AMOUNT] = Number(row.amount_minor);
    doubles[double + FEE] = row.fee_minor === null ? NOT_STATED : Number(row.fee_minor);
    doubles[double + TAX] = row.tax_minor === null ? NOT_STATED : Number(row.tax_minor);
    const word = place >>> 2;
    words.set(hashes, word + FIRST_HASH);
    words[word + OFFSET] = 0;
    words[word + LINE] = 0;
    words[word + ORDINAL] = row.ordinal;
    words[word + LENGTH_AND_FILE] = 0;
    words[word + DAY_CURRENCY_OUTCOME] = day | (currency << 16) | (row.outcome << 24);
    words[word + NAME_LENGTHS] = (lengths[0] ?? 0) | ((lengths[1] ?? 0) << 8) | ((lengths[2] ?? 0) << 16);
    let at = place + HEAD_BYTES;
    for (const bytes of names) {
      target.set(bytes, at);
      at += bytes.length;
    }
    return true;
  }
}
