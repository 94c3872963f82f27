/**
 * Payouts of the ledger as records, from one text of many: the engine writes it and bytes are read from it in half of
 * the time that handing over twelve values for each takes. Only payouts of which nothing unusual is stated are read
 * here; every other is named, to be read by its values.
 */
import { BookedDays } from './booked-days.ts';
import { amountAt, DayReader, type Numbered, UNREAD } from './cell-values.ts';
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
import { FAILED, PAID } from './side-plan.ts';

// Between the values of a payout, and between payouts. No value that is read here has them.
const VALUE_END = 0x1f;
const PAYOUT_END = 0x0a;

// The values in their order; an empty one is not stated.
const ORDINAL_AT = 0;
const OUTCOME_AT = 1;
const CURRENCY_AT = 2;
const AMOUNT_AT = 3;
const FEE_AT = 4;
const TAX_AT = 5;
const INSTANT_AT = 6;
// Three names: the provider's, ours, the rail's.
const NAMES_AT = 7;
const VALUES_A_PAYOUT = 10;
const PAID_LETTER = 0x50;
const FAILED_LETTER = 0x46;

const NOT_STATED = -1;
const LONGEST_NAME = 255;
const MOST_CURRENCIES = 255;

interface PayoutSink extends PayoutTextTerms {
  writer: RecordWriter;
  days: Numbered;
  currencies: Numbered;
  /** The name by which records are put apart, as its place among the three. */
  primary: number;
  seed: number;
}

export interface PayoutTextTerms {
  time_zone: string;
  /** Whether a payout that does not state its fee and its tax is for the other reader. */
  needs_charges: boolean;
}

/** As the store writes it. */
export interface PayoutText {
  text: string;
  count: number;
  /** Of booked-days.ts. */
  booked: string;
}

export class PayoutTexts {
  readonly #sink: PayoutSink;
  readonly #days: DayReader;
  readonly #booked: BookedDays;
  readonly #starts = new Int32Array(VALUES_A_PAYOUT);
  readonly #ends = new Int32Array(VALUES_A_PAYOUT);
  readonly #hashes = new Uint32Array(3);
  #bytes: Uint8Array = new Uint8Array();
  #lastCode: Uint8Array = new Uint8Array();
  /** Of no code there is none. */
  #lastCurrency = MOST_CURRENCIES + 1;
  #room = Buffer.alloc(0);

  constructor(sink: PayoutSink) {
    this.#sink = sink;
    this.#days = new DayReader(sink.time_zone, sink.days);
    this.#booked = new BookedDays(this.#days);
  }

  /**
   * Answers the numbers of those payouts that are no records; null where the text is not of so many. `booked` are days of
   * as many payouts as the page has numbers from `first` on.
   */
  read({ text, count, booked }: PayoutText, first: number, numbers: number): number[] | null {
    // A quote marks what is not to be taken as it stands.
    if (text.includes('"')) return null;
    const bytes = this.#bytesOf(text);
    if (!hasParts(bytes, count)) return null;
    this.#bytes = bytes;
    this.#booked.read(booked, first, numbers);
    const left: number[] = [];
    for (let at = 0; at < bytes.length; ) {
      at = this.#find(bytes, at);
      const ordinal = this.#number(ORDINAL_AT);
      if (!this.#write(ordinal)) left.push(ordinal);
    }
    return left;
  }

  /** Where the values of a payout are; answers where the next one begins. */
  #find(bytes: Uint8Array, from: number): number {
    const [starts, ends, length] = [this.#starts, this.#ends, bytes.length];
    let at = from;
    for (let value = 0; value < VALUES_A_PAYOUT; value += 1) {
      starts[value] = at;
      // Nearly every byte is above both.
      for (; at < length; at += 1) {
        const byte = bytes[at] as number;
        if (byte <= VALUE_END && (byte === VALUE_END || byte === PAYOUT_END)) break;
      }
      ends[value] = at;
      at += 1;
    }
    return at;
  }

  /** In one place, again and again: what is new for each text is not collected for long. */
  #bytesOf(text: string): Uint8Array {
    // No character takes more than three bytes for each of its UTF-16 units.
    if (text.length * 3 > this.#room.length) this.#room = Buffer.allocUnsafeSlow(text.length * 4);
    return this.#room.subarray(0, this.#room.write(text, 'utf8'));
  }

  #write(ordinal: number): boolean {
    const outcome = this.#outcome();
    if (outcome < 0) return false;
    const amount = this.#number(AMOUNT_AT);
    const fee = this.#optional(FEE_AT);
    const tax = this.#optional(TAX_AT);
    const day = this.#day(ordinal, outcome as typeof PAID | typeof FAILED);
    if (amount === UNREAD || fee === BAD || tax === BAD || day === UNREAD) return false;
    const { writer, primary, needs_charges } = this.#sink;
    if (needs_charges && (fee === NOT_STATED || tax === NOT_STATED)) return false;
    const currency = this.#currency();
    if (currency > MOST_CURRENCIES) return false;
    const lengths = this.#readNames();
    const key = this.#hashes[primary] as number;
    if (lengths < 0 || key === 0) return false;
    const place = writer.place(key, (lengths & 0xff) + ((lengths >>> 8) & 0xff) + (lengths >>> 16));
    const double = place >>> 3;
    writer.doubles[double + AMOUNT] = amount;
    writer.doubles[double + FEE] = fee;
    writer.doubles[double + TAX] = tax;
    const { words } = writer;
    const word = place >>> 2;
    for (let name = 0; name < 3; name += 1) words[word + FIRST_HASH + name] = this.#hashes[name] as number;
    words[word + OFFSET] = 0;
    words[word + LINE] = 0;
    words[word + ORDINAL] = ordinal;
    words[word + LENGTH_AND_FILE] = 0;
    words[word + DAY_CURRENCY_OUTCOME] = day | (currency << 16) | (outcome << 24);
    words[word + NAME_LENGTHS] = lengths;
    this.#copyNames(writer.bytes, place + HEAD_BYTES);
    return true;
  }

