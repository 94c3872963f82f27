/** What sync remembers: who was asked when, and up to when returns were fetched. */
import type { PayoutState } from '../domain/payout/payout.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';

export async function markChecked(tx: Transaction, ids: readonly bigint[], at: string): Promise<void> {
  await tx.runMany(
    'update payouts set checked_at = :at where id = :id',
    ids.map((id) => ({ id, at })),
  );
}

/** When the first of these payouts was sent, or null where none was. */
export async function earliestSent(reader: Reader, ids: readonly bigint[]): Promise<string | null> {
  const row = await reader.get<{ at: string | null }>(
    `select min(submitted_at) as at from payouts where id in (${inList('ids')})`,
    { ids: listParam(ids) },
  );
  return row?.at ?? null;
}

/** How many of these payouts are in each state. */
export async function countStates(
  reader: Reader,
  ids: readonly bigint[],
): Promise<Partial<Record<PayoutState, number>>> {
  const rows = await reader.all<{ state: PayoutState; count: bigint }>(
    `select state, count(*) as count from payouts where id in (${inList('ids')}) group by state order by state`,
    { ids: listParam(ids) },
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** From where returns have to be asked: the last mark, else the first payment; null where nothing was ever paid. */
export async function returnedUntil(reader: Reader, provider: string): Promise<string | null> {
  const mark = await reader.get<{ returned_until: string }>(
    'select returned_until from sync_marks where provider = :provider',
    { provider },
  );
  if (mark) return mark.returned_until;
  const first = await reader.get<{ paid_at: string | null }>(
    "select min(paid_at) as paid_at from payouts where provider = :provider and state = 'paid'",
    { provider },
  );
  return first?.paid_at ?? null;
}

export async function saveReturnedUntil(tx: Transaction, provider: string, until: string): Promise<void> {
  await tx.run(
    `insert into sync_marks (provider, returned_until) values (:provider, :until)
     on conflict (provider) do update set returned_until = excluded.returned_until`,
    { provider, until },
  );
}
