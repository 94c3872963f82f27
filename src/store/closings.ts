/** Which days are closed for which provider's accounts, and what a closing is proven with. */
import { accountsOfProvider } from '../domain/ledger/account.ts';
import { type ClosedDays, closedKey } from '../domain/ledger/closed-days.ts';
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';

export interface Closing {
  provider: string;
  currency: string;
  /** The last day that is closed. */
  through: string;
  available_minor: bigint;
  in_transit_minor: bigint;
  payout_count: number;
  closed_at: string;
  actor: string;
}

export async function closedDays(reader: Reader): Promise<ClosedDays> {
  const rows = await reader.all<{ provider: string; currency: string; through: string }>(
    'select provider, currency, max(through) as through from closings group by provider, currency',
  );
  const closed = new Map<string, string>();
  for (const { provider, currency, through } of rows) {
    for (const account of Object.values(accountsOfProvider(provider))) {
      closed.set(closedKey(account, currency), through);
    }
  }
  return closed;
}

export async function closedThrough(
  reader: Reader,
  provider: string,
  currency: string,
): Promise<string | null> {
  const row = await reader.get<{ through: string | null }>(
    'select max(through) as through from closings where provider = :provider and currency = :currency',
    { provider, currency },
  );
  return row?.through ?? null;
}

export async function insertClosing(tx: Transaction, closing: Closing): Promise<void> {
  const stored = await tx.all<{ id: bigint }>(
    `insert into closings (provider, currency, through, available_minor, in_transit_minor, payout_count, closed_at, actor)
     values (:provider, :currency, :through, :available_minor, :in_transit_minor, :payout_count, :closed_at, :actor)
     returning id`,
    { ...closing },
  );
  await recordRows(
    tx,
    'closing',
    stored.map(({ id }) => id),
  );
}

/** The currencies in which a provider's accounts have moved, in order. */
export async function currenciesOf(reader: Reader, provider: string): Promise<string[]> {
  const { available, in_transit } = accountsOfProvider(provider);
  const rows = await reader.all<{ currency: string }>(
    `select distinct d.currency from account_days d join accounts a on a.id = d.account_id
     where a.name in (:available, :in_transit) order by d.currency`,
    { available, in_transit },
  );
  return rows.map((row) => row.currency);
}

/** A payout that its entries had in transit when a day ended. */
export interface TransitRow {
  reference_id: string;
  /** The payout's own amount. */
  amount_minor: bigint;
  /** What its entries up to that day left on the in-transit account. */
  in_transit_minor: bigint;
  /** The day of the last of them. */
  since: string;
}

/** Read from the postings themselves, and not from the day sums that balances come from: one proves the other. */
export async function payoutsInTransitOn(
  reader: Reader,
  provider: string,
  currency: string,
  day: string,
): Promise<TransitRow[]> {
  return reader.all(
    `select p.reference_id, p.amount_minor, t.in_transit_minor, t.since from (
       select e.payout_id, sum(s.amount_minor) as in_transit_minor, max(e.booked_on) as since
       from accounts a join postings s on s.account_id = a.id join journal_entries e on e.id = s.entry_id
       where a.name = :account and s.currency = :currency and e.booked_on <= :day and e.payout_id is not null
       group by e.payout_id
     ) t join payouts p on p.id = t.payout_id
     where t.in_transit_minor <> 0 order by p.reference_id`,
    { account: accountsOfProvider(provider).in_transit, currency, day },
  );
}

export interface DifferingClosing {
  provider: string;
  currency: string;
  through: string;
  account: string;
  closed_minor: bigint;
  balance_minor: bigint;
}

/** Closings whose balances are no longer what they were closed with. Empty unless someone tampered. */
export async function differingClosings(reader: Reader, limit: number): Promise<DifferingClosing[]> {
  return reader.all(
    `select * from (
       select c.provider, c.currency, c.through, n.account, n.closed_minor,
         coalesce((select sum(d.debit_minor - d.credit_minor) from accounts a join account_days d on d.account_id = a.id
           where a.name = n.account and d.currency = c.currency and d.booked_on <= c.through), 0) as balance_minor
       from closings c join (
         select id, 'assets:providers:' || provider || ':available' as account, available_minor as closed_minor from closings
         union all
         select id, 'assets:providers:' || provider || ':in-transit', in_transit_minor from closings
       ) n on n.id = c.id
     ) compared
     where closed_minor <> balance_minor order by provider, currency, through, account limit ${limit}`,
  );
}
