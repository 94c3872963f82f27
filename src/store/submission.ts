/** What submission asks before it sends: who is not registered yet, what has to be held, how much will leave. */
import { inList, listParam, type Reader } from './database.ts';

/** Beneficiaries of rows still to be sent that the provider does not know under their present account. */
export async function beneficiariesToRegister(
  reader: Reader,
  batchId: bigint,
  provider: string,
): Promise<bigint[]> {
  const rows = await reader.all<{ id: bigint }>(
    `select distinct b.id from payouts p join beneficiaries b on b.id = p.beneficiary_id
       left join registrations r on r.beneficiary_id = b.id and r.provider = :provider and r.fingerprint = b.fingerprint
     where p.batch_id = :batch and p.state = 'approved' and r.beneficiary_id is null
     order by b.id`,
    { batch: batchId, provider },
  );
  return rows.map((row) => row.id);
}

/** A row still to be sent whose beneficiary is not plainly verified under its own name. */
export interface HoldCandidate {
  payout_id: bigint;
  registration_status: 'pending' | 'verified' | 'failed' | null;
  registered_name: string | null;
  our_name: string;
  failure_reason: string | null;
}

const UNVERIFIED = `(r.provider_beneficiary_id is null
  or (p.released_at is null
    and (r.status = 'failed'
      or (:strict = 1 and (r.status = 'pending' or lower(r.registered_name) <> lower(b.name))))))`;

const CANDIDATE = `select p.id as payout_id, b.name as our_name, r.status as registration_status, r.registered_name,
    r.failure_reason
  from payouts p join beneficiaries b on b.id = p.beneficiary_id
    left join registrations r on r.beneficiary_id = b.id and r.provider = :provider and r.fingerprint = b.fingerprint`;

/** `strict` also names those whose penny drop is pending or whose registered name is spelled otherwise. */
export async function unverifiedRows(
  reader: Reader,
  batchId: bigint,
  provider: string,
  strict: boolean,
): Promise<HoldCandidate[]> {
  return reader.all<HoldCandidate>(
    `${CANDIDATE} where p.batch_id = :batch and p.state = 'approved' and ${UNVERIFIED} order by p.id`,
    { batch: batchId, provider, strict: strict ? 1 : 0 },
  );
}

/** The same of certain payouts, whatever their state. */
export async function unverifiedAmong(
  reader: Reader,
  ids: readonly bigint[],
  provider: string,
  strict: boolean,
): Promise<HoldCandidate[]> {
  return reader.all<HoldCandidate>(
    `${CANDIDATE} where p.id in (${inList('ids')}) and ${UNVERIFIED} order by p.id`,
    {
      ids: listParam(ids),
      provider,
      strict: strict ? 1 : 0,
    },
  );
}

/** Payouts whose beneficiary has another account now than the one that they were sent to. */
export async function movedAccounts(reader: Reader, ids: readonly bigint[]): Promise<string[]> {
  const rows = await reader.all<{ reference_id: string }>(
    `select p.reference_id from payouts p join beneficiaries b on b.id = p.beneficiary_id
     where p.id in (${inList('ids')}) and p.fingerprint is not null and p.fingerprint <> b.fingerprint order by p.id`,
    { ids: listParam(ids) },
  );
  return rows.map((row) => row.reference_id);
}

/** In minor units; zero where nothing is to be sent. */
export async function smallestToSend(reader: Reader, batchId: bigint): Promise<bigint> {
  const row = await reader.get<{ amount_minor: bigint | null }>(
    "select min(amount_minor) as amount_minor from payouts where batch_id = :batch and state = 'approved'",
    { batch: batchId },
  );
  return row?.amount_minor ?? 0n;
}

/** The sum of the rows that a submission would send, in minor units. */
export async function amountToSend(reader: Reader, batchId: bigint, first: number | null): Promise<bigint> {
  const row = await reader.get<{ amount_minor: bigint | null }>(
    `select sum(amount_minor) as amount_minor from (
       select amount_minor from payouts where batch_id = :batch and state = 'approved' order by id limit :limit) as rows`,
    { batch: batchId, limit: BigInt(first ?? Number.MAX_SAFE_INTEGER) },
  );
  return row?.amount_minor ?? 0n;
}

/** How many payouts are held because the provider called their requests malformed. */
export async function countMalformed(reader: Reader, provider: string): Promise<number> {
  const row = await reader.get<{ count: bigint }>(
    `select count(*) as count from payouts
     where provider = :provider and state = 'held' and position = 'in_transit' and hold_reason = 'bad_request'`,
    { provider },
  );
  return Number(row?.count ?? 0n);
}

/** The names of batches with payouts that may or may not have been sent, the oldest first. */
export async function batchesInDoubt(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ name: string }>(
    `select distinct b.id, b.name from payouts p join batches b on b.id = p.batch_id
     where p.position = 'in_transit' and p.state in ('submitting', 'unknown') order by b.id`,
  );
  return rows.map(({ name }) => name);
}

/** How many rows of a batch may be sent, counted up to `most`. */
export async function countSendable(reader: Reader, batchId: bigint, most: number): Promise<number> {
  const row = await reader.get<{ count: bigint }>(
    `select count(*) as count from (
       select 1 from payouts where batch_id = :batch and state = 'approved' limit :most) as rows`,
    { batch: batchId, most },
  );
  return Number(row?.count ?? 0n);
}
