/**
 * Breaks: differences between statement and ledger that nobody has explained yet. One of a kind for each line or
 * payout; compare.ts finds them, and they live on in the store until a line, our side or a person ends them.
 */
import type { Money } from '../money/money.ts';
import type { RailRules } from '../payout/rail.ts';
import type { Calendar } from './calendar.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { StatementLine } from './statement-line.ts';

export const BREAK_KINDS = [
  'missing_on_statement',
  'in_transit_overdue',
  'missing_in_ledger',
  'amount_differs',
  'currency_differs',
  'status_differs',
  'utr_differs',
  'fee_differs',
  'duplicate_on_statement',
  'ambiguous',
] as const;
export type BreakKind = (typeof BREAK_KINDS)[number];

export const BREAK_STATES = ['open', 'resolved', 'closed'] as const;
export type BreakState = (typeof BREAK_STATES)[number];

/** Why a person says that a break needs no further work, where `[breaks] reasons` names no others. */
export const DEFAULT_REASONS: readonly string[] = [
  'provider_error', // the statement is wrong, and the provider knows
  'timing', // it will be on a later statement
  'our_error', // the ledger was wrong, and an entry by hand has corrected it
  'fee_agreed', // another fee than we had expected, and it is right
  'duplicate_reported', // the provider was told of the second line
  'written_off',
  'other',
];

/** Of a person's note: what a table and a sheet can still show. */
export const LONGEST_NOTE = 500;

export interface FoundBreak {
  kind: BreakKind;
  /** What it is about, in a form that stays the same from one reconciliation to the next. */
  subject: string;
  attempt: LedgerAttempt | null;
  line: StatementLine | null;
  /** What our side is called, where it is no payout's attempt. */
  reference_id?: string;
  /** The two values, as text for people; null where a side has none. */
  ledger: string | null;
  statement: string | null;
  /** Statement less ledger, in `currency`; null where the difference is none of money. */
  difference_minor: bigint | null;
  currency: string | null;
  /** What it does to the difference of the two matched sums. */
  effects: readonly Money[];
}

export interface Terms {
  /** Today in the ledger's time zone. */
  today: string;
  settlement_days: number;
  calendar: Calendar;
  /** What the provider charges, by rail; null where nobody has said. */
  rates: RailRules | null;
  /** How far the amounts of a pair may be apart that something else than its amount identifies: minor units, by currency. */
  tolerance: ReadonlyMap<string, bigint>;
}

/** An event of the books that no line explains: paid (positive) or returned (negative). */
export interface Unexplained {
  attempt: LedgerAttempt;
  minor: bigint;
}

/** A difference of two amounts that needs nobody: what the provider's rates make of it, or what is tolerated. */
export interface Explained extends Money {
  by: 'charges' | 'tolerance';
  line: StatementLine;
}

export interface Comparison {
  breaks: readonly FoundBreak[];
  /** Younger than the settlement window; no breaks. */
  expected: readonly Unexplained[];
  missing: readonly Unexplained[];
  /** Of payouts that an ambiguous line may be about. */
  ambiguous: readonly Unexplained[];
  /** What the books have as moved where a line explains it. */
  matched: readonly Unexplained[];
  /** Its effect on the difference of the two matched sums, as breaks have theirs. */
  explained: readonly Explained[];
}
