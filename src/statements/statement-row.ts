/**
 * One row of a report, as its profile says. An empty cell is "not stated", a status word that the profile does not
 * know is kept as it stands, and whatever cannot be read is reported with its line and column.
 */
import { hash } from 'node:crypto';
import { dayIn } from '../domain/calendar-day.ts';
import type { RowError } from '../domain/errors.ts';
import { decimalsOf } from '../domain/money/currency.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import { isOfPayout, type LineKind, normaliseUtr } from '../domain/reconciliation/statement-line.ts';
import type { Field, Profile } from './profile.ts';
import { excerpt } from './read-csv.ts';
import { kindReader } from './row-kind.ts';
import { readAmount } from './statement-amount.ts';
import { dateReader, type StatementDate } from './statement-date.ts';

/** One row of a report; amounts in minor units, null where the cell is empty. */
export interface StatementRow {
  line_no: number;
  /** SHA-256 over what the row says, so that rows that say the same are known again in other files. */
  content: string;
  /** The how-manieth row of this content in the file, from 1. */
  occurrence: number;
  provider_id: string | null;
  provider_reference: string | null;
  utr: string | null;
  provider_beneficiary_id: string | null;
  kind: LineKind;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  status: ProviderState;
  status_word: string;
  failure_reason: string | null;
  stated_at: string | null;
  stated_on: string | null;
  /** The cells that the profile reads, by column, as they stand in the file. */
  cells: string;
}

const LONGEST_VALUE = 255;

export type RowReader = (line: number, values: readonly string[]) => StatementRow | null;

export function rowReader(
  profile: Profile,
  columns: ReadonlyMap<string, number>,
  errors: RowError[],
  timeZone: string,
): RowReader {
  const cells = cellReader(profile, columns, errors);
  const cellsOf = cellWriter(columns);
  const kindOf = kindReader(profile, columns);
  return (line, values) => {
    const errorsBefore = errors.length;
    cells.move(line, values);
    const currency = currencyOf(cells, profile);
    if (decimalsOf(currency) === undefined) {
      cells.refuse(
        'currency',
        'currency_unknown',
        `"${excerpt(currency)}" is no ISO 4217 currency; write for example INR.`,
      );
      return null;
    }
    const amount = signedAmount(cells, profile, currency);
    if (amount === null && errors.length === errorsBefore)
      cells.refuse(amountField(profile), 'amount_invalid', 'The amount is empty.');
    const word = profile.columns.status === undefined ? null : cells.text('status');
    if (word === null && profile.columns.status !== undefined) {
      cells.refuse('status', 'status_missing', 'The status is empty; without it the row says nothing.');
    }
    const created = cells.date('created_at');
    const stated = cells.date('completed_at') ?? created;
    const utr = cells.text('utr');
    const provider_id = cells.text('provider_id');
    const provider_reference = cells.text('provider_reference');
    const named = utr !== null || provider_id !== null || provider_reference !== null;
    const kind = kindOf(values, amount ?? 0n, named);
    const row = {
      provider_id,
      provider_reference,
      utr: utr === null ? null : normaliseUtr(utr),
      provider_beneficiary_id: cells.text('provider_beneficiary_id'),
      kind,
      amount_minor: isOfPayout(kind) ? magnitude(amount ?? 0n) : (amount ?? 0n),
      currency,
      fee_minor: cells.amount('fee', currency),
      tax_minor: cells.amount('tax', currency),
      // A report without statuses lists what happened.
      status:
        word === null
          ? kind === 'return'
            ? 'reversed'
            : 'success'
          : (profile.statuses.get(word.trim().toUpperCase()) ?? 'unknown_word'),
      status_word: word ?? (kind === 'return' ? 'RETURN' : 'SUCCESS'),
      failure_reason: cells.text('failure_reason'),
      stated_at: stated?.at ?? (stated ? `${stated.on}T00:00:00.000Z` : null),
      stated_on: stated === null ? null : (stated.on ?? dayIn(timeZone, stated.at ?? '')),
    } as const;
    if (errors.length > errorsBefore) return null;
    return {
      line_no: line,
      content: contentOf(row, created, cells.narration()),
      occurrence: 1,
      ...row,
      cells: cellsOf(values),
    };
  };
}

function currencyOf(cells: CellReader, profile: Profile): string {
  const stated = cells.text('currency');
  return (profile.lower_case_currency ? stated?.toUpperCase() : stated) ?? profile.currency ?? '';
}

interface CellReader {
  /** To the next row. */
  move(line: number, values: readonly string[]): void;
  /** Null where the cell is empty or the file has no such column. */
  text(field: Field): string | null;
  amount(field: 'amount' | 'debit' | 'credit' | 'fee' | 'tax', currency: string): bigint | null;
  /** The cell behind an identifier that a pattern finds in it: the rest of it tells rows apart, too. */
  narration(): string | null;
  date(field: 'created_at' | 'completed_at'): StatementDate | null;
  refuse(field: Field, code: string, message: string): void;
}

