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
}

/** Debits and credits per account and currency, in the order of names; an account at zero is listed too. */
export async function listBalances(reader: Reader, filter: BalanceFilter): Promise<BalanceRow[]> {
  return reader.all(
    `select a.name as account, d.currency, sum(d.debit_minor) as debit_minor, sum(d.credit_minor) as credit_minor
     from accounts a join account_days d on d.account_id = a.id
     where (:as_of is null or d.booked_on <= :as_of)
       and (:account is null or a.name = :account or substr(a.name, 1, length(:account) + 1) = :account || ':')
     group by a.name, d.currency order by a.name, d.currency`,
    { as_of: filter.as_of, account: filter.account },
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

/** Where a line stands in an account: by day, then as written. */
export interface RegisterPlace {
  booked_on: string;
  entry: bigint;
  posting_no: bigint;
}

export interface RegisterRow extends RegisterPlace {
  recorded_at: string;
  event: string;
  reference_id: string | null;
  entry_ref: string | null;
  amount_minor: bigint;
  currency: string;
  description: string;
}

export interface RegisterPage {
  account_id: bigint;
  since: string | null;
  until: string | null;
  /** The place of the last line of the page before; null for the first page. */
  after: RegisterPlace | null;
  /** Newest first. */
  reverse: boolean;
  limit: number;
}

export async function accountIdOf(reader: Reader, account: string): Promise<bigint | undefined> {
  const row = await reader.get<{ id: bigint }>('select id from accounts where name = :account', { account });
  return row?.id;
}

const REGISTER_COLUMNS = `e.booked_on, e.id as entry, p.posting_no, e.recorded_at, e.event, e.reference_id, e.entry_ref,
  p.amount_minor, p.currency, e.description`;

/**
 * One page of an account's lines. Entries are walked in the order of their days, and only on days on which the
 * account moved, so that a page costs the same for a quiet account as for a busy one.
 */
export async function registerPage(reader: Reader, page: RegisterPage): Promise<RegisterRow[]> {
  const [beyond, order] = page.reverse ? ['<', 'desc'] : ['>', 'asc'];
  const { after } = page;
  const place =
    after === null ? '' : `and (e.booked_on, e.id, p.posting_no) ${beyond} (:booked_on, :entry, :posting_no)`;
  // Said once more of the day alone, which an index can use.
  const bound = after === null ? '' : `and e.booked_on ${beyond}= :booked_on`;
  return reader.all(
    `select ${REGISTER_COLUMNS}
     from journal_entries e cross join postings p
     where p.entry_id = e.id and p.account_id = :account_id
       and e.booked_on in (select booked_on from account_days where account_id = :account_id)
       and (:since is null or e.booked_on >= :since) and (:until is null or e.booked_on <= :until) ${bound} ${place}
     order by e.booked_on ${order}, e.id ${order}, p.posting_no ${order} limit :limit`,
    {
      account_id: page.account_id,
      since: page.since,
      until: page.until,
      limit: page.limit,
      ...(after === null
        ? {}
        : { booked_on: after.booked_on, entry: after.entry, posting_no: after.posting_no }),
    },
  );
}

/** The account's balance by currency just after a line, that line included. */
export async function balancesThrough(
  reader: Reader,
  accountId: bigint,
  place: RegisterPlace,
): Promise<Map<string, bigint>> {
  const rows = await reader.all<{ currency: string; balance_minor: bigint }>(
    `select currency, sum(amount_minor) as balance_minor from (
       select currency, debit_minor - credit_minor as amount_minor from account_days
       where account_id = :account_id and booked_on < :booked_on
       union all
       select p.currency, p.amount_minor from journal_entries e cross join postings p
       where e.booked_on = :booked_on and e.id <= :entry and p.entry_id = e.id and p.account_id = :account_id
         and (e.id < :entry or p.posting_no <= :posting_no)
     ) moved group by currency`,
    { account_id: accountId, booked_on: place.booked_on, entry: place.entry, posting_no: place.posting_no },
  );
  return new Map(rows.map((row) => [row.currency, row.balance_minor]));
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

const ENTRY_COLUMNS = `e.id, e.event, e.payout_id, e.attempt_no, e.cycle, e.reference_id, e.provider, e.booked_on,
  e.recorded_at, e.description, e.actor, e.entry_ref, e.reverses_id, r.id as reversed_by, o.utr`;
const ENTRY_TABLES = `journal_entries e left join journal_entries r on r.reverses_id = e.id left join payouts o on o.id = e.payout_id`;

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

export interface JournalEntry extends EntryRow {
  postings: EntryPosting[];
}

// A few megabytes at a time, however long the journal is.
const EXPORT_PAGE = 2000;

/** The last entry that there is: what an export that takes a while ends with, whatever is posted meanwhile. */
export async function lastEntryId(reader: Reader): Promise<bigint> {
  const row = await reader.get<{ id: bigint | null }>('select max(id) as id from journal_entries');
  return row?.id ?? 0n;
}

/** The whole journal in the order of its days, entries of one day as they were written. */
export async function* journalPages(reader: Reader, lastId: bigint): AsyncGenerator<JournalEntry[]> {
  let after: { booked_on: string; id: bigint } = { booked_on: '', id: 0n };
  for (;;) {
    const entries: EntryRow[] = await reader.all<EntryRow>(
      `select ${ENTRY_COLUMNS} from ${ENTRY_TABLES}
       where (e.booked_on, e.id) > (:booked_on, :id) and e.id <= :last order by e.booked_on, e.id limit ${EXPORT_PAGE}`,
      { booked_on: after.booked_on, id: after.id, last: lastId },
    );
    const end = entries.at(-1);
    if (end === undefined) return;
    const postings = await postingsOfEntries(
      reader,
      entries.map((entry) => entry.id),
    );
    yield entries.map((entry) => ({ ...entry, postings: postings.get(entry.id) ?? [] }));
    after = { booked_on: end.booked_on, id: end.id };
  }
}

/** Which of these entry_refs exist. */
export async function knownEntryRefs(reader: Reader, refs: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await reader.all<{ entry_ref: string; id: bigint }>(
    `select entry_ref, id from journal_entries where entry_ref in (${inList('refs')})`,
    { refs: listParam(refs) },
  );
  return new Map(rows.map((row) => [row.entry_ref, row.id]));
}

/** Every account and currency that entries up to one were posted to: what an export declares before the first entry. */
export async function accountsInUse(
  reader: Reader,
): Promise<{ account: string; currency: string; first_booked_on: string }[]> {
  return reader.all(
    `select a.name as account, d.currency, min(d.booked_on) as first_booked_on
     from accounts a join account_days d on d.account_id = a.id group by a.name, d.currency order by a.name, d.currency`,
  );
}
