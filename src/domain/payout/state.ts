/**
 * What a provider's status does to a payout, as data. Everything that reaches payrun about a payout, from an
 * answer, a look-up, a list or a webhook, is read through this one table; test/domain/payout/state.test.ts keeps
 * it as a picture. No line of it leads to failed but the provider's own word.
 */
import type { HoldReason, PayoutState, Position, ProviderState } from './payout.ts';

export type Verdict =
  | { verdict: 'stay' } // recorded, and nothing follows
  | { verdict: 'move'; to: 'pending' | 'paid' | 'failed' | 'returned' }
  | { verdict: 'contradiction' }; // asked again; held if it stands

const stay: Verdict = { verdict: 'stay' };
const contradiction: Verdict = { verdict: 'contradiction' };
const move = (to: 'pending' | 'paid' | 'failed' | 'returned'): Verdict => ({ verdict: 'move', to });

const fromDoubt: Record<ProviderState, Verdict> = {
  in_flight: move('pending'),
  success: move('paid'),
  failed: move('failed'),
  reversed: move('returned'),
  // The provider has it, under a word that we do not know: in its hands, nothing proven.
  unknown_word: move('pending'),
};

/** Nothing is known to have been sent, so a provider that knows the payout contradicts us. */
const neverSent: Record<ProviderState, Verdict> = {
  in_flight: contradiction,
  success: contradiction,
  failed: stay,
  reversed: contradiction,
  unknown_word: contradiction,
};

const nothingFollows: Record<ProviderState, Verdict> = {
  in_flight: stay,
  success: stay,
  failed: stay,
  reversed: stay,
  unknown_word: stay,
};

export const STATUS_TABLE: Readonly<Record<PayoutState, Readonly<Record<ProviderState, Verdict>>>> = {
  draft: neverSent,
  approved: neverSent,
  submitting: fromDoubt,
  pending: { ...fromDoubt, in_flight: stay, unknown_word: stay },
  unknown: fromDoubt,
  // A person decides. Only a payout that is held for want of evidence goes on by evidence; see `verdictOn`.
  held: nothingFollows,
  // Late and older words change nothing; the one way on from paid is back.
  paid: { ...nothingFollows, failed: contradiction, reversed: move('returned') },
  failed: { ...nothingFollows, success: contradiction, reversed: contradiction },
  returned: nothingFollows,
  cancelled: nothingFollows,
};

/** A person's word stands until a provider's agrees or contradicts; also an in-flight status contradicts "failed". */
const PERSONS_WORD: Readonly<
  Record<'paid' | 'failed' | 'returned', Readonly<Record<ProviderState, Verdict>>>
> = {
  paid: STATUS_TABLE.paid,
  failed: { ...STATUS_TABLE.failed, in_flight: contradiction },
  returned: { ...nothingFollows, in_flight: contradiction, success: contradiction, failed: contradiction },
};

export interface Standing {
  state: PayoutState;
  hold_reason: HoldReason | null;
  resolved_as: 'paid' | 'failed' | 'returned' | null;
}

export function verdictOn(standing: Standing, status: ProviderState): Verdict {
  if (standing.state === 'held' && standing.hold_reason === 'not_found_in_window') return fromDoubt[status];
  if (standing.resolved_as !== null && standing.state === standing.resolved_as) {
    return PERSONS_WORD[standing.resolved_as][status];
  }
  return STATUS_TABLE[standing.state][status];
}

/** Where the ledger must have the amount in each state; a held payout's stays where it was. */
export function positionOf(state: Exclude<PayoutState, 'held'>): Position {
  switch (state) {
    case 'draft':
    case 'approved':
    case 'cancelled':
    case 'failed':
      return 'available';
    case 'submitting':
    case 'pending':
    case 'unknown':
      return 'in_transit';
    case 'paid':
      return 'paid';
    case 'returned':
      return 'returned';
  }
}

/** The states in which a person may `payout retry`: the attempt before has provably failed or came back. */
export const RETRYABLE_STATES: ReadonlySet<PayoutState> = new Set(['failed', 'returned']);

/**
 * Held before a send, so that nothing of it is under way: `payout release` lets it go on. An attempt may be stored
 * all the same, where the provider executed nothing of it (no funds, out of reach) and the payout was approved again.
 */
export function isReleasable(payout: {
  state: PayoutState;
  position: Position;
  hold_reason: HoldReason | null;
}): boolean {
  const beforeSending =
    payout.hold_reason === 'beneficiary_unverified' || payout.hold_reason === 'look_alike';
  return payout.state === 'held' && payout.position === 'available' && beforeSending;
}