function cellReader(profile: Profile, columns: ReadonlyMap<string, number>, errors: RowError[]): CellReader {
  const at = new Map<Field, number>();
  for (const [field, title] of Object.entries(profile.columns) as [Field, string][]) {
    const index = columns.get(title);
    if (index !== undefined) at.set(field, index);
  }
  const dates = dateReader(profile.date_format, profile.time_zone);
  let line = 0;
  let values: readonly string[] = [];
  const raw = (field: Field) => values[at.get(field) ?? -1];
  const refuse = (field: Field, code: string, message: string) => {
    errors.push({
      line,
      column: profile.columns[field] ?? null,
      code,
      message,
      value: excerpt(raw(field) ?? ''),
    });
  };
  const text = (field: Field): string | null => {
    const value = raw(field);
    if (value === undefined || value.trim() === '') return null;
    if (value.length > LONGEST_VALUE) {
      refuse(
        field,
        'text_too_long',
        `The value has ${value.length} characters; at most ${LONGEST_VALUE} are read.`,
      );
    }
    return value;
  };
  const patterns = new Map(
    Object.entries(profile.patterns).flatMap(([field, pattern]) =>
      pattern === undefined ? [] : [[field, new RegExp(pattern, 'i')] as const],
    ),
  );
  const identifier = (field: Field): string | null => {
    const value = text(field);
    const pattern = patterns.get(field);
    return value === null || pattern === undefined ? value : (pattern.exec(value)?.[1] ?? null);
  };
  return {
    move: (nextLine, nextValues) => {
      line = nextLine;
      values = profile.trim ? nextValues.map((value) => value.trim()) : nextValues;
    },
    text: identifier,
    narration: () =>
      patterns.size === 0 ? null : [...patterns.keys()].map((field) => raw(field as Field)).join('\n'),
    amount: (field, currency) => {
      const value = text(field);
      if (value === null) return null;
      const parsed = readAmount(field, value, currency, profile);
      if (parsed.ok) return parsed.minor;
      refuse(field, parsed.code, parsed.message);
      return null;
    },
    date: (field) => {
      const value = text(field);
      const read = value === null ? null : dates(value);
      if (value !== null && read === null) {
        refuse(field, 'date_invalid', `"${excerpt(value)}" is no date of the form ${formOf(profile)}.`);
      }
      return read;
    },
    refuse,
  };
}

function amountField(profile: Profile): 'amount' | 'debit' | 'credit' {
  if (profile.columns.amount !== undefined) return 'amount';
  return profile.columns.debit === undefined ? 'credit' : 'debit';
}

/** Positive where the money left; null where no amount is stated, or more than one. */
function signedAmount(cells: CellReader, profile: Profile, currency: string): bigint | null {
  if (profile.columns.amount === undefined) {
    const debit = cells.amount('debit', currency);
    const credit = cells.amount('credit', currency);
    if (debit && credit) {
      cells.refuse(
        'debit',
        'amount_invalid',
        'The row has a debit and a credit; it can be only one of them.',
      );
    }
    return debit === null && credit === null ? null : (debit ?? 0n) - (credit ?? 0n);
  }
  const amount = cells.amount('amount', currency);
  if (amount === null) return null;
  if (profile.columns.direction === undefined) return profile.sign === 'debit_negative' ? -amount : amount;
  const word = cells.text('direction')?.trim() ?? '';
  const way = profile.directionOf.get(word.toUpperCase());
  if (way === undefined) {
    cells.refuse(
      'direction',
      'direction_unknown',
      `"${excerpt(word)}" is neither a word for debit nor for credit.`,
    );
    return null;
  }
  return way === 'credit' ? -amount : amount;
}

function magnitude(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}

function formOf(profile: Profile): string {
  return profile.date_format === 'iso'
    ? '2026-11-20T10:00:00Z, 2026-11-20 10:00:00 or 2026-11-20'
    : profile.date_format;
}

/** Everything that a row says, whatever its columns are called and in what order they stand. */
function contentOf(
  row: Omit<StatementRow, 'line_no' | 'content' | 'occurrence' | 'cells'>,
  created: StatementDate | null,
  narration: string | null,
): string {
  return hash(
    'sha256',
    JSON.stringify([
      row.provider_id,
      row.provider_reference,
      row.utr,
      row.provider_beneficiary_id,
      String(row.amount_minor),
      row.currency,
      row.fee_minor === null ? null : String(row.fee_minor),
      row.tax_minor === null ? null : String(row.tax_minor),
      row.status_word,
      row.failure_reason,
      created === null ? null : (created.at ?? created.on),
      row.stated_at,
      // Not of reports that list payouts alone, whose lines were known before there were kinds.
      ...(row.kind === 'payout' && narration === null ? [] : [row.kind, narration]),
    ]),
    'hex',
  );
}

function cellWriter(columns: ReadonlyMap<string, number>): (values: readonly string[]) => string {
  const order = [...columns].sort(([, a], [, b]) => a - b);
  const keys = order.map(([title]) => `${JSON.stringify(title)}:`);
  return (values) =>
    `{${order.map(([, index], position) => `${keys[position]}${JSON.stringify(values[index] ?? '')}`).join(',')}}`;
}
