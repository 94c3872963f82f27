/** What a sync tells: counts and no lists, so that one of a million payouts takes no more memory than their ids. */
import type { PayoutState } from '../domain/payout/payout.ts';
import type { Stopped } from './submission.ts';

export type StateCounts = Partial<Record<PayoutState, number>>;

export interface SyncReport {
  asked: number;
  changed: number;
  /** What was said of a payout and cannot be used, so that it stays as it was: the first few, and how many in all. */
  unusable: { count: number; first: { reference_id: string; reason: string }[] };
  /** How many this sync has moved into each state. */
  reached: StateCounts;
  /** States of the payouts that were asked about, in the rounds before too, as they stand now. */
  states: StateCounts;
  /** References of the provider's payouts that no payout of this ledger answers for; only after a restore. */
  foreign: string[];
  stopped: Stopped | null;
}

export function emptySync(): SyncReport {
  return {
    asked: 0,
    changed: 0,
    unusable: { count: 0, first: [] },
    reached: {},
    states: {},
    foreign: [],
    stopped: null,
  };
}

export function countMove(report: SyncReport, into: PayoutState): void {
  report.changed += 1;
  addCounts(report.reached, { [into]: 1 });
}

// Enough to see what they have in common.
const SHOWN_UNUSABLE = 5;

export function countUnusable(report: SyncReport, { count, first }: SyncReport['unusable']): void {
  report.unusable.count += count;
  report.unusable.first.push(...first.slice(0, SHOWN_UNUSABLE - report.unusable.first.length));
}

export function addCounts(total: StateCounts, counts: StateCounts): void {
  for (const [name, count] of Object.entries(counts)) {
    const state = name as PayoutState;
    total[state] = (total[state] ?? 0) + count;
  }
}
