/**
 * That a backup took the ledger's place, and what was compared with the providers since. Until a provider's list has
 * been compared, this ledger cannot know what was sent after the backup was made.
 */
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';

/** Stands for the backup's name where somebody put an older copy in place without `ledger restore`. */
export const HAND_COPY = 'a copy made by hand';

export interface NewRestore {
  restored_at: string;
  actor: string;
  backup_file: string;
}

/** When the last send was made that this ledger knows of; null where it knows of none. */
async function lastSent(reader: Reader): Promise<string | null> {
  const row = await reader.get<{ sent_at: string | null }>(
    "select max(sent_at) as sent_at from sends where kind = 'submit'",
  );
  return row?.sent_at ?? null;
}

/** The same, quickly: sends are numbered in the order in which they were made. */
export async function lastSentAt(reader: Reader): Promise<string | null> {
  const row = await reader.get<{ sent_at: string }>(
    "select sent_at from sends where kind = 'submit' order by id desc limit 1",
  );
  return row?.sent_at ?? null;
}

/** To be called on the backup before anything else is written to it; answers from when on it knows nothing. */
export async function insertRestore(tx: Transaction, restore: NewRestore): Promise<string | null> {
  const sentUntil = await lastSent(tx);
  const stored = await tx.all<{ id: bigint }>(
    `insert into restores (restored_at, actor, backup_file, sent_until)
     values (:restored_at, :actor, :backup_file, :sent_until) returning id`,
    { ...restore, sent_until: sentUntil },
  );
  await recordRows(
    tx,
    'restore',
    stored.map(({ id }) => id),
  );
  return sentUntil;
}

export interface UncheckedRestore {
  id: bigint;
  restored_at: string;
  backup_file: string;
  sent_until: string | null;
}

/** Restores after which this provider's list has not been compared yet, oldest first. */
export async function uncheckedRestores(reader: Reader, provider: string): Promise<UncheckedRestore[]> {
  return reader.all(
    `select r.id, r.restored_at, r.backup_file, r.sent_until from restores r
     left join restore_checks c on c.restore_id = r.id and c.provider = :provider
     where c.restore_id is null order by r.id`,
    { provider },
  );
}

export async function insertRestoreChecks(
  tx: Transaction,
  provider: string,
  restoreIds: readonly bigint[],
  at: string,
): Promise<void> {
  await tx.runMany(
    `insert into restore_checks (restore_id, provider, checked_at) values (:id, :provider, :at)
     on conflict (restore_id, provider) do nothing`,
    restoreIds.map((id) => ({ id, provider, at })),
  );
  await recordRows(tx, 'restore_check', restoreIds);
}

/** A payout of the provider's that no payout of this ledger answers for. */
export interface ForeignPayout {
  provider: string;
  provider_reference: string;
  provider_id: string;
  status: string;
  amount_minor: bigint | null;
  currency: string | null;
  provider_created_at: string | null;
  seen_at: string;
}

export async function saveForeignPayouts(tx: Transaction, rows: readonly ForeignPayout[]): Promise<void> {
  await tx.runMany(
    `insert into foreign_payouts (provider, provider_reference, provider_id, status, amount_minor, currency,
       provider_created_at, seen_at)
     values (:provider, :provider_reference, :provider_id, :status, :amount_minor, :currency, :provider_created_at, :seen_at)
     on conflict do nothing`,
    rows.map((row) => ({ ...row })),
  );
  if (rows.length > 0) await recordRows(tx, 'foreign_payout', [0n]);
}

export async function markAdopted(
  tx: Transaction,
  provider: string,
  references: readonly string[],
  at: string,
): Promise<void> {
  await tx.run(
    `update foreign_payouts set adopted_at = :at
     where provider = :provider and adopted_at is null and lower(provider_reference) in (${inList('references')})`,
    { provider, at, references: listParam(references.map((reference) => reference.toLowerCase())) },
  );
  await recordRows(tx, 'foreign_payout', [0n]);
}

/** What any restore may have lost was sent after this; `since` is null where nothing is known to be older. */
export async function restoreGap(reader: Reader): Promise<{ since: string | null } | undefined> {
  const rows = await reader.all<{ sent_until: string | null }>('select sent_until from restores');
  return rows.length === 0 ? undefined : gapOf(rows);
}

export function gapOf(restores: readonly { sent_until: string | null }[]): { since: string | null } {
  const known = restores.flatMap((row) => (row.sent_until === null ? [] : [row.sent_until])).sort();
  return { since: known.length < restores.length ? null : (known[0] ?? null) };
}

/**
 * Foreign payouts under the very reference that a payout of ours would be sent with next: it was imported again, or
 * has failed and would be tried again. Those that are older than `since` are somebody else's for good.
 */
export async function foreignNowOurs(
  reader: Reader,
  provider: string,
  since: string | null,
): Promise<{ payout_id: bigint; provider_reference: string }[]> {
  return reader.all(
    `select p.id as payout_id, f.provider_reference from foreign_payouts f
     join payouts p on p.provider = f.provider and p.cancelled_id = 0
       and lower(f.provider_reference) = lower(p.reference_id) || case
         when p.state in ('failed', 'returned') then '.r' || (p.attempt_no + 1)
         when p.attempt_no > 1 then '.r' || p.attempt_no else '' end
     where f.provider = :provider and f.adopted_at is null
       and p.state in ('draft', 'approved', 'held', 'failed', 'returned') and p.position in ('available', 'returned')
       and (:since is null or f.provider_created_at is null or f.provider_created_at >= :since)
     order by f.provider_reference`,
    { provider, since },
  );
}

/** Rows of a batch still to be sent whose reference the provider knows from a payout that is not ours. */
export async function foreignRows(
  reader: Reader,
  batchId: bigint,
  provider: string,
): Promise<{ payout_id: bigint; provider_id: string; status: string }[]> {
  return reader.all(
    `select p.id as payout_id, f.provider_id, f.status from foreign_payouts f
     join payouts p on lower(p.reference_id) = lower(f.provider_reference) and p.cancelled_id = 0
     where f.provider = :provider and f.adopted_at is null and p.batch_id = :batch and p.state = 'approved'
     order by p.id`,
    { batch: batchId, provider },
  );
}
