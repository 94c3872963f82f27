/** Rows that the ledger's tests stand on: a batch with payouts, and entries for them. */
import type { NewEntry } from '../../src/domain/ledger/entry.ts';
import { entriesToMove } from '../../src/domain/ledger/payout-entries.ts';
import type { Position } from '../../src/domain/payout/payout.ts';
import type { Database } from '../../src/store/database.ts';
import { recordEverything } from '../../src/store/records.ts';

export const AVAILABLE = 'assets:providers:nxt:available';
export const IN_TRANSIT = 'assets:providers:nxt:in-transit';
export const BOOKING = 'expenses:payouts';
export const AMOUNT = 150000n;

const STATE_AT: Record<Position, string> = {
  available: 'failed',
  in_transit: 'pending',
  paid: 'paid',
  returned: 'returned',
};

/** Payouts 1 … n of 1500.00 INR, `p-1` … `p-n`, each at the position given for it. */
export async function insertPayouts(database: Database, positions: readonly Position[]): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run(
      `insert into beneficiaries (id, beneficiary_ref, name, destination_kind, account_sealed, account_masked, fingerprint, ifsc, row_fingerprint, created_at, updated_at)
       values (1, 'b-1', 'Asha', 'bank_account', 'x', '••••1234', 'f', 'HDFC0000001', 'r', 't', 't')`,
    );
    await tx.run(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256, account, imported_at, imported_by)
       values (1, 'salary', 'nxt', 'INR', 1, 1, 'd', 'f.csv', 's', 'c', '${BOOKING}', 't', 'anna')`,
    );
    await tx.runMany(
      `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, position, attempt_no, utr, created_at, updated_at)
       values (:id, :ref, 1, :id, :id, 1, ${AMOUNT}, 'INR', 'IMPS', '${BOOKING}', 'nxt', :state, :position, 1, :utr, 't', 't')`,
      positions.map((position, index) => ({
        id: index + 1,
        ref: `p-${index + 1}`,
        state: STATE_AT[position],
        position,
        utr: position === 'paid' ? `UTR${index + 1}` : null,
      })),
    );
    await recordEverything(tx);
  });
}

/** The entries that take a payout from one position to another. */
export function moveEntries(
  payoutId: number,
  from: Position,
  to: Position,
  changes: Partial<NewEntry> = {},
): NewEntry[] {
  const moves = entriesToMove(from, to, {
    provider: 'nxt',
    booking_account: BOOKING,
    amount_minor: AMOUNT,
    currency: 'INR',
  });
  return moves.map(({ event, postings }) => ({
    event,
    payout: { payout_id: BigInt(payoutId), attempt_no: 1, cycle: 1 },
    reference_id: `p-${payoutId}`,
    provider: 'nxt',
    booked_on: '2026-11-20',
    recorded_at: '2026-11-20T10:00:00.000Z',
    description: `p-${payoutId} ${event}`,
    actor: 'anna',
    entry_ref: null,
    reverses_id: null,
    postings,
    ...changes,
  }));
}

/** An entry by hand: debit `to`, credit `from`. */
export function handEntry(
  ref: string,
  to: string,
  from: string,
  amount_minor: bigint,
  changes: Partial<NewEntry> = {},
): NewEntry {
  return {
    event: 'recorded',
    payout: null,
    reference_id: null,
    provider: null,
    booked_on: '2026-11-19',
    recorded_at: '2026-11-20T10:00:00.000Z',
    description: `hand ${ref}`,
    actor: 'anna',
    entry_ref: ref,
    reverses_id: null,
    postings: [
      { account: to, amount_minor, currency: 'INR' },
      { account: from, amount_minor: -amount_minor, currency: 'INR' },
    ],
    ...changes,
  };
}
