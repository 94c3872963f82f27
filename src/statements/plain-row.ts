/**
 * Rows written the way in which nearly all are, of profiles that declare nothing unusual, read in a fifth of the time
 * of statement-row.ts. It knows one form of each value and no error: for every other row the answer is null, and the
 * reader of every form reads it. Where it answers, it answers the same (a test holds the two together).
 */
import { hash } from 'node:crypto';
import { dayIn } from '../domain/calendar-day.ts';
import { decimalsOf } from '../domain/money/currency.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import { maskPrivateText } from '../domain/private-text.ts';
import { isDay } from '../domain/reconciliation/calendar.ts';
import type { Field, Profile } from './profile.ts';
import type { Resolved } from './profile-fit.ts';
import type { StatementRow } from './statement-row.ts';

/**
 * All that it takes to read the plain rows of a file, as plain data: the ledger keeps it beside the rows of a large
 * file, and reads them by it when the profile has long become another.
 */
export interface RowForm {
  delimiter: string;
  /** Of the columns that are kept, as the file writes them; where each field stands among these. */
  titles: readonly string[];
  at: Readonly<Partial<Record<Field, number>>>;
  /** Words in upper case and what they say; null where the file has no such column. */
  statuses: readonly (readonly [string, ProviderState])[] | null;
  /** Of rows that state none. */
  currency: string;
  /** The ledger's: it decides the day of an instant. */
  time_zone: string;
}

/** The form of a file with these titles, and which of a row's cells are kept. `isPlain` holds of the profile. */
export function formOf(
  profile: Profile,
  { at, unread }: Resolved,
  titles: readonly string[],
  time_zone: string,
): { form: RowForm; kept: readonly number[] } {
  const left = new Set(unread);
  const kept = [...titles.keys()].filter((index) => !left.has(index));
  const form = {
    delimiter: profile.delimiter,
    titles: kept.map((index) => titles[index] as string),
    at: Object.fromEntries([...at].map(([field, index]) => [field, kept.indexOf(index)])),
    statuses: profile.columns.status === undefined ? null : [...profile.statuses],
    currency: profile.currency ?? '',
    time_zone,
  };
  return { form, kept };
}

// Longer ones are the other reader's to judge.
export const LONGEST_VALUE = 255;
const PLAIN_UTR = /^[0-9A-Z]+$/;

/** A row but for its cells, which `cellWriter` writes where they are wanted. */
export type PlainRow = Omit<StatementRow, 'cells'>;

/** `values` of the kept cells of a row in which no value holds a quote, a backslash or a control character. */
export type PlainRowReader = (line: number, values: readonly string[]) => PlainRow | null;

export function plainRowReader(form: RowForm): PlainRowReader {
  const at = (field: Field) => form.at[field] ?? -1;
  const columns = {
    provider_id: at('provider_id'),
    provider_reference: at('provider_reference'),
    utr: at('utr'),
    beneficiary: at('provider_beneficiary_id'),
    amount: at('amount'),
    currency: at('currency'),
    fee: at('fee'),
    tax: at('tax'),
    status: at('status'),
    failure_reason: at('failure_reason'),
    created_at: at('created_at'),
    completed_at: at('completed_at'),
  };
  const bounded = Object.values(form.at);
  const free = freeColumns(form);
  const dates = new PlainDates(form.time_zone);
  const status = statusReader(form);
  return (line, values) => {
    for (const index of bounded) if ((values[index] as string).length > LONGEST_VALUE) return null;
    for (const index of free) if (isPrivate(values[index] as string)) return null;
    const text = (index: number): string | null => {
      const cell = values[index];
      return cell === undefined || cell.trim() === '' ? null : cell;
    };
    const currency = text(columns.currency) ?? form.currency;
    const decimals = decimalsOf(currency);
    if (decimals === undefined) return null;
    const provider_id = text(columns.provider_id);
    const provider_reference = text(columns.provider_reference);
    const utr = text(columns.utr);
    if (provider_id === null && provider_reference === null && utr === null) return null;
    const amount = minorOf(text(columns.amount), decimals);
    const fee = minorOf(text(columns.fee), decimals);
    const tax = minorOf(text(columns.tax), decimals);
    const said = status(text(columns.status));
    const created = dates.read(text(columns.created_at));
    const completed = dates.read(text(columns.completed_at));
    if (amount === UNREAD || amount === null || fee === UNREAD || tax === UNREAD) return null;
    if ((utr !== null && !PLAIN_UTR.test(utr)) || said === null) return null;
    if (created === UNREAD || completed === UNREAD) return null;
    const stated = completed ?? created;
    const beneficiary = text(columns.beneficiary);
    const failure_reason = text(columns.failure_reason);
    const content = `[${quoted(provider_id)},${quoted(provider_reference)},${quoted(utr)},${quoted(beneficiary)},"${amount}","${currency}",${quoted(fee)},${quoted(tax)},"${said.word}",${quoted(failure_reason)},${quoted(created?.written ?? null)},${quoted(stated?.at ?? null)}]`;
    return {
      line_no: line,
      content: hash('sha256', content, 'hex'),
      occurrence: 1,
      provider_id,
      provider_reference,
      utr,
      provider_beneficiary_id: beneficiary,
      kind: 'payout',
      amount_minor: BigInt(amount),
      currency,
      fee_minor: fee === null ? null : BigInt(fee),
      tax_minor: tax === null ? null : BigInt(tax),
      status: said.status,
      status_word: said.word,
      failure_reason,
      stated_at: stated?.at ?? null,
      stated_on: stated?.on ?? null,
    };
  };
}

