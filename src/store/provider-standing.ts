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

/** Whether an entry by hand was ever posted to the account: an opening balance, a deposit. */
export async function handEntriesOn(reader: Reader, account: string): Promise<boolean> {
  const row = await reader.get(
    `select e.id from accounts a join postings p on p.account_id = a.id join journal_entries e on e.id = p.entry_id
     where a.name = :account and e.payout_id is null limit 1`,
    { account },
  );
  return row !== undefined;
}
