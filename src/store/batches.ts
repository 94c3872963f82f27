/** Batches and their approvals: written at import, found by name or content, closed when nothing of them is left. */

import type { Actor } from '../domain/actor.ts';
import type { CanonicalPayout } from '../domain/payout/batch.ts';
import type { PayoutState } from '../domain/payout/payout.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';

export interface BatchRow {
  id: bigint;
  name: string;
  provider: string;
  currency: string;
  row_count: bigint;
  amount_minor: bigint;
  digest: string;
  file_name: string;
  file_sha256: string;
  content_sha256: string;
  account: string;
  imported_at: string;
  imported_by: string;
  cancelled_at: string | null;
  /** SHA-256 over all columns of the rows as they were imported; null where an older payrun imported them. */
  rows_sha256: string | null;
}

const COLUMNS = `id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256,
  account, imported_at, imported_by, cancelled_at, rows_sha256`;

export async function batchById(reader: Reader, id: bigint): Promise<BatchRow | undefined> {
  return reader.get<BatchRow>(`select ${COLUMNS} from batches where id = :id`, { id });
}

/** The batch of that name, whatever its case: the living one, else the newest that was cancelled. */
export async function batchByName(reader: Reader, name: string): Promise<BatchRow | undefined> {
  return reader.get<BatchRow>(
    `select ${COLUMNS} from batches where lower(name) = :name
     order by case when cancelled_at is null then 0 else 1 end, id desc limit 1`,
    { name: name.toLowerCase() },
  );
}

/** Living batches that were imported from the same rows, oldest first. */
export async function batchesByContent(reader: Reader, contentSha256: string): Promise<BatchRow[]> {
  return reader.all<BatchRow>(
    `select ${COLUMNS} from batches where content_sha256 = :content and cancelled_at is null order by id`,
    { content: contentSha256 },
  );
}

/** From behind `after` on, in the order of their import. */
export async function listBatches(
  reader: Reader,
  page: { after: bigint; limit: number },
): Promise<BatchRow[]> {
  return reader.all<BatchRow>(`select ${COLUMNS} from batches where id > :after order by id limit :limit`, {
    ...page,
  });
}

/** Names that a person may have meant, the newest first. */
export async function batchNames(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ name: string }>('select name from batches order by id desc limit 1000');
  return rows.map((row) => row.name);
}

/** Without its rows, which follow with `insertPayouts`; `completeBatch` chains it when all of them are there. */
export async function insertBatch(
  tx: Transaction,
  batch: Omit<BatchRow, 'id' | 'rows_sha256'>,
): Promise<BatchRow> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from batches');
  const stored = { id: (last?.id ?? 0n) + 1n, ...batch };
  await tx.run(
    `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256,
       content_sha256, account, imported_at, imported_by, cancelled_at)
     values (:id, :name, :provider, :currency, :row_count, :amount_minor, :digest, :file_name, :file_sha256,
       :content_sha256, :account, :imported_at, :imported_by, :cancelled_at)`,
    stored,
  );
  return { ...stored, rows_sha256: null };
}

/** Writes what is known of a batch when all of its rows have been read; in the transaction that inserted it. */
export async function completeBatch(tx: Transaction, batch: BatchRow): Promise<void> {
  const { id, row_count, amount_minor, digest, file_sha256, content_sha256, rows_sha256 } = batch;
  await tx.run(
    `update batches set row_count = :row_count, amount_minor = :amount_minor, digest = :digest, rows_sha256 = :rows_sha256,
       file_sha256 = :file_sha256, content_sha256 = :content_sha256 where id = :id`,
    { id, row_count, amount_minor, digest, file_sha256, content_sha256, rows_sha256 },
  );
  await recordRows(tx, 'batch', [id]);
}

/**
 * Which of these references (in lower case) are taken: by a payout that lives, or by one that was cancelled after an
 * attempt was stored, whose reference a provider may have seen.
 */
