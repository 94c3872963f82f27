/**
 * Amounts and days from bytes, for the plain forms in which nearly every row writes them. What is written otherwise,
 * be it good or bad, is `UNREAD`: the row then goes to the reader that knows every form and every error.
 */
import { dayIn } from '../../domain/calendar-day.ts';

export const UNREAD = -1;

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
// Fifteen digits are exact in a double, and so is the sum of a few of them.
const MOST_DIGITS = 15;

/** Minor units of `1234.5` in a currency with so many decimals. */
export function amountAt(bytes: Uint8Array, start: number, end: number, decimals: number): number {
  let minor = 0;
  let at = start;
  let byte = 0;
  for (; at < end; at += 1) {
    byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) break;
    minor = minor * 10 + (byte - ZERO);
  }
  const whole = at - start;
  if (whole === 0 || whole + decimals > MOST_DIGITS) return UNREAD;
  let left = decimals;
  if (at < end) {
    const digits = end - at - 1;
    if (byte !== POINT || digits === 0 || digits > decimals) return UNREAD;
    for (at += 1; at < end; at += 1) {
      byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) return UNREAD;
      minor = minor * 10 + (byte - ZERO);
    }
    left -= digits;
  }
  for (; left > 0; left -= 1) minor *= 10;
  return minor;
}

/** Writes the digits of an integer below 2^30; answers where they end. */
export function putDigits(value: number, target: Uint8Array, at: number): number {
  let length = 1;
  for (let rest = (value / 10) | 0; rest > 0; rest = (rest / 10) | 0) length += 1;
  let rest = value | 0;
  for (let place = at + length - 1; place >= at; place -= 1) {
    const tenth = (rest / 10) | 0;
    target[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return at + length;
}

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const DAYS_BEFORE_MONTH = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
// Whatever is dated before is no report of ours, and the zones of old had stranger offsets.
const FIRST_YEAR = 1972;

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

/** Days of dates and instants in one time zone, by the number that `days` gives them. */
export class DayReader {
  readonly days: Numbered;
  /** By the quarter of an hour since 1970: zones change their day at none but the full ones. */
  readonly #ofQuarter = new Map<number, number>();
  /** By the day since 1970. */
  readonly #ofDay = new Map<number, number>();
  readonly #timeZone: string;

  constructor(timeZone: string, days = new Numbered()) {
    this.#timeZone = timeZone;
    this.days = days;
  }

  /** The number of the day of `2026-11-20`, `2026-11-20T10:00:00Z` or the same with a fraction, or UNREAD. */
  at(bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    if (length < 10 || bytes[start + 4] !== DASH || bytes[start + 7] !== DASH) return UNREAD;
    const year = pair(bytes, start) * 100 + pair(bytes, start + 2);
    const month = pair(bytes, start + 5);
    const day = pair(bytes, start + 8);
    // NaN, of what is no digit, is smaller than nothing.
    if (!(year >= FIRST_YEAR && month >= 1 && month <= 12 && day >= 1)) return UNREAD;
    const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    if (day > (DAYS_OF_MONTH[month - 1] ?? 0) + (leap && month === 2 ? 1 : 0)) return UNREAD;
    const before = (DAYS_BEFORE_MONTH[month - 1] ?? 0) + (leap && month > 2 ? 1 : 0);
    const number = daysBeforeYear(year) + before + day - 1;
    if (length === 10) return this.#dayOfNumber(number);
    const ms = timeAt(bytes, start + 10, end);
    return ms === UNREAD ? UNREAD : this.#dayOf(number * DAY_MS + ms);
  }

  #dayOfNumber(days: number): number {
    const known = this.#ofDay.get(days);
    if (known !== undefined) return known;
    const number = this.days.of(new Date(days * DAY_MS).toISOString().slice(0, 10));
    this.#ofDay.set(days, number);
    return number;
  }

  #dayOf(instant: number): number {
    const quarter = Math.floor(instant / QUARTER_MS);
    const known = this.#ofQuarter.get(quarter);
    if (known !== undefined) return known;
    const first = dayIn(this.#timeZone, new Date(quarter * QUARTER_MS).toISOString());
    const last = dayIn(this.#timeZone, new Date((quarter + 1) * QUARTER_MS - 1).toISOString());
    const number = first === last ? this.days.of(first) : UNREAD;
    this.#ofQuarter.set(quarter, number);
    return number;
  }
}

const DASH = 0x2d;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;
const SPACE = 0x20;
// Nine digits of a fraction: the reader of every form takes no more.
const LONGEST_FRACTION = 9;

/** Milliseconds of `T10:00:00Z` or `T10:00:00.123Z`; a fraction below a second changes no day. */
function timeAt(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const mark = bytes[start];
  if (length < 10 || (mark !== T && mark !== SPACE) || bytes[end - 1] !== Z) return UNREAD;
  if (bytes[start + 3] !== COLON || bytes[start + 6] !== COLON) return UNREAD;
  const hour = pair(bytes, start + 1);
  const minute = pair(bytes, start + 4);
  const second = pair(bytes, start + 7);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return UNREAD;
  if (length > 10) {
    const digits = length - 11;
    if (bytes[start + 9] !== POINT || digits < 1 || digits > LONGEST_FRACTION) return UNREAD;
    for (let at = start + 10; at < end - 1; at += 1) {
      const byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) return UNREAD;
    }
  }
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Two digits as a number; NaN where one of them is none. */
function pair(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Days from 1970 to the first of January of `year`. */
function daysBeforeYear(year: number): number {
  const past = year - 1;
  return (
    (year - 1970) * 365 +
    Math.floor(past / 4) -
    Math.floor(past / 100) +
    Math.floor(past / 400) -
    (492 - 19 + 4)
  );
}
