/** Beneficiaries and what providers know of them. Private values come and go sealed; the keys are the vault's. */
import type { DestinationKind } from '../domain/payout/rail.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';

// Types and not interfaces: a record is also a set of parameters, and only a type fits their index signature.
export type BeneficiaryRecord = {
  id: bigint;
  beneficiary_ref: string;
  name: string;
  destination_kind: DestinationKind;
  account_sealed: string;
  account_masked: string;
  fingerprint: string;
  ifsc: string | null;
  bank_name: string | null;
  account_type: 'savings' | 'current' | null;
  email_sealed: string | null;
  email_masked: string | null;
  phone_sealed: string | null;
  phone_masked: string | null;
  row_fingerprint: string;
  created_at: string;
  updated_at: string;
};

export type NewBeneficiary = Omit<BeneficiaryRecord, 'id'>;

export type RegistrationStatus = 'pending' | 'verified' | 'failed';

export type RegistrationRecord = {
  beneficiary_id: bigint;
  provider: string;
  /** Null where the provider refused the details. */
  provider_beneficiary_id: string | null;
  /** Of the account that was registered. */
  fingerprint: string;
  status: RegistrationStatus;
  registered_name: string | null;
  failure_reason: string | null;
  registered_at: string;
  checked_at: string;
};

const COLUMNS = `id, beneficiary_ref, name, destination_kind, account_sealed, account_masked, fingerprint, ifsc, bank_name,
  account_type, email_sealed, email_masked, phone_sealed, phone_masked, row_fingerprint, created_at, updated_at`;

/** By references, without regard to case; keys of the answer are in lower case. */
export async function beneficiariesByRef(
  reader: Reader,
  refs: readonly string[],
): Promise<Map<string, BeneficiaryRecord>> {
  const rows = await reader.all<BeneficiaryRecord>(
    `select ${COLUMNS} from beneficiaries where lower(beneficiary_ref) in (${inList('refs')})`,
    { refs: listParam(refs.map((ref) => ref.toLowerCase())) },
  );
  return new Map(rows.map((row) => [row.beneficiary_ref.toLowerCase(), row]));
}

/** Enough to tell whether a row is new, the same or changed, for a hundred thousand rows at once. */
export interface BeneficiaryPrints {
  id: bigint;
  beneficiary_ref: string;
  fingerprint: string;
  row_fingerprint: string;
}

/** Keys of the answer are references in lower case. */
export async function beneficiaryPrints(
  reader: Reader,
  refs: readonly string[],
): Promise<Map<string, BeneficiaryPrints>> {
  const rows = await reader.all<BeneficiaryPrints>(
    `select id, beneficiary_ref, fingerprint, row_fingerprint from beneficiaries
     where lower(beneficiary_ref) in (${inList('refs')})`,
    { refs: listParam(refs.map((ref) => ref.toLowerCase())) },
  );
  return new Map(rows.map((row) => [row.beneficiary_ref.toLowerCase(), row]));
}

export async function beneficiariesById(
  reader: Reader,
  ids: readonly bigint[],
): Promise<Map<bigint, BeneficiaryRecord>> {
  const rows = await reader.all<BeneficiaryRecord>(
    `select ${COLUMNS} from beneficiaries where id in (${inList('ids')})`,
    { ids: listParam(ids) },
  );
  return new Map(rows.map((row) => [row.id, row]));
}

export interface SharedAccount {
  beneficiary_ref: string;
  account_masked: string;
  ifsc: string | null;
}

/** Accounts that more than one beneficiary has, with all who have each: the oldest first, within an account and of them. */
export async function sharedAccounts(reader: Reader): Promise<SharedAccount[][]> {
  const rows = await reader.all<SharedAccount & { fingerprint: string }>(
    `select fingerprint, beneficiary_ref, account_masked, ifsc from beneficiaries
     where fingerprint in (select fingerprint from beneficiaries group by fingerprint having count(*) > 1) order by id`,
  );
  const groups = new Map<string, SharedAccount[]>();
  for (const { fingerprint, ...row } of rows)
    groups.set(fingerprint, [...(groups.get(fingerprint) ?? []), row]);
  return [...groups.values()];
}

/** In the order of their references, from behind `after` on. */
export async function listBeneficiaries(
  reader: Reader,
  page: { after: string | null; limit: number },
): Promise<BeneficiaryRecord[]> {
  return reader.all<BeneficiaryRecord>(
    `select ${COLUMNS} from beneficiaries where lower(beneficiary_ref) > :after order by lower(beneficiary_ref) limit :limit`,
    { after: (page.after ?? '').toLowerCase(), limit: page.limit },
  );
}

export async function allBeneficiaryIds(reader: Reader): Promise<bigint[]> {
  const rows = await reader.all<{ id: bigint }>(
    'select id from beneficiaries order by lower(beneficiary_ref)',
  );
  return rows.map((row) => row.id);
}

