/**
 * Writing journal entries: the only place where the tables accounts, journal_entries, postings and account_days are
 * written. Everything of a call is in the caller's transaction: entries, postings, day sums and the chain. Queries
 * are in ledger-queries.ts.
 */

import { Bug } from '../domain/errors.ts';
import { accountClass } from '../domain/ledger/account.ts';
import { canonicalEntry } from '../domain/ledger/chain.ts';
import { onOpenDay } from '../domain/ledger/closed-days.ts';
import { assertBalanced, type NewEntry } from '../domain/ledger/entry.ts';
import { tagsOf } from '../domain/ledger/tags.ts';
import { appendToChain, type ChainItem } from './chain.ts';
import { closedDays } from './closings.ts';
import { inList, isConstraintViolation, listParam, type Transaction } from './database.ts';
import { recordRows } from './records.ts';
import type { Params, Value } from './sql-value.ts';

const ENTRY_COLUMNS = [
  'id',
  'event',
  'payout_id',
  'attempt_no',
  'cycle',
  'reference_id',
  'provider',
  'booked_on',
  'recorded_at',
  'description',
  'actor',
  'entry_ref',
  'reverses_id',
  'tags',
] as const;
const POSTING_COLUMNS = ['entry_id', 'posting_no', 'account_id', 'amount_minor', 'currency'] as const;

const ADD_TO_DAY = `insert into account_days (account_id, currency, booked_on, debit_minor, credit_minor, posting_count)
  values (:account_id, :currency, :booked_on, :debit_minor, :credit_minor, :posting_count)
  on conflict (account_id, currency, booked_on) do update set
    debit_minor = account_days.debit_minor + excluded.debit_minor,
    credit_minor = account_days.credit_minor + excluded.credit_minor,
    posting_count = account_days.posting_count + excluded.posting_count`;

/**
 * Writes entries and answers their ids, in the order given. Accounts that do not exist yet are opened. An event that
 * was posted before is a Bug, and the whole transaction ends: posting twice would be paying twice in the books.
 * Nothing is written on a closed day: a payout's event moves to the first open one, a person's entry is refused.
 */
export async function postEntries(tx: Transaction, made: readonly NewEntry[]): Promise<bigint[]> {
  if (made.length === 0) return [];
  for (const entry of made) assertBalanced(entry);
  const closed = await closedDays(tx);
  const entries = closed.size === 0 ? made : made.map((entry) => onOpenDay(entry, closed));
  const accountIds = await openAccounts(tx, entries);
  // The transaction holds the write lock, so that nobody else takes these ids; explicit ids save a read per entry.
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from journal_entries');
  const firstId = (last?.id ?? 0n) + 1n;
  try {
    await tx.insertMany('journal_entries', ENTRY_COLUMNS, entryRows(firstId, entries));
    await tx.insertMany('postings', POSTING_COLUMNS, postingRows(firstId, entries, accountIds));
    await tx.runMany(ADD_TO_DAY, dayRows(entries, accountIds));
    await addToTagDays(tx, entries, accountIds);
  } catch (cause) {
    if (!isConstraintViolation(cause)) throw cause;
    const bug = new Bug(
      `The ledger refused ${await nameOf(tx, entries, firstId)}: ${(cause as Error).message}.`,
    );
    bug.cause = cause;
    throw bug;
  }
  await appendToChain(tx, chainItems(firstId, entries));
  return entries.map((_, index) => firstId + BigInt(index));
}

/** Which of the entries was posted before, as a person would look for it. */
async function nameOf(tx: Transaction, entries: readonly NewEntry[], firstId: bigint): Promise<string> {
  for (const { event, payout, reference_id, entry_ref } of entries) {
    const earlier = await tx.get(
      `select id from journal_entries
       where id < :first and (entry_ref = :entry_ref
         or (payout_id = :payout and attempt_no = :attempt and cycle = :cycle and event = :event))`,
      {
        first: firstId,
        entry_ref,
        payout: payout?.payout_id ?? null,
        attempt: payout?.attempt_no ?? null,
        cycle: payout?.cycle ?? null,
        event,
      },
    );
    if (earlier) return `the entry "${event}" of ${reference_id ?? entry_ref ?? 'no payout'}`;
  }
  return `one of ${entries.length} entries`;
}

function* entryRows(firstId: bigint, entries: readonly NewEntry[]): Iterable<Value[]> {
  let id = firstId;
  for (const entry of entries) {
    yield [
      id,
      entry.event,
      entry.payout === null ? null : entry.payout.payout_id,
      entry.payout === null ? null : entry.payout.attempt_no,
      entry.payout === null ? null : entry.payout.cycle,
      entry.reference_id,
      entry.provider,
      entry.booked_on,
      entry.recorded_at,
      entry.description,
      entry.actor,
      entry.entry_ref,
      entry.reverses_id,
      entry.tags ?? null,
    ];
    id += 1n;
  }
}

