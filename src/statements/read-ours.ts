/**
 * Our side as a file: a CSV as `payout list --format csv` writes it, of which those columns are used that are there.
 * What a cell does not state can never differ.
 */
import { dayIn } from '../domain/calendar-day.ts';
import type { RowError } from '../domain/errors.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import { PAYOUT_STATES, type PayoutState } from '../domain/payout/payout.ts';
import { normaliseUtr } from '../domain/reconciliation/statement-line.ts';
import { type CsvSpec, type CsvWarning, excerpt, readCsv } from './read-csv.ts';
import { dateReader } from './statement-date.ts';

/** One payout as the file states it. */
export interface OurRow {
  line_no: number;
  reference_id: string | null;
  provider_reference: string | null;
  provider_id: string | null;
  utr: string | null;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  state: PayoutState | null;
  paid_on: string | null;
  /** Of a payout that came back. */
  returned_on: string | null;
}

const NAMES = ['reference_id', 'provider_reference', 'provider_id', 'utr'] as const;
const USED = [...NAMES, 'amount', 'currency', 'fee', 'tax', 'state', 'paid_at', 'returned_at'] as const;
type Column = (typeof USED)[number];
// Written by `payout list` beside the others; known, so that nobody is warned of them, and not compared.
const UNUSED =
  'batch row beneficiary_ref beneficiary_name account rail provider provider_status return_utr failure_code failure_reason attempts created_at updated_at submitted_at'.split(
    ' ',
  );

export const OURS_SPEC: CsvSpec = {
  required: ['amount'],
  optional: [...USED, ...UNUSED],
  rows_required: false,
};

export interface OursRead {
  rows: OurRow[];
  errors: RowError[];
  warnings: CsvWarning[];
}

/** `currency` is that of rows that state none; `timeZone` decides the day of an instant. */
export function readOurs(bytes: Uint8Array, currency: string, timeZone: string): OursRead {
  const csv = readCsv(bytes, OURS_SPEC);
  const { columns, errors } = csv;
  const rows: OurRow[] = [];
  if (errors.length === 0 && !NAMES.some((name) => columns.has(name))) {
    const message = `No column names a payout; there must be one of ${NAMES.join(', ')}.`;
    errors.push({ line: 1, column: 'reference_id', code: 'column_missing', message, value: null });
    return { rows, errors, warnings: csv.warnings };
  }
  const dates = dateReader('iso', timeZone);
  for (const { line, values } of csv.rows) {
    const before = errors.length;
    const text = (column: Column): string | null => {
      const index = columns.get(column);
      const value = index === undefined ? '' : (values[index] ?? '');
      return value.trim() === '' ? null : value;
    };
    const refuse = (column: Column, code: string, message: string) =>
      errors.push({ line, column, code, message, value: excerpt(text(column) ?? '') });
    const ofRow = text('currency') ?? currency;
    const amount = (column: 'amount' | 'fee' | 'tax'): bigint | null => {
      const value = text(column);
      if (value === null && column !== 'amount') return null;
      const parsed = parseAmountOrZero(value ?? '', ofRow);
      if (parsed.ok) return parsed.minor;
      refuse(parsed.code === 'currency_unknown' ? 'currency' : column, parsed.code, parsed.message);
      return null;
    };
    const state = text('state');
    if (state !== null && !isState(state))
      refuse(
        'state',
        'state_unknown',
        `"${excerpt(state)}" is no state of a payout; they are ${PAYOUT_STATES.join(', ')}.`,
      );
    const day = (column: 'paid_at' | 'returned_at'): string | null => {
      const value = text(column);
      const stated = value === null ? null : dates(value);
      if (value !== null && stated === null)
        refuse(column, 'date_invalid', `"${excerpt(value)}" is no date; write it as 2026-11-20T10:00:00Z.`);
      return stated === null ? null : (stated.on ?? dayIn(timeZone, stated.at ?? ''));
    };
    const utr = text('utr');
    const row: OurRow = {
      line_no: line,
      reference_id: text('reference_id'),
      provider_reference: text('provider_reference'),
      provider_id: text('provider_id'),
      utr: utr === null ? null : normaliseUtr(utr),
      amount_minor: amount('amount') ?? 0n,
      currency: ofRow,
      fee_minor: amount('fee'),
      tax_minor: amount('tax'),
      state: state !== null && isState(state) ? state : null,
      paid_on: day('paid_at'),
      returned_on: state === 'returned' ? day('returned_at') : null,
    };
    if (errors.length === before) rows.push(row);
  }
  return { rows, errors, warnings: csv.warnings };
}

function isState(text: string): text is PayoutState {
  return (PAYOUT_STATES as readonly string[]).includes(text);
}
