/** What the books say: accounts, balances, an account line by line, single entries. Balances come from the day sums. */
import type { AccountClass } from '../domain/ledger/account.ts';
import { inList, listParam, type Reader } from './database.ts';

export interface AccountRow {
  account: string;
  class: AccountClass;
  opened_at: string;
  posting_count: bigint;
  first_booked_on: string | null;
  last_booked_on: string | null;
}

export async function listAccounts(reader: Reader): Promise<AccountRow[]> {
  return reader.all(
    `select a.name as account, a.class, a.opened_at, coalesce(sum(d.posting_count), 0) as posting_count,
       min(d.booked_on) as first_booked_on, max(d.booked_on) as last_booked_on
     from accounts a left join account_days d on d.account_id = a.id
     group by a.id, a.name, a.class, a.opened_at order by a.name`,
  );
}

export async function accountNames(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ name: string }>('select name from accounts order by name');
  return rows.map((row) => row.name);
}

export interface BalanceRow {
  account: string;
  currency: string;
  debit_minor: bigint;
  credit_minor: bigint;
}

export interface BalanceFilter {
  /** Entries booked on this day still count; null for all. */
  as_of: string | null;
  /** This account and those below it; null for all. */
  account: string | null;
  /** Only entries with this `key=value`; null for all. */
  tag: string | null;
}

/** Where balances are read from: the kept sums of the accounts, or those of one tag in them. */
function daySums(tag: string | null): string {
  return tag === null ? 'account_days' : '(select * from tag_days where tag = :tag)';
}

const OF_BALANCES = `(:as_of is null or d.booked_on <= :as_of)
  and (:account is null or a.name = :account or substr(a.name, 1, length(:account) + 1) = :account || ':')`;

/** Debits and credits per account and currency, in the order of names; an account at zero is listed too. */
export async function listBalances(reader: Reader, filter: BalanceFilter): Promise<BalanceRow[]> {
  const { tag, ...where } = filter;
  return reader.all(
    `select a.name as account, d.currency, sum(d.debit_minor) as debit_minor, sum(d.credit_minor) as credit_minor
     from accounts a join ${daySums(tag)} d on d.account_id = a.id
     where ${OF_BALANCES} group by a.name, d.currency order by a.name, d.currency`,
    tag === null ? where : { ...where, tag },
  );
}

export type PeriodRow = BalanceRow & {
  /** `2026-11-20` or `2026-11`. */
  period: string;
};

/** What moved in each period, by account, currency and period; a period in which an account did not move has no row. */
export async function listMovements(
  reader: Reader,
  filter: BalanceFilter,
  period: 'day' | 'month',
): Promise<PeriodRow[]> {
  const { tag, ...where } = filter;
  const name = `substr(d.booked_on, 1, ${period === 'day' ? 10 : 7})`;
  return reader.all(
    `select a.name as account, d.currency, ${name} as period,
       sum(d.debit_minor) as debit_minor, sum(d.credit_minor) as credit_minor
     from accounts a join ${daySums(tag)} d on d.account_id = a.id
     where ${OF_BALANCES} group by a.name, d.currency, ${name} order by a.name, d.currency, ${name}`,
    tag === null ? where : { ...where, tag },
  );
}

/** The balance of one account in one currency: debits less credits. */
export async function balanceOf(
  reader: Reader,
  account: string,
  currency: string,
  asOf: string | null = null,
): Promise<bigint> {
  const row = await reader.get<{ balance_minor: bigint }>(
    `select coalesce(sum(d.debit_minor - d.credit_minor), 0) as balance_minor
     from accounts a join account_days d on d.account_id = a.id
     where a.name = :account and d.currency = :currency and (:as_of is null or d.booked_on <= :as_of)`,
    { account, currency, as_of: asOf },
  );
  return row?.balance_minor ?? 0n;
}

/** The last day on which anything is booked; null in an empty ledger. */
export async function lastBookedOn(reader: Reader): Promise<string | null> {
  const row = await reader.get<{ booked_on: string | null }>(
    'select max(booked_on) as booked_on from account_days',
  );
  return row?.booked_on ?? null;
}

export interface EntryRow {
  id: bigint;
  event: string;
  payout_id: bigint | null;
  attempt_no: bigint | null;
  cycle: bigint | null;
  reference_id: string | null;
  provider: string | null;
  booked_on: string;
  recorded_at: string;
  description: string;
  actor: string;
  entry_ref: string | null;
  reverses_id: bigint | null;
  tags: string | null;
  reversed_by: bigint | null;
  /** Of the payout, as it is known now. */
  utr: string | null;
}

export interface EntryPosting {
  entry_id: bigint;
  posting_no: bigint;
  account: string;
  amount_minor: bigint;
  currency: string;
}

export const ENTRY_COLUMNS = `e.id, e.event, e.payout_id, e.attempt_no, e.cycle, e.reference_id, e.provider, e.booked_on,
  e.recorded_at, e.description, e.actor, e.entry_ref, e.reverses_id, e.tags, r.id as reversed_by, o.utr`;
export const ENTRY_TABLES = `journal_entries e left join journal_entries r on r.reverses_id = e.id left join payouts o on o.id = e.payout_id`;

export async function entryById(reader: Reader, id: bigint): Promise<EntryRow | undefined> {
  return reader.get(`select ${ENTRY_COLUMNS} from ${ENTRY_TABLES} where e.id = :id`, { id });
}

/** The postings of entries, in order. */
export async function postingsOfEntries(
  reader: Reader,
  ids: readonly bigint[],
): Promise<Map<bigint, EntryPosting[]>> {
  const rows = await reader.all<EntryPosting>(
    `select p.entry_id, p.posting_no, a.name as account, p.amount_minor, p.currency
     from postings p join accounts a on a.id = p.account_id
     where p.entry_id in (${inList('ids')}) order by p.entry_id, p.posting_no`,
    { ids: listParam(ids) },
  );
  const byEntry = new Map<bigint, EntryPosting[]>();
  for (const row of rows) {
    const postings = byEntry.get(row.entry_id);
    if (postings) postings.push(row);
    else byEntry.set(row.entry_id, [row]);
  }
  return byEntry;
}

/** Which of these entry_refs exist. */
export async function knownEntryRefs(reader: Reader, refs: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await reader.all<{ entry_ref: string; id: bigint }>(
    `select entry_ref, id from journal_entries where entry_ref in (${inList('refs')})`,
    { refs: listParam(refs) },
  );
  return new Map(rows.map((row) => [row.entry_ref, row.id]));
}
