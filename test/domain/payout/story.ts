/** A payout as a test follows it through its events, with the entries that the ledger would keep. */
import type { NewEntry } from '../../../src/domain/ledger/entry.ts';
import {
  applyReport,
  type Change,
  type Occasion,
  type ReportedStatus,
} from '../../../src/domain/payout/change.ts';
import { ECHO_FIELDS } from '../../../src/domain/payout/echo.ts';
import type { ProviderState } from '../../../src/domain/payout/payout.ts';
import type { StoredPayout } from '../../../src/domain/payout/stored-payout.ts';

export const AMOUNT = 150000n;
export const occasion: Occasion = {
  // 00:30 on the 21st in India.
  at: '2026-11-20T19:00:00.000Z',
  actor: 'anna',
  rules: { time_zone: 'Asia/Kolkata', fees: 'deducted', tax: 'recoverable' },
};

export function approved(changes: Partial<StoredPayout> = {}): StoredPayout {
  return {
    id: 1n,
    reference_id: 'p-1',
    batch_id: 1n,
    beneficiary_id: 1n,
    amount_minor: AMOUNT,
    currency: 'INR',
    rail: 'IMPS',
    narration: null,
    account: 'expenses:payouts',
    tags: null,
    provider: 'nxt',
    state: 'approved',
    position: 'available',
    cycle: 0,
    attempt_no: 0,
    hold_reason: null,
    hold_note: null,
    provider_id: null,
    provider_reference: null,
    provider_status: null,
    utr: null,
    return_utr: null,
    fee_minor: null,
    tax_minor: null,
    failure_code: null,
    failure_reason: null,
    released_at: null,
    resolved_as: null,
    submitted_at: null,
    paid_at: null,
    returned_at: null,
    checked_at: null,
    updated_at: '2026-11-20T18:00:00.000Z',
    ...changes,
  };
}

const WORDS: Readonly<Record<ProviderState, string>> = {
  in_flight: 'PROCESSING',
  success: 'SUCCESS',
  failed: 'FAILED',
  reversed: 'REVERSED',
  unknown_word: 'ON_HOLD',
};

function report(
  payout: StoredPayout,
  state: ProviderState,
  changes: Partial<ReportedStatus> = {},
): ReportedStatus {
  return {
    provider_reference: payout.provider_reference ?? payout.reference_id,
    provider_beneficiary_id: 'bene_1',
    provider_id: `pout_${payout.attempt_no}`,
    amount_minor: AMOUNT,
    currency: 'INR',
    state,
    status: WORDS[state],
    utr: state === 'success' || state === 'reversed' ? 'UTR1' : null,
    fee_minor: null,
    tax_minor: null,
    failure_reason: state === 'failed' ? 'account closed' : null,
    failure_code: state === 'failed' ? 'beneficiary_account' : null,
    created_at: null,
    completed_at: null,
    reversed_at: null,
    updated_at: null,
    ...changes,
  };
}

/** Follows a payout and keeps all its entries, as the ledger would. */
export function follow(start: StoredPayout = approved()) {
  const entries: NewEntry[] = [];
  const story = {
    payout: start,
    entries,
    take(change: Change) {
      story.payout = change.payout;
      entries.push(...change.entries);
      return story;
    },
    hear(state: ProviderState, changes: Partial<ReportedStatus> = {}, confirmed = false) {
      const effect = applyReport(
        story.payout,
        report(story.payout, state, changes),
        { provider_beneficiary_id: 'bene_1', echoes: ECHO_FIELDS },
        confirmed,
        occasion,
      );
      story.take(effect);
      return effect;
    },
    events: () => entries.map((entry) => entry.event),
    balances: () => balances(entries),
  };
  return story;
}

export function balances(entries: readonly NewEntry[]): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { account, amount_minor } of entries.flatMap((entry) => entry.postings)) {
    const name = account.replace('assets:providers:nxt:', '');
    sums[name] = (sums[name] ?? 0n) + amount_minor;
  }
  for (const [name, sum] of Object.entries(sums)) if (sum === 0n) delete sums[name];
  return sums;
}