/** Columns in which people write what they like. */
export function freeColumns({ titles, at }: RowForm): number[] {
  const structured = new Set(Object.values(at));
  return [...titles.keys()].filter((index) => index === at.failure_reason || !structured.has(index));
}

// Shorter ones hold no account number; what may be one, the other reader masks.
export const SHORTEST_NUMBER = 9;

function isPrivate(cell: string): boolean {
  if (cell.length < SHORTEST_NUMBER) return cell.includes('@');
  return maskPrivateText(cell) !== cell;
}

const UNREAD = -1;

/** As JSON writes it: there is nothing in it that would be written otherwise. */
function quoted(value: string | number | null): string {
  return value === null ? 'null' : `"${value}"`;
}

const ZERO = 0x30;
const POINT = 0x2e;
// Exact in a double.
const MOST_DIGITS = 15;

/** Minor units of `1234.5`. */
function minorOf(text: string | null, decimals: number): number | null {
  if (text === null) return null;
  let minor = 0;
  let fraction = -1;
  for (let index = 0; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit >= 0 && digit <= 9) {
      minor = minor * 10 + digit;
      if (fraction >= 0) fraction += 1;
    } else if (digit === POINT - ZERO && fraction < 0 && index > 0) fraction = 0;
    else return UNREAD;
  }
  if (text.length + decimals > MOST_DIGITS || fraction === 0 || fraction > decimals) return UNREAD;
  for (let left = decimals - Math.max(fraction, 0); left > 0; left -= 1) minor *= 10;
  return minor;
}

export function statusReader({
  statuses,
}: RowForm): (word: string | null) => { word: string; status: ProviderState } | null {
  if (statuses === null) return () => ({ word: 'SUCCESS', status: 'success' });
  const meanings = new Map(statuses);
  // By the word as it is written: few are, and each is looked up once.
  const known = new Map<string, { word: string; status: ProviderState }>();
  return (word) => {
    if (word === null) return null;
    const found = known.get(word);
    if (found) return found;
    const status = meanings.get(word.trim().toUpperCase());
    if (status === undefined) return null;
    const said = { word, status };
    known.set(word, said);
    return said;
  };
}

/** What statement-date.ts makes of a date; `written` is the instant where one is stated, else the day. */
interface PlainDate {
  at: string;
  on: string;
  written: string;
}

const INSTANT = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const QUARTERS = 96;

/** `2026-11-20T10:00:00Z` and `2026-11-20`. */
class PlainDates {
  readonly #timeZone: string;
  readonly #days = new Map<number, boolean>();
  /** By the quarter of an hour: zones change their day at none but the full ones. */
  readonly #ofQuarter = new Map<number, string>();
  #last: { text: string; date: PlainDate } | null = null;

  constructor(timeZone: string) {
    this.#timeZone = timeZone;
  }

  read(text: string | null): PlainDate | null | typeof UNREAD {
    if (text === null) return null;
    if (text === this.#last?.text) return this.#last.date;
    const instant = INSTANT.test(text);
    if (!instant && !DAY.test(text)) return UNREAD;
    const day = number(text, 0, 4) * 10_000 + number(text, 5, 7) * 100 + number(text, 8, 10);
    if (!this.#isDay(day, text)) return UNREAD;
    const at = `${text.slice(0, instant ? 19 : 10)}${instant ? '' : 'T00:00:00'}.000Z`;
    const on = instant ? this.#dayOf(day, at) : text;
    const date = { at, on, written: instant ? at : text };
    this.#last = { text, date };
    return date;
  }

  #isDay(day: number, text: string): boolean {
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const found = isDay(text.slice(0, 10));
    this.#days.set(day, found);
    return found;
  }

  #dayOf(day: number, at: string): string {
    const quarter = day * QUARTERS + number(at, 11, 13) * 4 + Math.floor(number(at, 14, 16) / 15);
    const known = this.#ofQuarter.get(quarter);
    if (known !== undefined) return known;
    const found = dayIn(this.#timeZone, at);
    this.#ofQuarter.set(quarter, found);
    return found;
  }
}

function number(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index += 1) value = value * 10 + (text.charCodeAt(index) - ZERO);
  return value;
}

export type CellWriter = (values: readonly string[]) => string;

/** The cells under their titles, as JSON: there is nothing in them that would be written otherwise. */
export function cellWriter({ titles }: RowForm): CellWriter {
  const keys = titles.map((title, index) => `${index === 0 ? '' : '",'}${JSON.stringify(title)}:"`);
  return (values) => {
    let cells = '{';
    for (let index = 0; index < keys.length; index += 1)
      cells += (keys[index] as string) + (values[index] as string);
    return `${cells}"}`;
  };
}