export async function takenReferences(
  reader: Reader,
  references: readonly string[],
): Promise<Map<string, string>> {
  const rows = await reader.all<{ reference: string; batch: string }>(
    `select lower(p.reference_id) as reference, min(b.name) as batch from payouts p join batches b on b.id = p.batch_id
     where lower(p.reference_id) in (${inList('references')}) and (p.state <> 'cancelled' or p.attempt_no > 0)
     group by lower(p.reference_id)`,
    { references: listParam(references) },
  );
  return new Map(rows.map((row) => [row.reference, row.batch]));
}

/** Whether the ledger has any payout yet; in an empty one no reference needs to be looked for. */
export async function hasPayouts(reader: Reader): Promise<boolean> {
  return (await reader.get('select id from payouts limit 1')) !== undefined;
}

export type DigestRow = CanonicalPayout & { id: bigint; row_no: bigint };

/**
 * The rows that a digest is made of, in row order, a group at a time. A row that was sent counts with the account that
 * it was sent to: a change of bank details afterwards concerns only what is still to be sent.
 */
export async function* digestRows(reader: Reader, batchId: bigint): AsyncGenerator<DigestRow[]> {
  const ends = await reader.get<{ first: bigint | null; last: bigint | null }>(
    'select min(id) as first, max(id) as last from payouts where batch_id = :batch',
    { batch: batchId },
  );
  if (ends?.first == null || ends.last === null) return;
  for (let from = ends.first; from <= ends.last; from += DIGEST_GROUP) {
    const to = from + DIGEST_GROUP - 1n < ends.last ? from + DIGEST_GROUP - 1n : ends.last;
    // Only the range is asked for: with the batch in the condition the engine would sort the whole batch each time.
    const rows = await reader.all<DigestRow & { batch_id: bigint }>(
      `select p.id, p.batch_id, p.row_no, p.reference_id, b.beneficiary_ref, p.amount_minor, p.currency, p.rail, p.account, p.tags,
         coalesce(p.fingerprint, b.fingerprint) as fingerprint
       from payouts p join beneficiaries b on b.id = p.beneficiary_id
       where p.id between :from and :to order by p.id`,
      { from, to },
    );
    yield rows.filter((row) => row.batch_id === batchId);
  }
}

const DIGEST_GROUP = 5000n;

export async function setDigest(tx: Transaction, batchId: bigint, digest: string): Promise<void> {
  await tx.run('update batches set digest = :digest where id = :batch', { batch: batchId, digest });
  await recordRows(tx, 'batch', [batchId]);
}

/**
 * To be called before the bank details of beneficiaries change: what was sent to them keeps the account it was sent to.
 * An attempt of which nothing was executed will go to the new one, which its approval then has to name.
 */
export async function keepSentAccounts(tx: Transaction, beneficiaryIds: readonly bigint[]): Promise<void> {
  const kept = await tx.all<{ id: bigint }>(
    `update payouts set fingerprint = (select b.fingerprint from beneficiaries b where b.id = payouts.beneficiary_id)
     where beneficiary_id in (${inList('ids')}) and attempt_no > 0 and fingerprint is null
       and state not in ('draft', 'approved')
       and not (state = 'held' and position = 'available' and ${BEFORE_SENDING}) returning id`,
    { ids: listParam(beneficiaryIds) },
  );
  await recordRows(tx, 'payout', idsOf(kept));
}

function idsOf(rows: readonly { id: bigint }[]): bigint[] {
  return rows.map(({ id }) => id);
}

export interface Approval {
  actor: string;
  digest: string;
  approved_at: string;
  voided_at: string | null;
  void_reason: string | null;
  /** As it was signed; null where it was not. */
  signed_statement: string | null;
}

/** Every approval that was ever given, also void ones, in order. */
export async function approvalsOf(reader: Reader, batchId: bigint): Promise<Approval[]> {
  return reader.all<Approval>(
    `select actor, digest, approved_at, voided_at, void_reason, signed_statement from approvals
     where batch_id = :batch order by id`,
    { batch: batchId },
  );
}

