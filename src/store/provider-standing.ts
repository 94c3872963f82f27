/** What the ledger says about a provider's account beyond its balance. */
import type { Reader } from './database.ts';

/** Sent payouts whose fee was never stated, by rail. */
export async function payoutsWithoutFee(
  reader: Reader,
  provider: string,
): Promise<{ rail: string; count: bigint }[]> {
  return reader.all(
    `select rail, count(*) as count from payouts
     where provider = :provider and fee_minor is null and state in ('submitting', 'pending', 'unknown', 'held', 'paid', 'returned')
       and attempt_no > 0
     group by rail order by rail`,
    { provider },
  );
}

export interface InFlightPayout {
  reference_id: string;
  amount_minor: bigint;
  state: string;
  /** When it first left; null where it is being stored now. */
  submitted_at: string | null;
}

/** Payouts whose amount the ledger has in transit, the longest first; how many there are, and what they come to. */
export async function payoutsInFlight(
  reader: Reader,
  provider: string,
  currency: string,
  limit: number,
): Promise<{ count: bigint; amount_minor: bigint; payouts: InFlightPayout[] }> {
  const of = { provider, currency };
  const where = `provider = :provider and currency = :currency and position = 'in_transit'`;
  const sums = await reader.get<{ count: bigint; amount_minor: bigint }>(
    `select count(*) as count, coalesce(sum(amount_minor), 0) as amount_minor from payouts where ${where}`,
    of,
  );
  const payouts = await reader.all<InFlightPayout>(
    `select reference_id, amount_minor, state, submitted_at from payouts where ${where}
     order by submitted_at, id limit :limit`,
    { ...of, limit },
  );
  return { count: sums?.count ?? 0n, amount_minor: sums?.amount_minor ?? 0n, payouts };
}

/** Whether an entry by hand was ever posted to the account: an opening balance, a deposit. */
export async function handEntriesOn(reader: Reader, account: string): Promise<boolean> {
  const row = await reader.get(
    `select e.id from accounts a join postings p on p.account_id = a.id join journal_entries e on e.id = p.entry_id
     where a.name = :account and e.payout_id is null limit 1`,
    { account },
  );
  return row !== undefined;
}
