/** A break as output shows it; one shape for lists, for single breaks and for the comparison of two files. */
import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { FoundBreak } from '../../domain/reconciliation/break.ts';
import type { Calendar } from '../../domain/reconciliation/calendar.ts';
import type { BreakRow } from '../../store/breaks.ts';
import type { Column, Data } from '../command.ts';

export const BREAK_COLUMNS = [
  'break',
  'kind',
  'reference_id',
  'provider_id',
  'utr',
  'line',
  'ledger',
  'statement',
  'difference',
  'currency',
  'opened_on',
  'age_days',
  'state',
  'reason',
  'resolved_by',
] as const;

/** What fits a terminal. */
export const BREAK_VIEW: readonly Column[] = [
  { key: 'break', align: 'right' },
  { key: 'kind' },
  { key: 'reference_id' },
  // Both values go before the age where there is little room: the difference is what they come to.
  { key: 'age_days', title: 'age', align: 'right', spare: true },
  { key: 'line', align: 'right', spare: true },
  { key: 'ledger', spare: true },
  { key: 'statement', spare: true },
  { key: 'difference', align: 'right' },
  { key: 'currency' },
  { key: 'state' },
];

/** Of breaks that a person has just decided about. */
export const DECIDED_VIEW: readonly Column[] = [
  { key: 'break', align: 'right' },
  { key: 'kind' },
  { key: 'reference_id' },
  { key: 'ledger' },
  { key: 'statement' },
  { key: 'difference', align: 'right' },
  { key: 'currency' },
  { key: 'state' },
  { key: 'reason' },
  { key: 'entry', align: 'right' },
];

export function counted(breaks: number): string {
  return breaks === 1 ? '1 break' : `${breaks} breaks`;
}

/** With what a decision has left beside the break: the note, and the entry that was booked with it. */
export function decidedItem(row: BreakRow, today: string, calendar: Calendar): Data {
  const entry = row.entry_id === null ? null : Number(row.entry_id);
  return { ...breakItem(row, today, calendar), note: row.note, entry };
}

export function breakItem(row: BreakRow, today: string, calendar: Calendar): Data {
  return {
    break: Number(row.id),
    kind: row.kind,
    reference_id: row.reference_id,
    provider_id: row.provider_id,
    utr: row.utr,
    line: row.line_no === null ? null : Number(row.line_no),
    ledger: row.ledger_value,
    statement: row.statement_value,
    difference: amountOf(row.difference_minor, row.currency),
    currency: row.currency,
    opened_on: row.opened_on,
    age_days: calendar.between(row.opened_on, today),
    state: row.state,
    reason: row.reason,
    resolved_by: row.resolved_by,
  };
}

/** A break of two files has no number and no age: nothing remembers it. */
export function foundItem(found: FoundBreak, lineNo: number | null): Data {
  const { attempt, line } = found;
  return {
    break: null,
    kind: found.kind,
    reference_id: attempt?.reference_id ?? line?.provider_reference ?? null,
    provider_id: line?.provider_id ?? attempt?.provider_id ?? null,
    utr: line?.utr ?? attempt?.utr ?? null,
    line: lineNo,
    ledger: found.ledger,
    statement: found.statement,
    difference: amountOf(found.difference_minor, found.currency),
    currency: found.currency,
    opened_on: null,
    age_days: null,
    state: 'open',
    reason: null,
    resolved_by: null,
  };
}

function amountOf(minor: bigint | null, currency: string | null): string | null {
  return minor === null || currency === null ? null : formatAmount(minor, currency);
}

/** The number of a break or statement; 18 digits are more than there will be, and fewer than a column holds. */
export function numberOf(written: string, noun: 'break' | 'statement'): bigint {
  if (/^[1-9]\d{0,17}$/.test(written)) return BigInt(written);
  throw new PayrunError(
    'usage',
    'argument_invalid',
    `"${written}" is no ${noun}; write its number, such as 15.`,
    {
      hint: `List them with \`payrun ${noun} list\`.`,
    },
  );
}
