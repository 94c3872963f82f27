/** The accounts that beneficiaries had before their bank details were changed, and which attempts went to them. */
import type { DestinationKind } from '../domain/payout/rail.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';

/** What stands for the account of a payout whose beneficiary's details an older payrun changed. */
export const LOST_ACCOUNT = 'an earlier account that this ledger no longer has';

export type FormerAccount = {
  id: bigint;
  beneficiary_id: bigint;
  beneficiary_ref: string;
  fingerprint: string;
  /** Of the beneficiary, when the details were changed. */
  name: string;
  destination_kind: DestinationKind;
  account_sealed: string;
  account_masked: string;
  ifsc: string | null;
  bank_name: string | null;
  from_at: string;
  until_at: string;
};

export type NewFormerAccount = Omit<FormerAccount, 'id' | 'beneficiary_ref' | 'from_at'>;

const SELECT = `select f.id, f.beneficiary_id, b.beneficiary_ref, f.fingerprint, f.name, f.destination_kind, f.account_sealed,
    f.account_masked, f.ifsc, f.bank_name, f.from_at, f.until_at
  from former_accounts f join beneficiaries b on b.id = f.beneficiary_id`;

/**
 * Where attempts went: `f` is the former account. Nothing of `t` where the attempt went to the present one, and nothing
 * of `f` alone where the ledger no longer has it.
 */
export function attemptAccount(attempt: { payout_id: string; attempt_no: string }, only = '1 = 1'): string {
  return `left join attempt_accounts t
      on t.payout_id = ${attempt.payout_id} and t.attempt_no = ${attempt.attempt_no} and ${only}
    left join former_accounts f on f.id = t.former_id`;
}

/** In the transaction that changes the bank details, before the change: each account, and the attempts that went there. */
export async function keepFormerAccounts(tx: Transaction, rows: readonly NewFormerAccount[]): Promise<void> {
  if (rows.length === 0) return;
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from former_accounts');
  await tx.runMany(
    `insert into former_accounts (beneficiary_id, fingerprint, name, destination_kind, account_sealed, account_masked, ifsc,
       bank_name, from_at, until_at)
     select id, :fingerprint, :name, :destination_kind, :account_sealed, :account_masked, :ifsc, :bank_name,
       coalesce((select max(until_at) from former_accounts where beneficiary_id = :beneficiary_id), created_at), :until_at
     from beneficiaries where id = :beneficiary_id`,
    rows,
  );
  const added = { last: last?.id ?? 0n };
  const kept = await tx.all<{ id: bigint }>(
    'select id from former_accounts where id > :last order by id',
    added,
  );
  const sent = await tx.all<{ payout_id: bigint }>(
    `insert into attempt_accounts (payout_id, attempt_no, former_id)
     select a.payout_id, a.attempt_no, f.id
     from former_accounts f join payouts p on p.beneficiary_id = f.beneficiary_id join attempts a on a.payout_id = p.id
     where f.id > :last and not exists (
       select 1 from attempt_accounts t where t.payout_id = a.payout_id and t.attempt_no = a.attempt_no)
     returning payout_id`,
    added,
  );
  await recordRows(
    tx,
    'former_account',
    kept.map(({ id }) => id),
  );
  await recordRows(tx, 'attempt_account', [...new Set(sent.map(({ payout_id }) => payout_id))]);
}

/** Of these beneficiaries, in the order in which they were given up. */
export async function formerAccountsOf(
  reader: Reader,
  beneficiaryIds: readonly bigint[],
): Promise<FormerAccount[]> {
  return reader.all(`${SELECT} where f.beneficiary_id in (${inList('ids')}) order by f.id`, {
    ids: listParam(beneficiaryIds),
  });
}

export async function formerAccountsById(
  reader: Reader,
  ids: readonly bigint[],
): Promise<Map<bigint, FormerAccount>> {
  const rows = await reader.all<FormerAccount>(`${SELECT} where f.id in (${inList('ids')})`, {
    ids: listParam(ids),
  });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Sealed otherwise than with this beginning, which names the key. */
export async function formerAccountsUnderOtherKeys(
  reader: Reader,
  prefix: string,
  limit: number,
): Promise<FormerAccount[]> {
  return reader.all(
    `${SELECT} where substr(f.account_sealed, 1, :length) <> :prefix order by f.id limit :limit`,
    {
      prefix,
      length: prefix.length,
      limit,
    },
  );
}

/** Another sealing of the same values. */
export async function replaceFormerSeals(tx: Transaction, rows: readonly FormerAccount[]): Promise<void> {
  await tx.runMany(
    'update former_accounts set account_sealed = :account_sealed where id = :id',
    rows.map(({ id, account_sealed }) => ({ id, account_sealed })),
  );
  await recordRows(
    tx,
    'former_account',
    rows.map(({ id }) => id),
  );
}
