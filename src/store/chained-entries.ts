/**
 * Journal entries as verification reads them by the thousand. The engine makes most of an entry's canonical text: that
 * takes half the time of handing over its columns one by one. The text is right for whatever needs no escapes in JSON,
 * which is nearly everything that is written; where it does not hash to what is stored, the columns decide.
 */
import { canonicalEntry } from '../domain/ledger/chain.ts';
import type { NewEntry, Posting } from '../domain/ledger/entry.ts';
import type { Reader } from './database.ts';

/** What is added up of an entry, and its text. */
export interface ChainedEntry extends Pick<NewEntry, 'booked_on' | 'tags' | 'postings'> {
  /** As `canonicalEntry` has it; null where that would need escapes. */
  canonical: string | null;
}

const text = (column: string) => `'"' || ${column} || '"'`;
const textOrNull = (column: string) => `coalesce(${text(column)}, 'null')`;
const numberOrNull = (column: string) => `coalesce(cast(${column} as text), 'null')`;

/** The columns of `journal_entries e` that `chainedEntry` takes: its number, the text up to its postings, the rest. */
export const ENTRY_COLUMNS = `e.id, ${[
  text('e.event'),
  textOrNull('cast(e.payout_id as text)'),
  numberOrNull('e.attempt_no'),
  numberOrNull('e.cycle'),
  textOrNull('e.reference_id'),
  textOrNull('e.provider'),
  text('e.booked_on'),
  text('e.recorded_at'),
  text('e.description'),
  text('e.actor'),
  textOrNull('e.entry_ref'),
  textOrNull('cast(e.reverses_id as text)'),
].join(` || ',' || `)}, e.booked_on, e.tags`;

export type EntryValues = readonly [
  id: bigint | null,
  text: string | null,
  booked_on: string,
  tags: string | null,
];

/**
 * A text without a backslash has as many values as it has columns, each in its place: no other row could read alike.
 * A value that would need an escape and has none hashes to nothing that was ever stored.
 */
export function chainedEntry(
  [, columns, booked_on, tags]: EntryValues,
  postings: PostingsOfEntry,
): ChainedEntry {
  const end = tags === null ? ']' : `,${JSON.stringify(tags)}]`;
  const canonical =
    columns === null || columns.includes('\\') ? null : `[${columns},[${postings.text}]${end}`;
  return { booked_on, tags, postings: postings.rows, canonical };
}

export interface PostingsOfEntry {
  rows: Posting[];
  /** Their canonical texts behind each other. */
  text: string;
}

export const NO_POSTINGS: PostingsOfEntry = { rows: [], text: '' };

/** The postings of entries, with the names of their accounts; one reader for all pages knows the accounts. */
export class Postings {
  readonly #accounts = new Map<bigint, { name: string; quoted: string }>();
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Of the entries from the first to the last, both included. */
  async between(first: bigint, last: bigint): Promise<Map<bigint, PostingsOfEntry>> {
    return this.#byEntry('where entry_id >= :first and entry_id <= :last', { first, last });
  }

  /** Of the entries that stand on the chain behind one place, up to another. */
  async alongChain(after: bigint, end: bigint): Promise<Map<bigint, PostingsOfEntry>> {
    return this.#byEntry(
      `where entry_id in (select item_id from chain where kind = 'entry' and seq > :after and seq <= :end)`,
      { after, end },
    );
  }

  async #byEntry(where: string, params: Record<string, bigint>): Promise<Map<bigint, PostingsOfEntry>> {
    const rows = await this.#reader.tuples<
      [entry: bigint, no: bigint, account: bigint, amount_minor: bigint, currency: string]
    >(
      `select entry_id, posting_no, account_id, amount_minor, currency from postings ${where} order by entry_id, posting_no`,
      params,
    );
    if (rows.some(([, , account]) => !this.#accounts.has(account))) await this.#readAccounts();
    const byEntry = new Map<bigint, PostingsOfEntry>();
    let entry: PostingsOfEntry = { rows: [], text: '' };
    let entryId = 0n;
    for (const [id, no, accountId, amount_minor, currency] of rows) {
      if (id !== entryId) {
        entryId = id;
        entry = { rows: [], text: '' };
        byEntry.set(id, entry);
      }
      // An account that is gone has no name, and a posting that lost its place none here; no hash was made with it.
      const inPlace = no === BigInt(entry.rows.length + 1);
      const account = (inPlace && this.#accounts.get(accountId)) || NOWHERE;
      const comma = entry.rows.length === 0 ? '' : ',';
      entry.text += `${comma}[${account.quoted},"${amount_minor}",${JSON.stringify(currency)}]`;
      entry.rows.push({ account: account.name, amount_minor, currency });
    }
    return byEntry;
  }

  async #readAccounts(): Promise<void> {
    for (const [id, name] of await this.#reader.tuples<[bigint, string]>('select id, name from accounts'))
      this.#accounts.set(id, { name, quoted: JSON.stringify(name) });
  }
}

const NOWHERE = { name: '', quoted: '""' };

type EntryRow = Omit<NewEntry, 'payout' | 'postings' | 'tags'> & {
  payout_id: bigint | null;
  attempt_no: bigint | null;
  cycle: bigint | null;
  tags: string | null;
};

/** The canonical text from the columns themselves; null where there is no such entry. */
export async function canonicalEntryAt(
  reader: Reader,
  id: bigint,
  postings: readonly Posting[],
): Promise<string | null> {
  const row = await reader.get<EntryRow>(
    `select event, payout_id, attempt_no, cycle, reference_id, provider, booked_on, recorded_at, description, actor,
       entry_ref, reverses_id, tags from journal_entries where id = :id`,
    { id },
  );
  return row === undefined ? null : canonicalEntry({ ...row, payout: payoutOf(row), postings });
}

/** All three or none; what has lost one of them reads like no entry that was ever hashed. */
function payoutOf({ payout_id, attempt_no, cycle }: EntryRow): NewEntry['payout'] {
  if (payout_id === null && attempt_no === null && cycle === null) return null;
  return { payout_id: payout_id ?? -1n, attempt_no: Number(attempt_no ?? -1n), cycle: Number(cycle ?? -1n) };
}
