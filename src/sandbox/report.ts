/**
 * The daily report: one row for each payout that changed on a day of the Indian calendar, as the payout stands
 * now. A payout that is reversed on a later day has a row in that day's report too.
 */
import { stringify } from 'csv-stringify/sync';
import { formatAmount } from '../domain/money/money.ts';
import { CURRENCY, changesOf, type SandboxPayout, viewAt } from './payout.ts';

export const REPORT_COLUMNS = [
  'payout_id',
  'reference_id',
  'utr',
  'beneficiary_id',
  'amount',
  'fee',
  'tax',
  'currency',
  'mode',
  'status',
  'failure_reason',
  'created_at',
  'completed_at',
] as const;

const DAY_MS = 86_400_000;
// Rows that become text at a time, so that a long report does not stand in memory whole.
const ROWS_PER_CHUNK = 1000;

/** The instants between which an Indian day lies, or null where `date` is no day. India has no summer time. */
export function dayBounds(date: string): { from: string; to: string } | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return null;
  const calendar = new Date(`${date}T00:00:00Z`);
  // 2026-02-30 rolls over to March in some engines and is invalid in others.
  if (Number.isNaN(calendar.getTime()) || calendar.toISOString().slice(0, 10) !== date) return null;
  const from = new Date(`${date}T00:00:00+05:30`).getTime();
  return { from: new Date(from).toISOString(), to: new Date(from + DAY_MS).toISOString() };
}

/** The payouts of a day's report, in the order of acceptance. */
export function changedBetween(
  payouts: readonly SandboxPayout[],
  bounds: { from: string; to: string },
  at: string,
): SandboxPayout[] {
  const within = (instant: string) => instant >= bounds.from && instant < bounds.to && instant <= at;
  return payouts.filter((payout) => changesOf(payout).some((change) => within(change.at)));
}

export function* reportText(payouts: readonly SandboxPayout[], at: string): Iterable<string> {
  yield stringify([REPORT_COLUMNS], { record_delimiter: 'windows' });
  for (let start = 0; start < payouts.length; start += ROWS_PER_CHUNK) {
    const rows = payouts.slice(start, start + ROWS_PER_CHUNK).map((payout) => reportRow(payout, at));
    yield stringify(rows, { record_delimiter: 'windows' });
  }
}

/** Empty where nothing is known: a fee that was never charged is not a fee of zero. */
function reportRow(payout: SandboxPayout, at: string): string[] {
  const view = viewAt(payout, at);
  const amount = (minor: bigint | null) => (minor === null ? '' : formatAmount(minor, CURRENCY));
  return [
    payout.payout_id,
    payout.reference_id,
    view.utr ?? '',
    payout.beneficiary_id,
    amount(payout.amount_minor),
    amount(view.fee_minor),
    amount(view.tax_minor),
    CURRENCY,
    payout.mode,
    view.status,
    view.failure_reason ?? '',
    payout.created_at,
    view.completed_at ?? '',
  ];
}
