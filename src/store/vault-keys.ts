/** The vault's keys, each sealed under the key file's key. The newest that is not retired seals; all of them open. */
import { PayrunError } from '../domain/errors.ts';
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';

export interface VaultKeyRow {
  id: bigint;
  wrapped_data_key: string;
  wrapped_fingerprint_key: string;
  retired_at: string | null;
}

export async function vaultKeys(reader: Reader): Promise<VaultKeyRow[]> {
  return reader.all<VaultKeyRow>(
    'select id, wrapped_data_key, wrapped_fingerprint_key, retired_at from vault_keys order by id',
  );
}

/** Stores a new key and retires those before it; answers its id. */
export async function addVaultKey(
  tx: Transaction,
  keys: { wrapped_data_key: string; wrapped_fingerprint_key: string },
  now: string,
): Promise<bigint> {
  const retired = await tx.all<{ id: bigint }>(
    'update vault_keys set retired_at = :now where retired_at is null returning id',
    { now },
  );
  const row = await tx.get<{ id: bigint }>(
    `insert into vault_keys (wrapped_data_key, wrapped_fingerprint_key, created_at)
     values (:wrapped_data_key, :wrapped_fingerprint_key, :now) returning id`,
    { wrapped_data_key: keys.wrapped_data_key, wrapped_fingerprint_key: keys.wrapped_fingerprint_key, now },
  );
  const id = row?.id ?? 0n;
  await recordRows(tx, 'vault_key', [...retired.map((key) => key.id), id]);
  return id;
}

/** Removes the keys that no longer seal; only where nothing is sealed under them any more. Answers how many. */
export async function deleteRetiredKeys(tx: Transaction): Promise<number> {
  const gone = await tx.all<{ id: bigint }>(
    'delete from vault_keys where retired_at is not null returning id',
  );
  await recordRows(
    tx,
    'vault_key',
    gone.map(({ id }) => id),
  );
  return gone.length;
}

/**
 * To be called in every transaction that stores what was sealed before it: a rotation that began meanwhile retires the
 * key, and removes it once it has seen no row under it.
 */
export async function requireCurrentKey(tx: Transaction, keyId: bigint): Promise<void> {
  const row = await tx.get('select id from vault_keys where id = :id and retired_at is null', { id: keyId });
  if (row !== undefined) return;
  throw new PayrunError(
    'failed',
    'key_rotated',
    'The ledger got a new data key while this ran, so nothing of it was stored.',
    { hint: 'Run the same command again.' },
  );
}

/** What a beneficiary has sealed, with the reference that each value is bound to. */
export type SealedRow = {
  id: bigint;
  beneficiary_ref: string;
  account_sealed: string;
  email_sealed: string | null;
  phone_sealed: string | null;
};

/** Rows behind a place of which anything is sealed otherwise than with this beginning, which names the key. */
export async function rowsUnderOtherKeys(
  reader: Reader,
  prefix: string,
  after: bigint,
  limit: number,
): Promise<SealedRow[]> {
  return reader.all<SealedRow>(
    `select id, beneficiary_ref, account_sealed, email_sealed, phone_sealed from beneficiaries
     where id > :after and (substr(account_sealed, 1, :length) <> :prefix
       or substr(email_sealed, 1, :length) <> :prefix or substr(phone_sealed, 1, :length) <> :prefix)
     order by id limit :limit`,
    { prefix, length: prefix.length, after, limit },
  );
}

export async function countSealedRows(reader: Reader): Promise<number> {
  const row = await reader.get<{ count: bigint }>(
    'select (select count(*) from beneficiaries) + (select count(*) from former_accounts) as count',
  );
  return Number(row?.count ?? 0n);
}

/** Another sealing of the same values: neither the row's day of change nor its fingerprints are touched. */
export async function replaceSeals(tx: Transaction, rows: readonly SealedRow[]): Promise<void> {
  await tx.runMany(
    `update beneficiaries set account_sealed = :account_sealed, email_sealed = :email_sealed, phone_sealed = :phone_sealed
     where id = :id and beneficiary_ref = :beneficiary_ref`,
    rows,
  );
  await recordRows(
    tx,
    'beneficiary',
    rows.map(({ id }) => id),
  );
}
