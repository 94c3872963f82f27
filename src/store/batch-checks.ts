/** Payouts that resemble another: the same account, amount and currency. Most are meant; a list that came twice is not. */
import type { Reader } from './database.ts';

export interface LookAlike {
  payout_id: bigint;
  row_no: bigint;
  reference_id: string;
  other_reference: string;
  other_batch: string;
  same_batch: boolean;
}

const STILL_TO_BE_SENT = `(p.state in ('draft', 'approved') or (p.state = 'held' and p.position = 'available' and p.attempt_no = 0))`;

/**
 * Rows of this batch still to be sent that pay what a payout of another batch pays, where that one was imported or
 * sent since `since`, and was neither cancelled nor failed. By row; one other payout stands for all of them.
 */
export async function resemblingOtherBatches(
  reader: Reader,
  batchId: bigint,
  since: string,
): Promise<LookAlike[]> {
  const rows = await reader.all<Omit<LookAlike, 'same_batch'>>(
    `with others as materialized (
       select b.fingerprint, p.amount_minor, p.currency, max(p.id) as payout_id
       from payouts p join beneficiaries b on b.id = p.beneficiary_id
       where p.batch_id <> :batch and p.state not in ('cancelled', 'failed')
         and (p.created_at >= :since or p.submitted_at >= :since)
       group by b.fingerprint, p.amount_minor, p.currency)
     select p.id as payout_id, p.row_no, p.reference_id, o.reference_id as other_reference, ob.name as other_batch
     from payouts p join beneficiaries b on b.id = p.beneficiary_id
       join others on others.fingerprint = b.fingerprint and others.amount_minor = p.amount_minor and others.currency = p.currency
       join payouts o on o.id = others.payout_id
       join batches ob on ob.id = o.batch_id
     where p.batch_id = :batch and ${STILL_TO_BE_SENT}
     order by p.row_no`,
    { batch: batchId, since },
  );
  return rows.map((row) => ({ ...row, same_batch: false }));
}

/** Rows of this batch that pay what an earlier row of it pays; the first of them is not among them. */
export async function resemblingWithinBatch(reader: Reader, batchId: bigint): Promise<LookAlike[]> {
  const rows = await reader.all<Omit<LookAlike, 'same_batch'>>(
    `with mine as (
       select p.id as payout_id, p.row_no, p.reference_id, bt.name as other_batch,
         first_value(p.reference_id) over (
           partition by b.fingerprint, p.amount_minor, p.currency order by p.row_no) as other_reference,
         row_number() over (partition by b.fingerprint, p.amount_minor, p.currency order by p.row_no) as place
       from payouts p join beneficiaries b on b.id = p.beneficiary_id join batches bt on bt.id = p.batch_id
       where p.batch_id = :batch and ${STILL_TO_BE_SENT})
     select payout_id, row_no, reference_id, other_reference, other_batch from mine where place > 1 order by row_no`,
    { batch: batchId },
  );
  return rows.map((row) => ({ ...row, same_batch: true }));
}

export interface RepeatedRows {
  /** Without the first of each. */
  count: bigint;
  first_row: bigint;
  again_row: bigint;
}

/**
 * How many rows of this batch still to be sent pay a beneficiary what an earlier row of it pays, and where the first such
 * pair stands. Counted without a list of them: all rows of a large batch may be alike.
 */
export async function repeatedRows(reader: Reader, batchId: bigint): Promise<RepeatedRows | null> {
  const row = await reader.get<RepeatedRows>(
    `select sum(times - 1) over () as count, first_row, again_row from (
       select count(*) as times, min(p.row_no) as first_row, max(p.row_no) as again_row
       from payouts p where p.batch_id = :batch and ${STILL_TO_BE_SENT}
       group by p.beneficiary_id, p.amount_minor having count(*) > 1)
     order by first_row limit 1`,
    { batch: batchId },
  );
  return row ?? null;
}

export interface OtherName {
  id: bigint;
  beneficiary_ref: string;
  beneficiary_name: string;
  registered_name: string;
}

/** Beneficiaries of rows still to be sent whose account the bank knows under a name that is spelled otherwise. */
export async function otherNames(reader: Reader, batchId: bigint, provider: string): Promise<OtherName[]> {
  return reader.all<OtherName>(
    `select distinct b.id, b.beneficiary_ref, b.name as beneficiary_name, r.registered_name
     from payouts p join beneficiaries b on b.id = p.beneficiary_id
       join registrations r on r.beneficiary_id = b.id and r.provider = :provider and r.fingerprint = b.fingerprint
     where p.batch_id = :batch and ${STILL_TO_BE_SENT} and p.released_at is null
       and r.status = 'verified' and lower(r.registered_name) <> lower(b.name)
     order by b.id`,
    { batch: batchId, provider },
  );
}

export interface RowToSend {
  payout_id: bigint;
  row_no: bigint;
  reference_id: string;
  amount_minor: bigint;
  rail: string;
  beneficiary_ref: string;
  beneficiary_name: string;
  destination_kind: 'bank_account' | 'vpa';
  fingerprint: string;
  account_masked: string;
  registration_status: 'pending' | 'verified' | 'failed' | null;
  registered_name: string | null;
  failure_reason: string | null;
  /** When a person let it go on after it was held. */
  released_at: string | null;
}

/** Rows of a batch still to be sent, with what the provider knows of each beneficiary under its present account. */
export async function rowsToSend(reader: Reader, batchId: bigint, provider: string): Promise<RowToSend[]> {
  return reader.all<RowToSend>(
    `select p.id as payout_id, p.row_no, p.reference_id, p.amount_minor, p.rail, b.beneficiary_ref,
       b.name as beneficiary_name, b.destination_kind, b.fingerprint, b.account_masked,
       r.status as registration_status, r.registered_name, r.failure_reason, p.released_at
     from payouts p join beneficiaries b on b.id = p.beneficiary_id
       left join registrations r on r.beneficiary_id = b.id and r.provider = :provider and r.fingerprint = b.fingerprint
     where p.batch_id = :batch and ${STILL_TO_BE_SENT}
     order by p.row_no`,
    { batch: batchId, provider },
  );
}

/** What other batches of the provider have approved and not sent, in minor units. */
export async function approvedElsewhere(
  reader: Reader,
  batchId: bigint,
  provider: string,
  currency: string,
): Promise<bigint> {
  const row = await reader.get<{ amount_minor: bigint | null }>(
    `select sum(amount_minor) as amount_minor from payouts
     where provider = :provider and state = 'approved' and batch_id <> :batch and currency = :currency`,
    { batch: batchId, provider, currency },
  );
  return row?.amount_minor ?? 0n;
}