export async function insertApproval(
  tx: Transaction,
  approval: { batch: BatchRow; digest: string; actor: Actor; at: string; signed_statement: string | null },
): Promise<void> {
  const stored = await tx.all<{ id: bigint }>(
    `insert into approvals (batch_id, digest, row_count, amount_minor, actor, os_user, host, approved_at, signed_statement)
     values (:batch_id, :digest, :row_count, :amount_minor, :actor, :os_user, :host, :at, :signed_statement) returning id`,
    {
      batch_id: approval.batch.id,
      digest: approval.digest,
      row_count: approval.batch.row_count,
      amount_minor: approval.batch.amount_minor,
      actor: approval.actor.name,
      os_user: approval.actor.os_user,
      host: approval.actor.host,
      at: approval.at,
      signed_statement: approval.signed_statement,
    },
  );
  await recordRows(tx, 'approval', idsOf(stored));
}

/** Voids the approvals of another digest than this one; answers how many. */
export async function voidOtherApprovals(
  tx: Transaction,
  batchId: bigint,
  digest: string,
  why: { at: string; reason: string },
): Promise<number> {
  const voided = await tx.all<{ id: bigint }>(
    `update approvals set voided_at = :at, void_reason = :reason
     where batch_id = :batch and digest <> :digest and voided_at is null returning id`,
    { batch: batchId, digest, ...why },
  );
  await recordRows(tx, 'approval', idsOf(voided));
  return voided.length;
}

/** Why a payout is held that was not sent, so that a person may let it go on; `isReleasable` of the domain. */
export const BEFORE_SENDING = "hold_reason in ('beneficiary_unverified', 'look_alike')";

/** Whether anything of the batch may still be sent, and so needs an approval. */
export async function hasUnsent(reader: Reader, batchId: bigint): Promise<boolean> {
  const row = await reader.get(
    `select id from payouts where batch_id = :batch
       and (state in ('draft', 'approved') or (state = 'held' and position = 'available' and ${BEFORE_SENDING})) limit 1`,
    { batch: batchId },
  );
  return row !== undefined;
}

/** Whether an approval can still mean something: what is unsent, or what has failed or come back and may be tried again. */
export async function needsApproval(reader: Reader, batchId: bigint): Promise<boolean> {
  const retryable = await reader.get(
    "select id from payouts where batch_id = :batch and state in ('failed', 'returned') limit 1",
    { batch: batchId },
  );
  return retryable !== undefined || hasUnsent(reader, batchId);
}

/** Drafts become approved; what is held, sent or cancelled stays what it is. Answers how many. */
export async function approveDrafts(tx: Transaction, batchId: bigint, at: string): Promise<number> {
  const begun = await tx.all<{ id: bigint }>(
    "select id from payouts where batch_id = :batch and state = 'draft' and attempt_no > 0",
    { batch: batchId },
  );
  const approved = await tx.run(
    "update payouts set state = 'approved', updated_at = :at where batch_id = :batch and state = 'draft'",
    { batch: batchId, at },
  );
  await recordRows(tx, 'payout', idsOf(begun));
  return approved;
}

/**
 * Of which provably nothing is under way: never attempted, or every send of the present attempt not executed. What an
 * earlier attempt was, it has failed or come back; its reference stays taken.
 */
const NOTHING_UNDER_WAY = `position = 'available' and (
    (attempt_no = 0 and state in ('draft', 'approved', 'held'))
    or (attempt_no > 0 and (state in ('draft', 'approved') or (state = 'held' and ${BEFORE_SENDING})) and not exists (
      select 1 from sends s where s.payout_id = payouts.id and s.attempt_no = payouts.attempt_no and s.kind = 'submit'
        and (s.outcome is null or s.outcome not in ('funds', 'credentials', 'rate_limited', 'never_sent', 'stopped')))))`;

