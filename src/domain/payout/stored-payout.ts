/** A payout as it is stored: what decisions are made from, and what they change. */
import type { FailureCode, HoldReason, PayoutState, Position } from './payout.ts';
import type { Rail } from './rail.ts';

export interface StoredPayout {
  readonly id: bigint;
  readonly reference_id: string;
  readonly batch_id: bigint;
  readonly beneficiary_id: bigint;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly rail: Rail;
  readonly narration: string | null;
  /** The booking account. */
  readonly account: string;
  /** The canonical text of domain/ledger/tags.ts. */
  readonly tags: string | null;
  readonly provider: string;
  state: PayoutState;
  position: Position;
  cycle: number;
  attempt_no: number;
  hold_reason: HoldReason | null;
  hold_note: string | null;
  provider_id: string | null;
  provider_reference: string | null;
  provider_status: string | null;
  utr: string | null;
  return_utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_code: FailureCode | null;
  failure_reason: string | null;
  released_at: string | null;
  resolved_as: 'paid' | 'failed' | 'returned' | null;
  submitted_at: string | null;
  paid_at: string | null;
  returned_at: string | null;
  checked_at: string | null;
  updated_at: string;
}