export async function insertBeneficiaries(tx: Transaction, rows: Iterable<NewBeneficiary>): Promise<number> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from beneficiaries');
  const count = await tx.runMany(
    `insert into beneficiaries (beneficiary_ref, name, destination_kind, account_sealed, account_masked, fingerprint, ifsc,
       bank_name, account_type, email_sealed, email_masked, phone_sealed, phone_masked, row_fingerprint, created_at, updated_at)
     values (:beneficiary_ref, :name, :destination_kind, :account_sealed, :account_masked, :fingerprint, :ifsc,
       :bank_name, :account_type, :email_sealed, :email_masked, :phone_sealed, :phone_masked, :row_fingerprint, :created_at, :updated_at)`,
    rows,
  );
  const added = await tx.all<{ id: bigint }>('select id from beneficiaries where id > :last order by id', {
    last: last?.id ?? 0n,
  });
  await recordRows(
    tx,
    'beneficiary',
    added.map(({ id }) => id),
  );
  return count;
}

/** Everything but the id, the reference and the day of creation, which stay for ever. */
export async function updateBeneficiaries(
  tx: Transaction,
  rows: Iterable<BeneficiaryRecord>,
): Promise<number> {
  const changed = [...rows];
  const count = await tx.runMany(
    `update beneficiaries set name = :name, destination_kind = :destination_kind, account_sealed = :account_sealed,
       account_masked = :account_masked, fingerprint = :fingerprint, ifsc = :ifsc, bank_name = :bank_name,
       account_type = :account_type, email_sealed = :email_sealed, email_masked = :email_masked,
       phone_sealed = :phone_sealed, phone_masked = :phone_masked, row_fingerprint = :row_fingerprint, updated_at = :updated_at
     where id = :id`,
    changed,
  );
  await recordRows(
    tx,
    'beneficiary',
    changed.map(({ id }) => id),
  );
  return count;
}

/** What providers know of these beneficiaries under their present account; of one provider where it is named. */
export async function registrationsOf(
  reader: Reader,
  ids: readonly bigint[],
  provider: string | null = null,
): Promise<Map<bigint, RegistrationRecord[]>> {
  const rows = await reader.all<RegistrationRecord>(
    `select r.beneficiary_id, r.provider, r.provider_beneficiary_id, r.fingerprint, r.status, r.registered_name,
       r.failure_reason, r.registered_at, r.checked_at
     from registrations r join beneficiaries b on b.id = r.beneficiary_id and b.fingerprint = r.fingerprint
     where r.beneficiary_id in (${inList('ids')}) and (:provider is null or r.provider = :provider)
     order by r.beneficiary_id, r.provider`,
    { ids: listParam(ids), provider },
  );
  const found = new Map<bigint, RegistrationRecord[]>();
  for (const row of rows) found.set(row.beneficiary_id, [...(found.get(row.beneficiary_id) ?? []), row]);
  return found;
}

/** The same of one provider, which knows each beneficiary once. */
export async function registrationsBy(
  reader: Reader,
  ids: readonly bigint[],
  provider: string,
): Promise<Map<bigint, RegistrationRecord>> {
  const all = await registrationsOf(reader, ids, provider);
  return new Map(
    [...all].flatMap(([id, [registration]]) => (registration ? [[id, registration] as const] : [])),
  );
}

export interface RegistrationHolder {
  provider_beneficiary_id: string;
  beneficiary_ref: string;
  fingerprint: string;
}

/** Whose each of a provider's ids is; of two that hold the same one, the first that did. */
export async function registrationHolders(
  reader: Reader,
  provider: string,
): Promise<Map<string, RegistrationHolder>> {
  const rows = await reader.all<RegistrationHolder>(
    `select r.provider_beneficiary_id, b.beneficiary_ref, r.fingerprint
     from registrations r join beneficiaries b on b.id = r.beneficiary_id and b.fingerprint = r.fingerprint
     where r.provider = :provider and r.provider_beneficiary_id is not null
     order by r.registered_at desc, r.beneficiary_id desc`,
    { provider },
  );
  return new Map(rows.map((row) => [row.provider_beneficiary_id, row]));
}

/**
 * Stores what a provider said, but only of a beneficiary whose account is still the one that was registered: its
 * details may have been changed while the answer was on its way.
 */
export async function saveRegistrations(
  tx: Transaction,
  rows: Iterable<RegistrationRecord>,
): Promise<number> {
  const said = [...rows];
  const count = await tx.runMany(
    `insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_name,
       failure_reason, registered_at, checked_at)
     select id, :provider, :provider_beneficiary_id, fingerprint, :status, :registered_name, :failure_reason, :registered_at, :checked_at
     from beneficiaries where id = :beneficiary_id and fingerprint = :fingerprint
     on conflict (beneficiary_id, provider) do update set provider_beneficiary_id = excluded.provider_beneficiary_id,
       fingerprint = excluded.fingerprint, status = excluded.status, registered_name = excluded.registered_name,
       failure_reason = excluded.failure_reason, registered_at = excluded.registered_at, checked_at = excluded.checked_at`,
    said,
  );
  await recordRows(tx, 'registration', [...new Set(said.map((row) => row.beneficiary_id))]);
  return count;
}

export async function deleteRegistrations(tx: Transaction, ids: readonly bigint[]): Promise<number> {
  const gone = await tx.all<{ beneficiary_id: bigint }>(
    `delete from registrations where beneficiary_id in (${inList('ids')}) returning beneficiary_id`,
    { ids: listParam(ids) },
  );
  await recordRows(tx, 'registration', [...new Set(gone.map((row) => row.beneficiary_id))]);
  return gone.length;
}
