/** Approvals: a person's word on one digest of a batch, never deleted, only voided. */
import { BEFORE_SENDING } from './batches.ts';
import { inList, listParam, type Transaction } from './database.ts';
import { recordRows } from './records.ts';

export interface VoidedBatch {
  batch_id: bigint;
  name: string;
}

/**
 * Voids the approvals of every batch that still has something to send to these beneficiaries, and takes its rows
 * that were not sent back to draft. Answers the batches whose approvals it voided, by name.
 */
export async function voidApprovalsFor(
  tx: Transaction,
  beneficiaryIds: readonly bigint[],
  reason: string,
  now: string,
): Promise<VoidedBatch[]> {
  const unsent = await tx.all<VoidedBatch>(
    `select distinct b.id as batch_id, b.name from payouts p join batches b on b.id = p.batch_id
     where p.beneficiary_id in (${inList('beneficiaries')}) and b.cancelled_at is null
       and (p.state in ('draft', 'approved') or (p.state = 'held' and p.position = 'available' and p.${BEFORE_SENDING}))
     order by b.name`,
    { beneficiaries: listParam(beneficiaryIds) },
  );
  const batches = listParam(unsent.map((batch) => batch.batch_id));
  const voided = await tx.all<{ id: bigint; batch_id: bigint }>(
    `update approvals set voided_at = :now, void_reason = :reason
     where voided_at is null and batch_id in (${inList('batches')}) returning id, batch_id`,
    { batches, now, reason },
  );
  // Also an attempt of which nothing was executed, or a retry that is under way in another process right now.
  await tx.run(
    `update payouts set state = 'draft', updated_at = :now
     where state = 'approved' and batch_id in (${inList('batches')})`,
    { batches, now },
  );
  const begun = await tx.all<{ id: bigint }>(
    `select id from payouts where state = 'draft' and attempt_no > 0 and batch_id in (${inList('batches')})`,
    { batches },
  );
  // What a person let go on was let go on to the account of that day.
  const forgotten = await tx.all<{ id: bigint }>(
    `update payouts set released_at = null
     where released_at is not null and beneficiary_id in (${inList('beneficiaries')}) returning id`,
    { beneficiaries: listParam(beneficiaryIds) },
  );
  await recordRows(
    tx,
    'approval',
    voided.map((row) => row.id),
  );
  await recordRows(tx, 'payout', [...new Set([...begun, ...forgotten].map((row) => row.id))]);
  const ids = new Set(voided.map((row) => row.batch_id));
  return unsent.filter((batch) => ids.has(batch.batch_id));
}
