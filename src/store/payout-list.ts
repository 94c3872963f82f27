/** Payouts as people and scripts see them: one row with its batch and beneficiary, in the order of import. */
import type { PayoutState } from '../domain/payout/payout.ts';
import { type Database, inList, listParam, type Reader } from './database.ts';
import { attemptAccount } from './former-accounts.ts';
import type { Params } from './sql-value.ts';

export interface PayoutListRow {
  id: bigint;
  reference_id: string;
  batch: string;
  row_no: bigint;
  beneficiary_id: bigint;
  beneficiary_ref: string;
  beneficiary_name: string;
  /** Of the account that it was, or will be, sent to; null where the ledger no longer has it. */
  account_masked: string | null;
  /** Where that is a former account of the beneficiary. */
  former_id: bigint | null;
  amount_minor: bigint;
  currency: string;
  rail: string;
  state: PayoutState;
  provider: string;
  provider_id: string | null;
  provider_reference: string | null;
  provider_status: string | null;
  utr: string | null;
  return_utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_code: string | null;
  failure_reason: string | null;
  hold_reason: string | null;
  hold_note: string | null;
  attempt_no: bigint;
  created_at: string;
  updated_at: string;
  submitted_at: string | null;
  paid_at: string | null;
  returned_at: string | null;
}

/** Null filters nothing. Times are RFC 3339 UTC. */
export interface PayoutFilter {
  batch_id: bigint | null;
  states: readonly PayoutState[] | null;
  provider: string | null;
  beneficiary_id: bigint | null;
  utr: string | null;
  /** Imported at or after, and before. */
  since: string | null;
  until: string | null;
  /** Not changed since. */
  updated_before: string | null;
}

export const EVERY_PAYOUT: PayoutFilter = {
  batch_id: null,
  states: null,
  provider: null,
  beneficiary_id: null,
  utr: null,
  since: null,
  until: null,
  updated_before: null,
};

// What was stored and provably never sent gets a new attempt where the account is another since.
const GOES_TO_PRESENT_ACCOUNT = `(p.state in ('draft', 'approved') or (p.state = 'held' and p.position = 'available'))`;

const SELECT = `select p.id, p.reference_id, bt.name as batch, p.row_no, p.beneficiary_id, b.beneficiary_ref,
    coalesce(f.name, b.name) as beneficiary_name, f.id as former_id,
    case when t.payout_id is null then b.account_masked else f.account_masked end as account_masked,
    p.amount_minor, p.currency, p.rail, p.state, p.provider, p.provider_id, p.provider_reference, p.provider_status, p.utr,
    p.return_utr, p.fee_minor, p.tax_minor, p.failure_code,
    p.failure_reason, p.hold_reason, p.hold_note, p.attempt_no, p.created_at, p.updated_at, p.submitted_at, p.paid_at, p.returned_at
  from payouts p join batches bt on bt.id = p.batch_id join beneficiaries b on b.id = p.beneficiary_id
    ${attemptAccount({ payout_id: 'p.id', attempt_no: 'p.attempt_no' }, `not ${GOES_TO_PRESENT_ACCOUNT}`)}`;

/** Only conditions that are asked for, so that the engine can choose an index for them. */
function conditions(filter: PayoutFilter): { sql: string; params: Params } {
  const parts: string[] = [];
  const params: Record<string, string | bigint> = {};
  const add = (value: string | bigint | null, name: string, sql: string) => {
    if (value === null) return;
    parts.push(sql);
    params[name] = value;
  };
  add(filter.batch_id, 'batch', 'p.batch_id = :batch');
  add(filter.states === null ? null : listParam(filter.states), 'states', `p.state in (${inList('states')})`);
  add(filter.provider, 'provider', 'p.provider = :provider');
  add(filter.beneficiary_id, 'beneficiary', 'p.beneficiary_id = :beneficiary');
  add(filter.utr, 'utr', '(p.utr = :utr or p.return_utr = :utr)');
  add(filter.since, 'since', 'p.created_at >= :since');
  add(filter.until, 'until', 'p.created_at < :until');
  add(filter.updated_before, 'updated_before', 'p.updated_at < :updated_before');
  return { sql: parts.length === 0 ? '' : ` and ${parts.join(' and ')}`, params };
}

/** From behind the payout with id `after` on, in the order of import. */
export async function listPayouts(
  reader: Reader,
  filter: PayoutFilter,
  page: { after: bigint; limit: number },
): Promise<PayoutListRow[]> {
  const { sql, params } = conditions(filter);
  return reader.all<PayoutListRow>(`${SELECT} where p.id > :after${sql} order by p.id limit :limit`, {
    ...params,
    ...page,
  });
}

/** All of them, one by one, as they were when the reading began. */
export function eachPayout(
  database: Database,
  filter: PayoutFilter,
  after: bigint,
): AsyncIterable<PayoutListRow> {
  const { sql, params } = conditions(filter);
  return database.each<PayoutListRow>(`${SELECT} where p.id > :after${sql} order by p.id`, {
    ...params,
    after,
  });
}

export async function payoutRowById(reader: Reader, id: bigint): Promise<PayoutListRow | undefined> {
  return reader.get<PayoutListRow>(`${SELECT} where p.id = :id`, { id });
}

/** The living payout of that reference, whatever its case, else the newest that was cancelled. */
export async function payoutRowByReference(
  reader: Reader,
  reference: string,
): Promise<PayoutListRow | undefined> {
  return reader.get<PayoutListRow>(
    `${SELECT} where lower(p.reference_id) = :reference
     order by case when p.state = 'cancelled' then 1 else 0 end, p.id desc limit 1`,
    { reference: reference.toLowerCase() },
  );
}

/** The payout that an attempt with this reference was made for: what a provider's dashboard and reports show. */
export async function payoutRowByProviderReference(
  reader: Reader,
  reference: string,
): Promise<PayoutListRow | undefined> {
  return reader.get<PayoutListRow>(
    `${SELECT} where p.id = (select max(payout_id) from attempts
       where provider in (select distinct provider from batches) and lower(provider_reference) = :reference)`,
    { reference: reference.toLowerCase() },
  );
}

/** The payout that a person may have meant by another of its names: a provider's id, or a UTR. */
export async function referenceByOtherName(reader: Reader, name: string): Promise<string | undefined> {
  const row = await reader.get<{ reference_id: string }>(
    `select reference_id from payouts where utr = :utr or (provider_id = :name and provider in (select distinct provider from batches))
     order by id desc limit 1`,
    { name, utr: name.toUpperCase().replaceAll(' ', '') },
  );
  return row?.reference_id;
}

/** References that begin like this one, for a guess at what was meant. */
export async function referencesLike(reader: Reader, reference: string): Promise<string[]> {
  const prefix = reference.toLowerCase().slice(0, Math.max(1, Math.min(4, reference.length - 2)));
  const rows = await reader.all<{ reference_id: string }>(
    `select reference_id from payouts where lower(reference_id) >= :prefix and lower(reference_id) < :end
     order by lower(reference_id) limit 2000`,
    // References are ASCII, so that every one with this prefix sorts before it.
    { prefix, end: `${prefix}\u{ffff}` },
  );
  return rows.map((row) => row.reference_id);
}
