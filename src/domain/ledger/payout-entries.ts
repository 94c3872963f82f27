/**
 * Which entries take a payout's amount from where it is to where it has to be. The ledger knows four positions;
 * every pair of them has its row here, so that whatever happens to a payout, what the books say of it is a function
 * of its position: in transit it stands on the in-transit account, paid on the booking account, else nowhere.
 */
import { Bug } from '../errors.ts';
import type { Position } from '../payout/payout.ts';
import { accountsOfProvider } from './account.ts';
import type { Posting } from './entry.ts';

/** What happened to a payout, or by hand; `journal_entries.event`. */
export type PayoutEvent =
  | 'submitted'
  | 'refused'
  | 'failed'
  | 'not_sent'
  | 'resolved'
  | 'paid'
  | 'returned'
  | 'failed_after_paid'
  | 'unproven'
  | 'fee'
  | 'tax'
  | 'fee_returned'
  | 'tax_returned';

/** Why money that was in transit is available again. */
export type BackReason = 'refused' | 'failed' | 'not_sent' | 'resolved';

/** What an event does to the amount of a payout as its beneficiary sees it; fees and tax are not theirs. */
export const MOVES: Readonly<Partial<Record<PayoutEvent, { in_transit: bigint; paid: bigint }>>> = {
  submitted: { in_transit: 1n, paid: 0n },
  refused: { in_transit: -1n, paid: 0n },
  failed: { in_transit: -1n, paid: 0n },
  not_sent: { in_transit: -1n, paid: 0n },
  resolved: { in_transit: -1n, paid: 0n },
  paid: { in_transit: -1n, paid: 1n },
  returned: { in_transit: 0n, paid: -1n },
  failed_after_paid: { in_transit: 0n, paid: -1n },
  unproven: { in_transit: 1n, paid: -1n },
};

export interface MoveFacts {
  provider: string;
  booking_account: string;
  amount_minor: bigint;
  currency: string;
  /** `failed` where it is left out. */
  reason?: BackReason;
}

export interface MadeEntry {
  event: PayoutEvent;
  postings: Posting[];
}

type Step = 'submitted' | 'back' | 'paid' | 'returned' | 'failed_after_paid' | 'unproven';

/** From (row) to (column). Money that came back is available again, so that both positions hold the same: nothing. */
const STEPS: Readonly<Record<Position, Readonly<Record<Position, readonly Step[]>>>> = {
  available: {
    available: [],
    in_transit: ['submitted'],
    paid: ['submitted', 'paid'],
    // It was paid and came back, and we saw neither: the books tell both.
    returned: ['submitted', 'paid', 'returned'],
  },
  in_transit: {
    available: ['back'],
    in_transit: [],
    paid: ['paid'],
    // Paid was never seen; it must have been, or nothing could have come back.
    returned: ['paid', 'returned'],
  },
  paid: {
    available: ['failed_after_paid'],
    in_transit: ['unproven'],
    paid: [],
    returned: ['returned'],
  },
  returned: {
    // A later attempt begins, or a person says that it had failed: the money is where it was.
    available: [],
    in_transit: ['submitted'],
    paid: ['submitted', 'paid'],
    returned: [],
  },
};

export function entriesToMove(from: Position, to: Position, facts: MoveFacts): MadeEntry[] {
  if (facts.amount_minor <= 0n) throw new Bug(`A payout of ${facts.amount_minor} minor units cannot move.`);
  return STEPS[from][to].map((step) => entryOfStep(step, facts));
}

function entryOfStep(step: Step, facts: MoveFacts): MadeEntry {
  const { available, in_transit } = accountsOfProvider(facts.provider);
  const booking = facts.booking_account;
  switch (step) {
    case 'submitted':
      return { event: 'submitted', postings: transfer(in_transit, available, facts) };
    case 'back':
      return { event: facts.reason ?? 'failed', postings: transfer(available, in_transit, facts) };
    case 'paid':
      return { event: 'paid', postings: transfer(booking, in_transit, facts) };
    case 'returned':
      return { event: 'returned', postings: transfer(available, booking, facts) };
    case 'failed_after_paid':
      return { event: 'failed_after_paid', postings: transfer(available, booking, facts) };
    case 'unproven':
      return { event: 'unproven', postings: transfer(in_transit, booking, facts) };
  }
}

function transfer(debit: string, credit: string, of: { amount_minor: bigint; currency: string }): Posting[] {
  return [
    { account: debit, amount_minor: of.amount_minor, currency: of.currency },
    { account: credit, amount_minor: -of.amount_minor, currency: of.currency },
  ];
}

export interface FeeFacts {
  provider: string;
  currency: string;
  /** Null where the provider has not stated it, which is not zero; nothing is posted for either. */
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  /** `deducted`: taken from the balance with the payout; `invoiced`: owed until the provider's invoice is paid. */
  fees: 'deducted' | 'invoiced';
  /** `recoverable`: the tax authority gives it back; `expense`: it stays a cost. */
  tax: 'recoverable' | 'expense';
}

/** The fee and the tax on it, each as an entry of its own: one may be stated later than the other. */
export function feeEntries(facts: FeeFacts): MadeEntry[] {
  return charge(facts, 'fee', 'tax', 1n);
}

/** The opposite, when the provider says that it gave them back. */
export function feeReturnedEntries(facts: FeeFacts): MadeEntry[] {
  return charge(facts, 'fee_returned', 'tax_returned', -1n);
}

function charge(facts: FeeFacts, feeEvent: PayoutEvent, taxEvent: PayoutEvent, sign: 1n | -1n): MadeEntry[] {
  const accounts = accountsOfProvider(facts.provider);
  const paidFrom = facts.fees === 'deducted' ? accounts.available : accounts.fees_payable;
  const taxAccount = facts.tax === 'recoverable' ? accounts.tax : accounts.fees;
  const entries: MadeEntry[] = [];
  for (const [event, account, charged] of [
    [feeEvent, accounts.fees, facts.fee_minor],
    [taxEvent, taxAccount, facts.tax_minor],
  ] as const) {
    if (charged === null || charged === 0n) continue;
    if (charged < 0n) throw new Bug(`A ${event} of ${charged} minor units is negative.`);
    entries.push({
      event,
      postings: transfer(account, paidFrom, { amount_minor: sign * charged, currency: facts.currency }),
    });
  }
  return entries;
}
