/**
 * Takes in journal entries that a person wrote, a file whole or not at all: opening balances, money moved to a
 * provider, an invoice paid. An entry_ref is taken once, so that the same file cannot be booked twice.
 */
import type { Actor } from '../domain/actor.ts';
import type { RowError } from '../domain/errors.ts';
import { accountsOfProvider, doubtfulAccounts, doubtSentence } from '../domain/ledger/account.ts';
import { type ClosedDays, closedFor, closedSentence } from '../domain/ledger/closed-days.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import {
  RECORD_COLUMNS,
  type RecordedEntry,
  type RecordRow,
  readRecordedEntries,
} from '../domain/ledger/recorded-entries.ts';
import { type CsvRead, type CsvWarning, fileRefused, readCsv } from '../statements/read-csv.ts';
import { recordAudit } from '../store/audit.ts';
import { closedDays } from '../store/closings.ts';
import type { Database, Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { accountNames, knownEntryRefs } from '../store/ledger-queries.ts';

export interface RecordDeps {
  database: Database;
  actor: Actor;
  /** RFC 3339 UTC. */
  at: string;
  /** Of the configuration: their in-transit accounts are kept by payouts alone. */
  providers: readonly string[];
  /** New accounts that are meant however near their names are to others; null: all of them, which is warned about. */
  new_accounts: ReadonlySet<string> | null;
}

export interface RecordedFile {
  rows: number;
  recorded: { entry: bigint; entry_ref: string; booked_on: string; posting_count: number }[];
  accounts_opened: string[];
  warnings: CsvWarning[];
}

export async function recordEntries(
  deps: RecordDeps,
  file: { name: string; bytes: Uint8Array },
): Promise<RecordedFile> {
  const read = readCsv(file.bytes, { ...RECORD_COLUMNS, rows_required: true });
  const { entries, errors } = readRecordedEntries(rowsOf(read));
  const wrong: RowError[] = [...read.errors, ...errors];
  return deps.database.transaction(async (tx) => {
    const known = await knownEntryRefs(
      tx,
      entries.map((entry) => entry.entry_ref),
    );
    const closed = await closedDays(tx);
    for (const entry of entries) {
      const id = known.get(entry.entry_ref);
      if (id !== undefined) wrong.push(alreadyRecorded(entry, id));
      wrong.push(...onClosedDay(entry, closed));
    }
    wrong.push(...doubtfulRows(entries, await accountNames(tx), deps.new_accounts));
    if (wrong.length > 0) throw fileRefused(file.name, wrong);
    return store(tx, deps, file.name, entries, read.warnings);
  });
}

function* rowsOf(read: CsvRead): Iterable<{ line: number; row: RecordRow }> {
  const { columns } = read;
  for (const { line, values } of read.rows) {
    const value = (column: keyof RecordRow) => values[columns.get(column) ?? -1] ?? '';
    yield {
      line,
      row: {
        entry_ref: value('entry_ref'),
        date: value('date'),
        account: value('account'),
        debit: value('debit'),
        credit: value('credit'),
        currency: value('currency'),
        description: value('description'),
        tags: value('tags'),
      },
    };
  }
}

function alreadyRecorded(entry: RecordedEntry, id: bigint): RowError {
  const message = `Entry ${entry.entry_ref} was recorded before, as entry ${id}; take it out of the file, or name it otherwise.`;
  return { line: entry.line, column: 'entry_ref', code: 'entry_ref_known', message, value: entry.entry_ref };
}

function onClosedDay(entry: RecordedEntry, closed: ClosedDays): RowError[] {
  const closing = closedFor(entry.postings, entry.booked_on, closed);
  if (closing === null) return [];
  const message = `Entry ${entry.entry_ref} ${closedSentence(entry.booked_on, closing)}`;
  return [{ line: entry.line, column: 'date', code: 'period_closed', message, value: entry.booked_on }];
}

async function store(
  tx: Transaction,
  deps: RecordDeps,
  file: string,
  entries: readonly RecordedEntry[],
  fileWarnings: readonly CsvWarning[],
): Promise<RecordedFile> {
  const before = new Set(await accountNames(tx));
  const used = [
    ...new Set(entries.flatMap((entry) => entry.postings.map((posting) => posting.account))),
  ].sort();
  const opened = used.filter((account) => !before.has(account));
  const ids = await postEntries(
    tx,
    entries.map((entry) => newEntry(entry, deps)),
  );
  const first = ids[0];
  const last = ids.at(-1);
  await recordAudit(tx, {
    at: deps.at,
    actor: deps.actor,
    action: 'entries_recorded',
    subject_kind: 'entry',
    subject: first === last ? `${first}` : `${first}-${last}`,
    details: { file, entry_count: entries.length, accounts_opened: opened },
  });
  const warnings = [
    ...fileWarnings,
    ...(deps.new_accounts === null ? similarAccounts(used, before) : []),
    ...inTransitByHand(used, deps.providers),
  ];
  return {
    rows: entries.reduce((sum, entry) => sum + entry.postings.length, 0),
    recorded: entries.map((entry, index) => ({
      entry: ids[index] ?? 0n,
      entry_ref: entry.entry_ref,
      booked_on: entry.booked_on,
      posting_count: entry.postings.length,
    })),
    accounts_opened: opened,
    warnings,
  };
}

function newEntry(entry: RecordedEntry, deps: RecordDeps): NewEntry {
  return {
    event: 'recorded',
    payout: null,
    reference_id: null,
    provider: null,
    booked_on: entry.booked_on,
    recorded_at: deps.at,
    description: entry.description,
    actor: deps.actor.name,
    entry_ref: entry.entry_ref,
    reverses_id: null,
    tags: entry.tags,
    postings: entry.postings,
  };
}

/** New accounts that nobody has said to be meant, each where it first stands. */
function doubtfulRows(
  entries: readonly RecordedEntry[],
  existing: readonly string[],
  meant: ReadonlySet<string> | null,
): RowError[] {
  if (meant === null) return [];
  const used = entries.flatMap((entry) => entry.postings.map(({ account }) => account));
  return doubtfulAccounts(used, existing)
    .filter(({ account }) => !meant.has(account))
    .map((doubt) => {
      const first = entries.find((entry) => entry.postings.some(({ account }) => account === doubt.account));
      const message = doubtSentence(doubt);
      return {
        line: first?.line ?? 0,
        column: 'account',
        code: 'account_similar',
        message,
        value: doubt.account,
      };
    });
}

function similarAccounts(used: readonly string[], before: ReadonlySet<string>): CsvWarning[] {
  return doubtfulAccounts(used, before).map((doubt) => ({
    code: 'account_similar',
    message: `${doubtSentence(doubt)} If that was meant, reverse the entry.`,
  }));
}

function inTransitByHand(used: readonly string[], providers: readonly string[]): CsvWarning[] {
  const kept = new Set(providers.map((provider) => accountsOfProvider(provider).in_transit));
  return used
    .filter((account) => kept.has(account))
    .map((account) => ({
      code: 'account_kept_by_payouts',
      message: `${account} holds what payouts have in transit; with an entry by hand it no longer equals them.`,
    }));
}