  #outcome(): number {
    const start = this.#starts[OUTCOME_AT] as number;
    if ((this.#ends[OUTCOME_AT] as number) !== start + 1) return -1;
    const letter = this.#bytes[start];
    if (letter === PAID_LETTER) return PAID;
    return letter === FAILED_LETTER ? FAILED : -1;
  }

  /** Its number; nearly always it is that of the payout before. */
  #currency(): number {
    const [start, end, bytes] = [
      this.#starts[CURRENCY_AT] as number,
      this.#ends[CURRENCY_AT] as number,
      this.#bytes,
    ];
    const code = this.#lastCode;
    let same = end - start === code.length;
    for (let at = start; same && at < end; at += 1) same = bytes[at] === code[at - start];
    if (!same) {
      this.#lastCode = bytes.slice(start, end);
      this.#lastCurrency = this.#sink.currencies.of(Buffer.from(this.#lastCode).toString('latin1'));
    }
    return this.#lastCurrency;
  }

  #number(value: number): number {
    return amountAt(this.#bytes, this.#starts[value] as number, this.#ends[value] as number, 0);
  }

  #optional(value: number): number {
    if (this.#starts[value] === this.#ends[value]) return NOT_STATED;
    const number = this.#number(value);
    return number === UNREAD ? BAD : number;
  }

  /** The day on which it was booked, or that of the instant. */
  #day(ordinal: number, outcome: typeof PAID | typeof FAILED): number {
    const [start, end] = [this.#starts[INSTANT_AT] as number, this.#ends[INSTANT_AT] as number];
    const booked = this.#booked.of(ordinal, outcome);
    if (booked === null && start === end) return NO_DAY;
    const day = booked ?? this.#days.at(this.#bytes, start, end);
    return day >= NO_DAY ? UNREAD : day;
  }

  /** Their lengths, a byte each; -1 where one is more than plain letters. */
  #readNames(): number {
    const [starts, ends, bytes] = [this.#starts, this.#ends, this.#bytes];
    let lengths = 0;
    for (let name = 0; name < 3; name += 1) {
      const start = starts[NAMES_AT + name] as number;
      const end = ends[NAMES_AT + name] as number;
      if (end - start > LONGEST_NAME) return -1;
      for (let at = start; at < end; at += 1) {
        const byte = bytes[at] as number;
        if (byte <= 0x20 || byte >= 0x7f || (name === UTR && !isOfUtr(byte))) return -1;
      }
      this.#hashes[name] = end > start ? hashOf(bytes, start, end, this.#sink.seed) : 0;
      lengths |= (end - start) << (8 * name);
    }
    return lengths;
  }

  #copyNames(target: Uint8Array, to: number): void {
    const [starts, ends, bytes] = [this.#starts, this.#ends, this.#bytes];
    let place = to;
    for (let name = 0; name < 3; name += 1) {
      const end = ends[NAMES_AT + name] as number;
      for (let at = starts[NAMES_AT + name] as number; at < end; at += 1) {
        target[place] = bytes[at] as number;
        place += 1;
      }
    }
  }
}

const BAD = -2;
const UTR = 2;

/** Of a reference as it is compared: others are written in capitals first. */
function isOfUtr(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
}

/** A value that has a separator in it makes too many of them. */
function hasParts(bytes: Uint8Array, count: number): boolean {
  let [values, payouts] = [0, count === 0 ? 0 : 1];
  // Not `of bytes`: an iterator takes as long as all else that is done with them.
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte > VALUE_END) continue;
    if (byte === VALUE_END) values += 1;
    else if (byte === PAYOUT_END) payouts += 1;
  }
  return payouts === count && values === count * (VALUES_A_PAYOUT - 1);
}
