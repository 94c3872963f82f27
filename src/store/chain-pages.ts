/**
 * The chain with everything that it covers, page by page, for whoever recomputes it. What is chained is never changed,
 * so that pages up to a fixed end show one state of the ledger however long the reading takes and whoever writes.
 */
import type { ChainedAuditEvent, ChainKind } from '../domain/ledger/chain.ts';
import {
  type ChainedEntry,
  chainedEntry,
  ENTRY_COLUMNS,
  type EntryValues,
  NO_POSTINGS,
  Postings,
  type PostingsOfEntry,
} from './chained-entries.ts';
import type { Reader } from './database.ts';

// A page is a few megabytes, and a few milliseconds in which nothing else runs.
const PAGE_ITEMS = 500;

export interface DaySum {
  /** `key=value`, for the sums of one tag; null for those of the account. */
  tag: string | null;
  account: string;
  currency: string;
  booked_on: string;
  debit_minor: bigint;
  credit_minor: bigint;
  posting_count: bigint;
}

/** The ends of everything and the day sums at one instant. */
export interface LedgerSnapshot {
  last_seq: bigint;
  last_entry: bigint;
  last_audit: bigint;
  last_send: bigint;
  last_status: bigint;
  last_break_event: bigint;
  days: DaySum[];
}

export interface ChainedItem {
  seq: bigint;
  kind: ChainKind;
  item_id: bigint;
  item_count: bigint;
  /** SHA-256 of the rows that the link covers; null for entries and audit events. */
  content: string | null;
  hash: string;
  /** What stands in the ledger under that number; both are null where nothing does, and for other kinds. */
  entry: ChainedEntry | null;
  audit: ChainedAuditEvent | null;
}

type Ends = Omit<LedgerSnapshot, 'days'>;

/** One statement, and so one state, also while another process writes. */
export async function ledgerSnapshot(reader: Reader): Promise<LedgerSnapshot> {
  const rows = await reader.all<Ends & { [K in keyof DaySum]: DaySum[K] | null }>(
    `select ends.last_seq, ends.last_entry, ends.last_audit, ends.last_send, ends.last_status, ends.last_break_event,
       d.tag, a.name as account, d.currency, d.booked_on, d.debit_minor, d.credit_minor, d.posting_count
     from (select coalesce((select max(seq) from chain), 0) as last_seq,
                  coalesce((select max(id) from journal_entries), 0) as last_entry,
                  coalesce((select max(id) from audit_events), 0) as last_audit,
                  coalesce((select max(id) from sends), 0) as last_send,
                  coalesce((select max(id) from status_events), 0) as last_status,
                  coalesce((select max(id) from break_events), 0) as last_break_event) ends
     left join (
       select cast(null as text) as tag, account_id, currency, booked_on, debit_minor, credit_minor, posting_count from account_days
       union all
       select tag, account_id, currency, booked_on, debit_minor, credit_minor, posting_count from tag_days
     ) d on 1 = 1
     left join accounts a on a.id = d.account_id
     order by a.name, d.currency, d.booked_on, d.tag`,
  );
  const [first] = rows;
  const days: DaySum[] = [];
  for (const { tag, account, currency, booked_on, debit_minor, credit_minor, posting_count } of rows) {
    if (
      currency === null ||
      booked_on === null ||
      debit_minor === null ||
      credit_minor === null ||
      posting_count === null
    )
      continue;
    const sums = { debit_minor, credit_minor, posting_count };
    days.push({ tag, account: account ?? '', currency, booked_on, ...sums });
  }
  return {
    last_seq: first?.last_seq ?? 0n,
    last_entry: first?.last_entry ?? 0n,
    last_audit: first?.last_audit ?? 0n,
    last_send: first?.last_send ?? 0n,
    last_status: first?.last_status ?? 0n,
    last_break_event: first?.last_break_event ?? 0n,
    days,
  };
}

type LinkValues = readonly [
  seq: bigint,
  kind: ChainKind,
  item_id: bigint,
  item_count: bigint,
  content: string | null,
  hash: string,
  ...entry: EntryValues,
];

/** All of the chain up to a place, in its order. */
export async function* chainPages(reader: Reader, lastSeq: bigint): AsyncGenerator<ChainedItem[]> {
  const postings = new Postings(reader);
  for (let after = 0n; after < lastSeq; ) {
    const links = await reader.tuples<LinkValues>(
      `select c.seq, c.kind, c.item_id, c.item_count, c.content, c.hash, ${ENTRY_COLUMNS}
       from chain c left join journal_entries e on c.kind = 'entry' and e.id = c.item_id
       where c.seq > :after and c.seq <= :last order by c.seq limit ${PAGE_ITEMS}`,
      { after, last: lastSeq },
    );
    const end = links.at(-1)?.[0];
    if (end === undefined) return;
    const audits = await reader.all<ChainedAuditEvent & { id: bigint }>(
      `select id, at, actor, os_user, host, action, subject_kind, subject, details from audit_events
       where id in (select item_id from chain where kind = 'audit' and seq > :after and seq <= :end)`,
      { after, end },
    );
    yield assemble(
      links,
      await postingsOf(postings, links, { after, end }),
      new Map(audits.map((audit) => [audit.id, audit])),
    );
    after = end;
  }
}

