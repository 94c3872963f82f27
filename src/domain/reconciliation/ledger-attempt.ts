import type { PayoutState } from '../payout/payout.ts';
import type { Rail } from '../payout/rail.ts';

/** One attempt as the ledger has it. Null is "not known" or, of a file, "not stated". */
export interface LedgerAttempt {
  payout_id: bigint;
  attempt_no: number;
  /** The batch's name, which a bulk debit may bear. */
  batch: string | null;
  rail: Rail | null;
  reference_id: string;
  provider_reference: string | null;
  provider_id: string | null;
  utr: string | null;
  return_utr: string | null;
  provider_beneficiary_id: string | null;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  state: PayoutState;
  /** Whether the books have the money as having left for good, and as having come back after that. */
  paid: boolean;
  returned: boolean;
  submitted_on: string | null;
  paid_on: string | null;
  returned_on: string | null;
  failed_on: string | null;
}