function* postingRows(
  firstId: bigint,
  entries: readonly NewEntry[],
  accountIds: ReadonlyMap<string, bigint>,
): Iterable<Value[]> {
  let entryId = firstId;
  for (const entry of entries) {
    let postingNo = 0;
    for (const posting of entry.postings) {
      postingNo += 1;
      yield [
        entryId,
        postingNo,
        accountId(accountIds, posting.account),
        posting.amount_minor,
        posting.currency,
      ];
    }
    entryId += 1n;
  }
}

interface Day {
  account: string;
  currency: string;
  booked_on: string;
  debit_minor: bigint;
  credit_minor: bigint;
  posting_count: number;
}

/** A thousand payouts of a day touch three accounts: three rows to add to, not two thousand. */
function dayRows(entries: readonly NewEntry[], accountIds: ReadonlyMap<string, bigint>): Params[] {
  const days = new Map<string, Day>();
  for (const entry of entries) {
    for (const { account, currency, amount_minor } of entry.postings) {
      const key = `${entry.booked_on} ${currency} ${account}`;
      let day = days.get(key);
      if (day === undefined) {
        day = {
          account,
          currency,
          booked_on: entry.booked_on,
          debit_minor: 0n,
          credit_minor: 0n,
          posting_count: 0,
        };
        days.set(key, day);
      }
      if (amount_minor > 0n) day.debit_minor += amount_minor;
      else day.credit_minor -= amount_minor;
      day.posting_count += 1;
    }
  }
  return [...days.values()].map(({ account, ...day }) => ({
    ...day,
    account_id: accountId(accountIds, account),
  }));
}

const ADD_TO_TAG_DAY = `insert into tag_days (tag, account_id, currency, booked_on, debit_minor, credit_minor, posting_count)
  values (:tag, :account_id, :currency, :booked_on, :debit_minor, :credit_minor, :posting_count)
  on conflict (tag, account_id, currency, booked_on) do update set
    debit_minor = tag_days.debit_minor + excluded.debit_minor,
    credit_minor = tag_days.credit_minor + excluded.credit_minor,
    posting_count = tag_days.posting_count + excluded.posting_count`;

async function addToTagDays(
  tx: Transaction,
  entries: readonly NewEntry[],
  accountIds: ReadonlyMap<string, bigint>,
): Promise<void> {
  const tagged = new Map<string, NewEntry[]>();
  for (const entry of entries) {
    for (const tag of tagsOf(entry.tags)) {
      const others = tagged.get(tag);
      if (others) others.push(entry);
      else tagged.set(tag, [entry]);
    }
  }
  for (const [tag, of] of tagged) {
    const days = dayRows(of, accountIds).map((day) => ({ ...day, tag }));
    await tx.runMany(ADD_TO_TAG_DAY, days);
  }
}

function* chainItems(firstId: bigint, entries: readonly NewEntry[]): Iterable<ChainItem> {
  let id = firstId;
  for (const entry of entries) {
    yield { kind: 'entry', item_id: id, canonical: canonicalEntry(entry) };
    id += 1n;
  }
}

/** The ids of all accounts that the entries post to, by name. */
async function openAccounts(tx: Transaction, entries: readonly NewEntry[]): Promise<Map<string, bigint>> {
  const openedAt = new Map<string, string>();
  for (const entry of entries) {
    for (const { account } of entry.postings)
      if (!openedAt.has(account)) openedAt.set(account, entry.recorded_at);
  }
  const names = [...openedAt.keys()];
  const ids = await accountIdsOf(tx, names);
  if (ids.size === names.length) return ids;
  await tx.runMany(
    'insert into accounts (name, class, opened_at) values (:name, :class, :opened_at)',
    names
      .filter((name) => !ids.has(name))
      .map((name) => ({ name, class: classOf(name), opened_at: openedAt.get(name) ?? '' })),
  );
  const opened = await accountIdsOf(tx, names);
  await recordRows(
    tx,
    'account',
    [...opened].filter(([name]) => !ids.has(name)).map(([, id]) => id),
  );
  return opened;
}

function classOf(name: string): string {
  const found = accountClass(name);
  if (found === undefined) throw new Bug(`"${name}" is no account's name, so it cannot be opened.`);
  return found;
}

async function accountIdsOf(tx: Transaction, names: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await tx.all<{ id: bigint; name: string }>(
    `select id, name from accounts where name in (${inList('names')})`,
    {
      names: listParam(names),
    },
  );
  return new Map(rows.map((row) => [row.name, row.id]));
}

function accountId(accountIds: ReadonlyMap<string, bigint>, name: string): bigint {
  const id = accountIds.get(name);
  if (id === undefined) throw new Bug(`The account ${name} was not opened.`);
  return id;
}
