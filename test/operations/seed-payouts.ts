/** Payouts written straight into a ledger as a run of submissions and syncs would leave them. */
import type { PayoutState, Position } from '../../src/domain/payout/payout.ts';
import type { Database, Transaction } from '../../src/store/database.ts';
import { recordEverything, recordRows } from '../../src/store/records.ts';
import { BATCH_SQL, BENEFICIARY_SQL, PAYOUT_SQL } from './seed-sql.ts';

export interface SeededPayout {
  reference_id: string;
  amount_minor: bigint;
  state: PayoutState;
  position: Position;
  provider_id: string | null;
  utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  /** RFC 3339 UTC. */
  submitted_at: string;
  paid_at: string | null;
  returned_at: string | null;
  /** Attempts before the current one, with how they ended. */
  ended: { provider_id: string | null; state: 'failed' | 'returned'; at: string }[];
}

export const PAID_AT = '2026-11-18T06:00:00.000Z';

export function seeded(no: number, changes: Partial<SeededPayout> = {}): SeededPayout {
  return {
    reference_id: `pay-${String(no).padStart(6, '0')}`,
    amount_minor: 100_000n + BigInt(no),
    state: 'paid',
    position: 'paid',
    provider_id: `po_${no}`,
    utr: `UTR${String(no).padStart(9, '0')}`,
    fee_minor: 350n,
    tax_minor: 63n,
    submitted_at: PAID_AT,
    paid_at: PAID_AT,
    returned_at: null,
    ended: [],
    ...changes,
  };
}

export async function seedPayouts(
  database: Database,
  provider: string,
  payouts: readonly SeededPayout[],
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    await tx.run(BATCH_SQL, { provider, rows: payouts.length });
    for (const [index, payout] of payouts.entries()) await seedPayout(tx, provider, index + 1, payout);
    await recordEverything(tx);
  });
}

async function seedPayout(
  tx: Transaction,
  provider: string,
  id: number,
  payout: SeededPayout,
): Promise<void> {
  const attemptNo = payout.ended.length + 1;
  const { ended, ...columns } = payout;
  const reference = (no: number) => (no === 1 ? payout.reference_id : `${payout.reference_id}.r${no}`);
  await tx.run(PAYOUT_SQL, {
    ...columns,
    id,
    provider,
    attempt_no: attemptNo,
    provider_reference: reference(attemptNo),
    hold_reason: payout.state === 'held' ? 'contradiction' : null,
  });
  for (let no = 1; no <= attemptNo; no += 1) {
    const end = ended[no - 1];
    await tx.run(
      `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256,
         stored_at, ended_at, state, provider_id)
       values (:id, :no, :provider, :reference, 'ben_1', '{}', 'x', :at, :ended_at, :state, :provider_id)`,
      {
        id,
        no,
        provider,
        reference: reference(no),
        at: payout.submitted_at,
        ended_at: end?.at ?? null,
        state: end?.state ?? null,
        provider_id: end?.provider_id ?? null,
      },
    );
    await tx.run(
      `insert into sends (payout_id, attempt_no, kind, sent_at, answered_at, outcome, http_status)
       values (:id, :no, 'submit', :at, :at, 'accepted', 202)`,
      { id, no, at: payout.submitted_at },
    );
  }
}

/** What a provider does behind our back, and what sync finds out later. */
export async function changePayout(
  database: Database,
  referenceId: string,
  changes: Partial<
    Pick<SeededPayout, 'state' | 'position' | 'paid_at' | 'returned_at' | 'utr' | 'fee_minor'>
  >,
): Promise<void> {
  const names = Object.keys(changes);
  await database.transaction(async (tx) => {
    const changed = await tx.all<{ id: bigint }>(
      `update payouts set ${names.map((name) => `${name} = :${name}`).join(', ')} where reference_id = :reference returning id`,
      {
        ...changes,
        reference: referenceId,
      },
    );
    await recordRows(
      tx,
      'payout',
      changed.map(({ id }) => id),
    );
  });
}

export const HEADER =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';

export interface ReportRow {
  payout_id: string;
  reference_id: string;
  utr: string;
  amount: string;
  fee: string;
  tax: string;
  currency: string;
  status: string;
  completed_at: string;
}

/** The row that a report has for a payout which agrees with it. */
export function reportRow(payout: SeededPayout, changes: Partial<ReportRow> = {}): string {
  const row: ReportRow = {
    payout_id: payout.provider_id ?? '',
    reference_id: payout.reference_id,
    utr: payout.utr ?? '',
    amount: rupees(payout.amount_minor),
    fee: payout.fee_minor === null ? '' : rupees(payout.fee_minor),
    tax: payout.tax_minor === null ? '' : rupees(payout.tax_minor),
    currency: 'INR',
    status:
      { paid: 'SUCCESS', returned: 'REVERSED', failed: 'FAILED' }[payout.state as string] ?? 'PROCESSING',
    completed_at: payout.paid_at ?? '',
    ...changes,
  };
  const { payout_id, reference_id, utr, amount, fee, tax, currency, status, completed_at } = row;
  return `${payout_id},${reference_id},${utr},ben_1,${amount},${fee},${tax},${currency},IMPS,${status},,${payout.submitted_at},${completed_at}`;
}

export function report(rows: readonly string[]): string {
  return `${[HEADER, ...rows].join('\r\n')}\r\n`;
}

function rupees(minor: bigint): string {
  return `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
}
