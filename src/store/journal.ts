/** The journal as exports read it: a stretch of it, page by page, in the order of its days. */
import { inList, listParam, type Reader } from './database.ts';
import {
  ENTRY_COLUMNS,
  ENTRY_TABLES,
  type EntryPosting,
  type EntryRow,
  postingsOfEntries,
} from './ledger-queries.ts';

export interface JournalEntry extends EntryRow {
  postings: EntryPosting[];
}

/** Which entries: those numbered above `after` up to `last`, booked from `since` to `until`. Null: without an end there. */
export interface JournalStretch {
  after: bigint;
  last: bigint;
  since: string | null;
  until: string | null;
}

// A few megabytes at a time, however long the journal is.
const PAGE = 2000;

/** The last entry that there is: what an export that takes a while ends with, whatever is posted meanwhile. */
export async function lastEntryId(reader: Reader): Promise<bigint> {
  const row = await reader.get<{ id: bigint | null }>('select max(id) as id from journal_entries');
  return row?.id ?? 0n;
}

/** In the order of their days, entries of one day as they were written. */
export async function* journalPages(reader: Reader, stretch: JournalStretch): AsyncGenerator<JournalEntry[]> {
  // The entries of a day are found by its index, the last ones that were written by their numbers.
  const pages = stretch.after > 0n ? newestEntries(reader, stretch) : entriesByDay(reader, stretch);
  for await (const entries of pages) {
    const postings = await postingsOfEntries(
      reader,
      entries.map((entry) => entry.id),
    );
    yield entries.map((entry) => ({ ...entry, postings: postings.get(entry.id) ?? [] }));
  }
}

async function* entriesByDay(reader: Reader, stretch: JournalStretch): AsyncGenerator<EntryRow[]> {
  const { last, since, until } = stretch;
  let after: { booked_on: string; id: bigint } = { booked_on: since ?? '', id: 0n };
  for (;;) {
    const entries: EntryRow[] = await reader.all<EntryRow>(
      `select ${ENTRY_COLUMNS} from ${ENTRY_TABLES}
       where (e.booked_on, e.id) > (:booked_on, :id) and e.id <= :last and (:until is null or e.booked_on <= :until)
       order by e.booked_on, e.id limit ${PAGE}`,
      { booked_on: after.booked_on, id: after.id, last, until },
    );
    const end = entries.at(-1);
    if (end === undefined) return;
    yield entries;
    after = { booked_on: end.booked_on, id: end.id };
  }
}

async function* newestEntries(reader: Reader, stretch: JournalStretch): AsyncGenerator<EntryRow[]> {
  const { after, last } = stretch;
  const places = await reader.all<{ id: bigint }>(
    'select id from journal_entries where id > :after and id <= :last order by booked_on, id',
    { after, last },
  );
  for (let from = 0; from < places.length; from += PAGE) {
    const ids = places.slice(from, from + PAGE).map((place) => place.id);
    yield reader.all<EntryRow>(
      `select ${ENTRY_COLUMNS} from ${ENTRY_TABLES} where e.id in (${inList('ids')}) order by e.booked_on, e.id`,
      { ids: listParam(ids) },
    );
  }
}

export interface UsedAccount {
  account: string;
  currency: string;
  /** The first entry that was posted to the account in this currency. */
  first_entry: bigint;
}

/** Every account and currency that was ever posted to, in the order in which accounts were opened. */
export async function accountsInUse(reader: Reader): Promise<UsedAccount[]> {
  return reader.all(
    `select a.name as account, d.currency,
       (select p.entry_id from postings p where p.account_id = a.id and p.currency = d.currency
        order by p.entry_id limit 1) as first_entry
     from accounts a join (select distinct account_id, currency from account_days) d on d.account_id = a.id
     order by a.id, d.currency`,
  );
}

/** The names of all tags that entries bear, in order. */
export async function tagKeys(reader: Reader): Promise<string[]> {
  const rows = await reader.all<{ tag: string }>('select distinct tag from tag_days');
  return [...new Set(rows.map(({ tag }) => tag.slice(0, tag.indexOf('='))))].sort();
}

export interface ProvenBalance {
  provider: string;
  /** The last day that the closing covers. */
  through: string;
  currency: string;
  available_minor: bigint;
  in_transit_minor: bigint;
}

/** What closings have proven, in the order of their days. */
export async function provenBalances(reader: Reader): Promise<ProvenBalance[]> {
  return reader.all(
    `select provider, through, currency, available_minor, in_transit_minor from closings
     order by through, provider, currency`,
  );
}