/** Cancels the rows of a batch, or of those named, that were not sent; answers them. */
export async function cancelUnsent(
  tx: Transaction,
  which: { batch_id: bigint } | { ids: readonly bigint[] },
  at: string,
): Promise<bigint[]> {
  const [among, params] =
    'ids' in which
      ? [`id in (${inList('ids')})`, { ids: listParam(which.ids) }]
      : ['batch_id = :batch', { batch: which.batch_id }];
  const cancelled = await tx.all<{ id: bigint }>(
    `update payouts set state = 'cancelled', cancelled_id = id, hold_reason = null, hold_note = null, updated_at = :at
     where ${among} and ${NOTHING_UNDER_WAY} returning id`,
    { ...params, at },
  );
  await recordRows(tx, 'payout', idsOf(cancelled));
  return idsOf(cancelled);
}

/** Marks a batch as cancelled once every row of it is: its name and its file may come again. Answers whether it is. */
export async function closeIfAllCancelled(tx: Transaction, batchId: bigint, at: string): Promise<boolean> {
  const changed = await tx.run(
    `update batches set cancelled_at = :at where id = :batch and cancelled_at is null
       and not exists (select 1 from payouts where batch_id = :batch and state <> 'cancelled')`,
    { batch: batchId, at },
  );
  if (changed === 1) await recordRows(tx, 'batch', [batchId]);
  return changed === 1;
}

/**
 * Of these payouts those whose batch a person has cancelled, by id, with their batch: what may have left stays, and is
 * not sent again, unless somebody asked for a new attempt after that. The decisions stand in the audit log; a later
 * batch may bear the name.
 */
export async function cancelledWithBatch(
  reader: Reader,
  payoutIds: readonly bigint[],
): Promise<Map<bigint, bigint>> {
  const rows = await reader.all<{ id: bigint; batch_id: bigint }>(
    `select p.id, p.batch_id from payouts p join batches b on b.id = p.batch_id
     where p.id in (${inList('ids')}) and exists (
       select 1 from audit_events a where a.subject_kind = 'batch' and a.subject = b.name
         and a.action = 'batch_cancelled' and a.at >= b.imported_at and not exists (
           select 1 from audit_events r where r.subject_kind = 'payout' and r.subject = p.reference_id
             and r.action = 'payout_retried' and r.id > a.id))`,
    { ids: listParam(payoutIds) },
  );
  return new Map(rows.map(({ id, batch_id }) => [id, batch_id]));
}

export interface StateCount {
  batch_id: bigint;
  state: PayoutState;
  count: bigint;
  amount_minor: bigint;
}

export async function statesOfBatches(reader: Reader, batchIds: readonly bigint[]): Promise<StateCount[]> {
  return reader.all<StateCount>(
    `select batch_id, state, count(*) as count, sum(amount_minor) as amount_minor from payouts
     where batch_id in (${inList('ids')}) group by batch_id, state order by batch_id, state`,
    { ids: listParam(batchIds) },
  );
}

export interface FailureCount {
  failure_code: string;
  rail: string;
  count: bigint;
  amount_minor: bigint;
}

/** Failed and returned rows of a batch, by our code and by rail; the most frequent first. */
export async function failuresOfBatch(reader: Reader, batchId: bigint): Promise<FailureCount[]> {
  return reader.all<FailureCount>(
    `select coalesce(failure_code, 'other') as failure_code, rail, count(*) as count, sum(amount_minor) as amount_minor
     from payouts where batch_id = :batch and state in ('failed', 'returned')
     group by coalesce(failure_code, 'other'), rail order by count desc, failure_code, rail`,
    { batch: batchId },
  );
}

export interface RailCount {
  rail: string;
  state: PayoutState;
  count: bigint;
  amount_minor: bigint;
}

export async function railsOfBatch(reader: Reader, batchId: bigint): Promise<RailCount[]> {
  return reader.all<RailCount>(
    `select rail, state, count(*) as count, sum(amount_minor) as amount_minor from payouts
     where batch_id = :batch group by rail, state order by rail, state`,
    { batch: batchId },
  );
}
