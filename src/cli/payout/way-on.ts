/** What a person can do about a payout as it stands: one line below it. */
import type { PayoutListRow } from '../../store/payout-list.ts';

/** Null where it is nobody's turn, or a batch's. */
export function wayOn(row: PayoutListRow): string | null {
  switch (row.state) {
    case 'held':
      return wayOnOfHeld(row);
    case 'submitting':
    case 'unknown':
      return `Ask the provider again with: payrun batch submit ${row.batch} --yes (nothing is paid twice)`;
    case 'pending':
      return `Follow it with: payrun payout sync --batch ${row.batch} --wait`;
    case 'failed':
    case 'returned':
      return `Once the cause is gone, pay it again with: payrun payout retry ${row.reference_id}`;
    case 'draft':
    case 'approved':
    case 'paid':
    case 'cancelled':
      return null;
  }
}

function wayOnOfHeld({ reference_id, hold_reason, attempt_no }: PayoutListRow): string | null {
  if (hold_reason === 'beneficiary_unverified' || hold_reason === 'look_alike') {
    const letGo = `Let it go on with: payrun payout release ${reference_id} --reason "…"`;
    return attempt_no > 0n ? letGo : `${letGo}\nLeave it out with: payrun payout cancel ${reference_id}`;
  }
  // What was sent before a restore, `payout sync` takes over; the note says so.
  if (attempt_no === 0n) return null;
  return `It was sent. Find out from the provider what became of it, then: payrun payout resolve ${reference_id} --as paid|failed|returned --reason "…"`;
}
