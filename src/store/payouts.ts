/** Payouts as decisions need them, read and written in sets. Lists for people are in payout-list.ts. */
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';
import type { Params } from './sql-value.ts';

type Row = Omit<StoredPayout, 'cycle' | 'attempt_no'> & { cycle: bigint; attempt_no: bigint };

const COLUMNS = `id, reference_id, batch_id, beneficiary_id, amount_minor, currency, rail, narration, account, tags, provider,
  state, position, cycle, attempt_no, hold_reason, hold_note, provider_id, provider_reference, provider_status, utr,
  return_utr, fee_minor, tax_minor, failure_code, failure_reason, released_at, resolved_as, submitted_at, paid_at, returned_at,
  checked_at, updated_at`;

function fromRow(row: Row): StoredPayout {
  return { ...row, cycle: Number(row.cycle), attempt_no: Number(row.attempt_no) };
}

export async function payoutsById(
  reader: Reader,
  ids: readonly bigint[],
): Promise<Map<bigint, StoredPayout>> {
  const rows = await reader.all<Row>(`select ${COLUMNS} from payouts where id in (${inList('ids')})`, {
    ids: listParam(ids),
  });
  return new Map(rows.map((row) => [row.id, fromRow(row)]));
}

/** The payout that bears the reference: the living one, else the newest that was cancelled. */
export async function payoutByReference(
  reader: Reader,
  referenceId: string,
): Promise<StoredPayout | undefined> {
  const row = await reader.get<Row>(
    `select ${COLUMNS} from payouts where lower(reference_id) = :reference
     order by case when state = 'cancelled' then 1 else 0 end, id desc limit 1`,
    { reference: referenceId.toLowerCase() },
  );
  return row && fromRow(row);
}

/** The payouts that provider references belong to, current attempt only; a late word about an earlier attempt is history. */
export async function payoutsByProviderReference(
  reader: Reader,
  provider: string,
  references: readonly string[],
): Promise<Map<string, StoredPayout>> {
  const rows = await reader.all<Row>(
    `select ${COLUMNS} from payouts where provider = :provider and id in (
       select payout_id from attempts where provider = :provider and lower(provider_reference) in (${inList('references')}))`,
    { provider, references: listParam(references.map((reference) => reference.toLowerCase())) },
  );
  return new Map(rows.map((row) => [row.provider_reference ?? '', fromRow(row)]));
}

/** What changes may change; everything else about a payout was fixed when it was imported. */
const CHANGEABLE = [
  'state',
  'position',
  'cycle',
  'attempt_no',
  'hold_reason',
  'hold_note',
  'provider_id',
  'provider_reference',
  'provider_status',
  'utr',
  'return_utr',
  'fee_minor',
  'tax_minor',
  'failure_code',
  'failure_reason',
  'released_at',
  'resolved_as',
  'submitted_at',
  'paid_at',
  'returned_at',
  'checked_at',
  'updated_at',
] as const satisfies readonly (keyof StoredPayout)[];

export async function savePayouts(tx: Transaction, payouts: readonly StoredPayout[]): Promise<void> {
  for (const payout of payouts) await tx.run(updateSql(payout, CHANGEABLE), { ...payout });
  await recordSettled(tx, payouts);
}

/**
 * The same for payouts that this transaction has read: only the columns that differ are written, so that the engine
 * leaves the indexes of all others alone.
 */
export async function saveChanges(
  tx: Transaction,
  changes: readonly { before: StoredPayout; after: StoredPayout }[],
): Promise<void> {
  const alike = new Map<string, Params[]>();
  for (const { before, after } of changes) {
    const columns = CHANGEABLE.filter((column) => before[column] !== after[column]);
    if (columns.length === 0) continue;
    const sql = updateSql(after, columns);
    const rows = alike.get(sql);
    if (rows) rows.push({ ...after });
    else alike.set(sql, [{ ...after }]);
  }
  for (const [sql, rows] of alike) await tx.runMany(sql, rows);
  await recordSettled(
    tx,
    changes.map(({ after }) => after),
  );
}

/** Chains the payouts as they are now; what is being sent is chained with its answer. */
async function recordSettled(tx: Transaction, payouts: readonly StoredPayout[]): Promise<void> {
  const settled = payouts.filter((payout) => payout.state !== 'submitting');
  await recordRows(
    tx,
    'payout',
    settled.map((payout) => payout.id),
  );
}

function updateSql(payout: StoredPayout, columns: readonly string[]): string {
  const set = columns.map((column) => `${column} = :${column}`).join(', ');
  // A cancelled payout's reference is free again.
  return `update payouts set ${set}${payout.state === 'cancelled' ? ', cancelled_id = id' : ''} where id = :id`;
}

