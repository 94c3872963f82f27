/** A row that is known by its values, and not by its bytes in a file, as a record; or none where it is not plain. */
import { Numbered } from './cell-values.ts';
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
  /** Minor units. */
  amount_minor: number;
  fee_minor: number | null;
  tax_minor: number | null;
  currency: string;
  outcome: Outcome;
  day: string | null;
}

const NOT_STATED = -1;
// Exact in a double, and so is the sum of a few of them.
const LARGEST_MINOR = 10 ** 15;
const LONGEST_NAME = 255;
const MOST_CURRENCIES = 255;

export class RowWriter {
  readonly days = new Numbered();
  readonly currencies = new Numbered();
  readonly #writer: RecordWriter;
  readonly #primary: Name;
  readonly #primaryAt: number;
  readonly #seed: number;
  // Three bytes for each of a name's UTF-16 units are always enough.
  readonly #names = Buffer.alloc(NAMES.length * LONGEST_NAME * 3);
  readonly #hashes = new Uint32Array(NAMES.length);
  #lengths = 0;
  #used = 0;

  constructor(writer: RecordWriter, primary: Name, seed: number) {
    this.#writer = writer;
    this.#primary = primary;
    this.#primaryAt = NAMES.indexOf(primary);
    this.#seed = seed;
  }

  /** Whether the row has become a record. */
  write(row: ValueRow): boolean {
    const { amount_minor: amount, fee_minor: fee, tax_minor: tax, currency: code, day: on } = row;
    if (!isSmall(amount) || (fee !== null && !isSmall(fee)) || (tax !== null && !isSmall(tax))) return false;
    if (row[this.#primary] === null || !this.#readNames(row)) return false;
    const day = on === null ? NO_DAY : this.days.of(on);
    const currency = this.currencies.of(code);
    if ((on !== null && day >= NO_DAY) || currency > MOST_CURRENCIES) return false;
    const { words, doubles, bytes: target } = this.#writer;
    const place = this.#writer.place(this.#hashes[this.#primaryAt] as number, this.#used);
    const double = place >>> 3;
    doubles[double + AMOUNT] = amount;
    doubles[double + FEE] = fee ?? NOT_STATED;
    doubles[double + TAX] = tax ?? NOT_STATED;
    const word = place >>> 2;
    for (let name = 0; name < NAMES.length; name += 1)
      words[word + FIRST_HASH + name] = this.#hashes[name] as number;
    words[word + OFFSET] = 0;
    words[word + LINE] = 0;
    words[word + ORDINAL] = row.ordinal;
    words[word + LENGTH_AND_FILE] = 0;
    words[word + DAY_CURRENCY_OUTCOME] = day | (currency << 16) | (row.outcome << 24);
    words[word + NAME_LENGTHS] = this.#lengths;
    for (let at = 0; at < this.#used; at += 1) target[place + HEAD_BYTES + at] = this.#names[at] as number;
    return true;
  }

  /** The bytes of the names one after the other, with their lengths and hashes; false where one is not for a record. */
  #readNames(row: ValueRow): boolean {
    this.#used = 0;
    this.#lengths = 0;
    for (let name = 0; name < NAMES.length; name += 1) {
      const text = row[NAMES[name] as Name];
      this.#hashes[name] = 0;
      if (text === null) continue;
      // An empty name is a name to the matching, and none in a record.
      if (text === '' || text.length > LONGEST_NAME) return false;
      const length = this.#names.write(text, this.#used, 'utf8');
      if (length > LONGEST_NAME) return false;
      this.#hashes[name] = hashOf(this.#names, this.#used, this.#used + length, this.#seed);
      this.#used += length;
      this.#lengths |= length << (8 * name);
    }
    return true;
  }
}

function isSmall(minor: number): boolean {
  return minor >= 0 && minor < LARGEST_MINOR;
}
