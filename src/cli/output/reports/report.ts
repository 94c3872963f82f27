/** What a reconciliation has to say in a report, whatever the report's form; and the words that the forms share. */
import { isAccountName } from '../../../domain/ledger/account.ts';
import type { BreakKind } from '../../../domain/reconciliation/break.ts';
import type { Data } from '../../command.ts';
import { counted } from '../counted.ts';
import { sanitise } from '../sanitise.ts';
import type { ReportedBalance } from './account-balance.ts';

export interface ReportedBreak {
  /** As `break list` shows it. */
  item: Data;
  kind: BreakKind;
  difference_minor: bigint | null;
  currency: string | null;
  /** Null where two files were compared. */
  age_days: number | null;
  /** Where its line stands; null where it has none, or nobody knows. */
  file: string | null;
  /** Whether it is among what the job shall fail for. */
  fails: boolean;
}

export interface ReportedTotals {
  currency: string;
  statement: Readonly<Record<string, string>>;
  ledger: Readonly<Record<string, string>>;
  differences: string;
  /** Of the differences, what needs nobody: by what explains it. */
  explained: Readonly<Record<string, string>>;
  /** What the lines of `other` are about. */
  others: Readonly<Record<string, string>>;
  unexplained: string;
}

export interface ReportedStatement {
  file: string;
  sha256: string;
  profile: string;
  lines: number;
  already_imported: boolean;
  /** What the file states of itself, held against its rows. */
  proofs: readonly {
    what: string;
    currency: string | null;
    line: number;
    stated: string;
    found: string;
    proved: boolean;
  }[];
}

/** What a reconciliation left open: how many breaks, and their differences in minor units by currency. */
export interface PastReconciliation {
  on: string;
  open_count: number;
  amounts: ReadonlyMap<string, bigint>;
}

export interface Report {
  /** Null where two files were compared. */
  provider: string | null;
  reconciliation: number | null;
  /** RFC 3339 UTC. */
  made_at: string;
  actor: string;
  os_user: string;
  host: string;
  version: string;
  rehearsed: boolean;
  statements: readonly ReportedStatement[];
  /** The last that were taken in before or now, the newest first. */
  latest: readonly ReportedStatement[];
  /** Those that a person has taken back, the newest first. */
  withdrawn: readonly { statement: number; file: string; at: string; by: string; reason: string }[];
  from: string | null;
  to: string | null;
  missing_days: readonly string[];
  matched: number;
  expected: number;
  open: number;
  new: number;
  carried: number;
  closed: number;
  totals: readonly ReportedTotals[];
  /** Of an account of the books. */
  balances: readonly ReportedBalance[];
  breaks: readonly ReportedBreak[];
  /** The rules of --fail-on, as they were written; none: everything that is open fails. */
  fail_on: readonly string[];
  /** Oldest first, this one included. */
  history: readonly PastReconciliation[];
}

export function titleOf(report: Report): string {
  const what = report.provider === null ? 'two files' : report.provider;
  const number = report.reconciliation === null ? '' : ` (reconciliation ${report.reconciliation})`;
  return `Reconciliation of ${what}${report.rehearsed ? ', rehearsed' : number}`;
}

// A value from a statement may be long; a reader has the beginning, and the sheet has all.
const LONGEST_SENTENCE = 500;

/** A break in one line of plain text, safe to show but not yet for a markup. */
export function sentenceOf({ item, file }: ReportedBreak): string {
  const parts = [
    `ledger ${item.ledger ?? 'nothing'}`,
    `statement ${item.statement ?? 'nothing'}`,
    ...(item.difference === null ? [] : [`difference ${item.difference} ${item.currency ?? ''}`.trimEnd()]),
    ...(item.line === null ? [] : [file === null ? `line ${item.line}` : `line ${item.line} of ${file}`]),
    ...(item.break === null ? [] : [`break ${item.break}`]),
    ...(item.age_days === null ? [] : [`${item.age_days} business days old`]),
  ];
  const sentence = sanitise(`${nameOf(item)}: ${parts.join(', ')}`);
  return sentence.length <= LONGEST_SENTENCE ? sentence : `${sentence.slice(0, LONGEST_SENTENCE - 1)}…`;
}

function nameOf(item: Data): string {
  return String(item.reference_id ?? item.provider_id ?? item.utr ?? 'a line without a name');
}

/** What is told first: one sentence that is the same in every form. */
export function summaryOf(report: Pick<Report, 'provider' | Count>): string {
  const matched = counted(report.matched, 'line', 'lines');
  const expected = isAccountName(report.provider ?? '')
    ? counted(report.expected, 'entry', 'entries')
    : counted(report.expected, 'payout', 'payouts');
  const open = counted(report.open, 'open break', 'open breaks');
  return `${matched} matched, ${expected} expected on a later statement, ${open} (${report.new} new, ${report.carried} carried on), ${report.closed} closed.`;
}

type Count = 'matched' | 'expected' | 'open' | 'new' | 'carried' | 'closed';

/** Nothing is left that no line and no payout explains. */
export function isProved({ unexplained }: ReportedTotals): boolean {
  return /^0(\.0+)?$/.test(unexplained);
}

/** Names of the sums, in the order in which they are proved. */
export function sumNames({ statement, ledger }: ReportedTotals): string[] {
  return [...new Set([...Object.keys(statement), ...Object.keys(ledger)])];
}