/** The next rows of a batch that may be sent, in row order. */
export async function sendablePayouts(
  reader: Reader,
  batchId: bigint,
  afterId: bigint,
  limit: number,
): Promise<StoredPayout[]> {
  const rows = await reader.all<Row>(
    `select ${COLUMNS} from payouts where batch_id = :batch and state = 'approved' and id > :after order by id limit :limit`,
    { batch: batchId, after: afterId, limit },
  );
  return rows.map(fromRow);
}

/** Of the rows of a batch that may be sent and never were: the first, one in the middle, and the last. */
export async function neverSent(reader: Reader, batchId: bigint): Promise<{ reference_id: string }[]> {
  const where = "batch_id = :batch and state = 'approved' and attempt_no = 0";
  const ends = await reader.get<{ first: bigint | null; last: bigint | null }>(
    `select min(id) as first, max(id) as last from payouts where ${where}`,
    { batch: batchId },
  );
  if (ends?.first == null || ends.last === null) return [];
  return reader.all(
    `select reference_id from payouts where id in (:first, :last, (
       select min(id) from payouts where ${where} and id >= :middle)) order by id`,
    { batch: batchId, first: ends.first, last: ends.last, middle: (ends.first + ends.last) / 2n },
  );
}

/** Payouts of a provider in doubt: stored as being sent without an answer, or unknown. Oldest first. */
export async function doubtfulPayouts(
  reader: Reader,
  provider: string,
  afterId: bigint,
  limit: number,
): Promise<StoredPayout[]> {
  const rows = await reader.all<Row>(
    `select ${COLUMNS} from payouts
     where provider = :provider and position = 'in_transit' and state in ('submitting', 'unknown') and id > :after
     order by id limit :limit`,
    { provider, after: afterId, limit },
  );
  return rows.map(fromRow);
}

/**
 * The payout that a provider has spoken of last, by a name of its own, in an answer to a request made since then. By the
 * requests, which stand in the order of time: the payouts of a provider would all have to be looked at.
 */
export async function lastAccepted(
  reader: Reader,
  provider: string,
  since: string,
): Promise<{ provider_id: string; provider_reference: string } | undefined> {
  return reader.get(
    `select p.provider_id, p.provider_reference
     from (select id, payout_id, attempt_no from sends where outcome in ('accepted', 'found') and sent_at >= :since
         order by id desc limit 1000) as s
       cross join payouts p
     where p.id = s.payout_id and p.attempt_no = s.attempt_no and p.provider = :provider and p.provider_id is not null
     order by s.id desc limit 1`,
    { provider, since },
  );
}

/** What failed in a batch, in row order; with a code, only what failed for that reason. */
export async function failedPayouts(
  reader: Reader,
  batchId: bigint,
  code: string | null,
): Promise<StoredPayout[]> {
  const rows = await reader.all<Row>(
    `select ${COLUMNS} from payouts
     where batch_id = :batch and state = 'failed' and (:code is null or failure_code = :code) order by id`,
    { batch: batchId, code },
  );
  return rows.map(fromRow);
}

/** What is held in a batch because the provider called its request malformed, in row order. */
export async function malformedPayouts(reader: Reader, batchId: bigint): Promise<StoredPayout[]> {
  const rows = await reader.all<Row>(
    `select ${COLUMNS} from payouts
     where batch_id = :batch and state = 'held' and position = 'in_transit' and hold_reason = 'bad_request' order by id`,
    { batch: batchId },
  );
  return rows.map(fromRow);
}

export interface AskFilter {
  provider: string;
  /** Only this batch, or null for all. */
  batch_id: bigint | null;
  /** Only payouts last changed before this instant, or null. */
  updated_before: string | null;
}

/**
 * Payouts about which the provider is worth asking: not final, held after they were sent, or settled by a person's
 * word that no provider has confirmed. Those that were asked longest ago come first.
 */
export async function payoutsToAsk(reader: Reader, filter: AskFilter): Promise<bigint[]> {
  const rows = await reader.all<{ id: bigint }>(
    `select id from (
       select id, batch_id, updated_at, checked_at from payouts where provider = :provider and position = 'in_transit'
       union
       select id, batch_id, updated_at, checked_at from payouts
       where provider = :provider and resolved_as is not null and resolved_as = state) as candidates
     where (:batch is null or batch_id = :batch) and (:before is null or updated_at < :before)
     order by checked_at is not null, checked_at, id`,
    { provider: filter.provider, batch: filter.batch_id, before: filter.updated_before },
  );
  return rows.map((row) => row.id);
}

/** How many payouts, and how much, are in each state; of a batch, or of the given payouts. */
export async function statesOfBatch(
  reader: Reader,
  batchId: bigint,
): Promise<{ state: StoredPayout['state']; count: bigint; amount_minor: bigint }[]> {
  return reader.all(
    `select state, count(*) as count, sum(amount_minor) as amount_minor from payouts where batch_id = :batch group by state order by state`,
    { batch: batchId },
  );
}