/** A page's entries follow each other, and a range is read twice as fast as a list; unless someone tampered. */
async function postingsOf(
  postings: Postings,
  links: readonly LinkValues[],
  { after, end }: { after: bigint; end: bigint },
): Promise<ReadonlyMap<bigint, PostingsOfEntry>> {
  let first: bigint | undefined;
  let last = 0n;
  for (const [, kind, item_id] of links) {
    if (kind !== 'entry') continue;
    if (first === undefined || item_id < first) first = item_id;
    if (item_id > last) last = item_id;
  }
  if (first === undefined) return new Map();
  if (last - first < 2n * BigInt(PAGE_ITEMS)) return postings.between(first, last);
  return postings.alongChain(after, end);
}

function assemble(
  links: readonly LinkValues[],
  postings: ReadonlyMap<bigint, PostingsOfEntry>,
  audits: ReadonlyMap<bigint, ChainedAuditEvent>,
): ChainedItem[] {
  return links.map(([seq, kind, item_id, item_count, content, hash, ...entry]) => ({
    seq,
    kind,
    item_id,
    item_count,
    content,
    hash,
    entry: entry[0] === null ? null : chainedEntry(entry, postings.get(item_id) ?? NO_POSTINGS),
    audit: kind === 'audit' ? (audits.get(item_id) ?? null) : null,
  }));
}

/** What stands in the ledger and not in the chain, up to the ends of a snapshot. Empty unless someone tampered. */
export async function unchained(
  reader: Reader,
  ends: Ends,
  limit: number,
): Promise<{ kind: ChainKind; item_id: bigint }[]> {
  return reader.all(
    `select 'entry' as kind, e.id as item_id from journal_entries e
     where e.id <= :last_entry and not exists (select 1 from chain c where c.kind = 'entry' and c.item_id = e.id)
     union all
     select 'audit' as kind, a.id as item_id from audit_events a
     where a.id <= :last_audit and not exists (select 1 from chain c where c.kind = 'audit' and c.item_id = a.id)
     limit ${limit}`,
    { last_entry: ends.last_entry, last_audit: ends.last_audit },
  );
}

/** How much there is to compare with what was read along the chain. */
export async function countsUpTo(
  reader: Reader,
  ends: Ends,
): Promise<{ entries: bigint; postings: bigint; audits: bigint }> {
  const counts = await reader.get<{ entries: bigint; postings: bigint; audits: bigint }>(
    `select (select count(*) from journal_entries where id <= :last_entry) as entries,
            (select count(*) from postings where entry_id <= :last_entry) as postings,
            (select count(*) from audit_events where id <= :last_audit) as audits`,
    { last_entry: ends.last_entry, last_audit: ends.last_audit },
  );
  return counts ?? { entries: 0n, postings: 0n, audits: 0n };
}

export interface MisplacedPayout {
  reference_id: string;
  state: string;
  position: string;
  amount_minor: bigint;
  currency: string;
  in_transit_minor: bigint;
  booked_minor: bigint;
}

/**
 * Payouts whose entries do not say what their position says: in transit the whole amount stands on the in-transit
 * account, paid on the booking account, and in every other case nothing on either. Fees do not count.
 */
export async function misplacedPayouts(reader: Reader, limit: number): Promise<MisplacedPayout[]> {
  return reader.all(
    `select * from (
       select p.reference_id, p.state, p.position, p.amount_minor, p.currency,
         coalesce(s.in_transit_minor, 0) as in_transit_minor, coalesce(s.booked_minor, 0) as booked_minor
       from payouts p
       left join (
         select e.payout_id,
           sum(case when t.account_id = transit.id then t.amount_minor else 0 end) as in_transit_minor,
           sum(case when t.account_id = booking.id then t.amount_minor else 0 end) as booked_minor
         from journal_entries e
         join payouts o on o.id = e.payout_id
         join postings t on t.entry_id = e.id
         left join accounts transit on transit.name = 'assets:providers:' || o.provider || ':in-transit'
         left join accounts booking on booking.name = o.account
         where e.payout_id is not null and e.event not in ('fee', 'tax', 'fee_returned', 'tax_returned')
         group by e.payout_id
       ) s on s.payout_id = p.id
     ) places
     where in_transit_minor <> case when position = 'in_transit' then amount_minor else 0 end
        or booked_minor <> case when position = 'paid' then amount_minor else 0 end
     order by reference_id limit ${limit}`,
  );
}
