/**
 * Evidence that is neither an entry nor an audit event, and how the chain covers it. A record is what stands under one
 * number of a table, chained with every change of it: the last link says what has to stand there now. A series is rows
 * that are only ever added, many in one transaction: one link covers a run of them. Both are read back from the
 * database by the words that verification reads them by, so that writing and proving cannot drift apart.
 */
import { hash } from 'node:crypto';
import { appendToChain, type ContentItem, chainHead } from './chain.ts';
import { inList, listParam, type Transaction } from './database.ts';
import { hashLinesOfOlderStatements } from './line-hash.ts';
import {
  RECORD_KINDS,
  RECORDS,
  type RecordKind,
  type RecordSpec,
  SERIES,
  type SeriesKind,
} from './record-specs.ts';

/** A row of evidence as the one text that is hashed. */
export interface EvidenceRow {
  item_id: bigint;
  text: string;
}

/** What no row leaves behind: the record of something that was rightly removed. */
export const NOTHING = contentOf([]);

export function contentOf(rows: readonly { text: string }[]): string {
  let text = '';
  for (const row of rows) text += `${row.text}\n`;
  return hash('sha256', text, 'hex');
}

/**
 * A row's values as one text, made by the engine: it takes a third of the time that handing over thirty values does.
 * Each value stands behind its length, so that no two rows read alike, and nothing is not the same as an empty text.
 */
function rowText(columns: readonly string[]): string {
  return columns
    .map((column) => `coalesce(length(cast(${column} as text)) || ':' || cast(${column} as text), '~')`)
    .join(` || ' ' || `);
}

export function recordSelect(kind: RecordKind): string {
  const { key, columns, table }: RecordSpec = RECORDS[kind];
  return `select ${key} as item_id, ${rowText(columns)} as text from ${table}`;
}

export function seriesSelect(kind: SeriesKind): string {
  const { id, columns, from } = SERIES[kind];
  return `select ${id} as item_id, ${rowText(columns)} as text from ${from}`;
}

export function recordOrder(kind: RecordKind): string {
  const { order }: RecordSpec = RECORDS[kind];
  return order === undefined ? 'item_id' : `item_id, ${order}`;
}

// One parameter carries so many numbers; their rows stand in memory meanwhile.
const IDS_AT_ONCE = 1000;

/** Chains these records as they are now. To be called in the transaction that changed them, after the change. */
export async function recordRows(tx: Transaction, kind: RecordKind, ids: readonly bigint[]): Promise<void> {
  const spec: RecordSpec = RECORDS[kind];
  const unless = spec.where === undefined ? '' : ` and (${spec.where})`;
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const group = ids.slice(from, from + IDS_AT_ONCE);
    const rows = await tx.all<EvidenceRow>(
      `${recordSelect(kind)} where ${spec.key} in (${inList('ids')})${unless} order by ${recordOrder(kind)}`,
      { ids: listParam(group) },
    );
    const found = rowsByItem(rows);
    // A row of which nothing is to be said has no record; one that was removed has that.
    const said = spec.where === undefined || spec.order !== undefined ? group : [...found.keys()];
    await appendToChain(tx, recordItems(kind, said, found));
  }
}

function* recordItems(
  kind: RecordKind,
  ids: readonly bigint[],
  rows: ReadonlyMap<bigint, readonly EvidenceRow[]>,
): Iterable<ContentItem> {
  for (const item_id of ids)
    yield { kind, item_id, item_count: 1n, content: contentOf(rows.get(item_id) ?? []) };
}

function rowsByItem(rows: readonly EvidenceRow[]): Map<bigint, EvidenceRow[]> {
  const byItem = new Map<bigint, EvidenceRow[]>();
  for (const row of rows) {
    const before = byItem.get(row.item_id);
    if (before === undefined) byItem.set(row.item_id, [row]);
    else before.push(row);
  }
  return byItem;
}

/** One link for a run of new rows whose numbers follow each other. */
export async function recordRun(
  tx: Transaction,
  kind: Exclude<SeriesKind, 'answer'>,
  first: bigint,
  count: number,
): Promise<void> {
  if (count === 0) return;
  const rows = await tx.all<EvidenceRow>(
    `${seriesSelect(kind)} where ${SERIES[kind].id} >= :first and ${SERIES[kind].id} < :end order by s.id`,
    { first, end: first + BigInt(count) },
  );
  await appendToChain(tx, [
    { kind, item_id: first, item_count: BigInt(rows.length), content: contentOf(rows) },
  ]);
}

/** The place on the chain that the answers stored next are covered by: it is written into each of them. */
export async function nextAnswerLink(tx: Transaction): Promise<bigint> {
  return (await chainHead(tx)).length + 1n;
}

/** One link for the answers that bear its place; nothing may be chained between `nextAnswerLink` and this. */
export async function recordAnswers(tx: Transaction, link: bigint): Promise<void> {
  const rows = await tx.all<EvidenceRow>(
    `${seriesSelect('answer')} where s.answered_in = :link order by s.id`,
    { link },
  );
  if (rows.length === 0) return;
  await appendToChain(tx, [
    { kind: 'answer', item_id: link, item_count: BigInt(rows.length), content: contentOf(rows) },
  ]);
}

// So many rows of an older ledger are taken up at once.
const TAKEN_UP = 1000n;

/** Chains everything that stands in a ledger which an older payrun wrote, as it is found. */
export async function recordEverything(tx: Transaction): Promise<void> {
  // Every ledger begins with one of these; a new one has none yet, and is opened the sooner for it.
  const begun = await tx.get(
    `select 1 from (select 1) one where exists (select 1 from vault_keys) or exists (select 1 from beneficiaries)
       or exists (select 1 from accounts) or exists (select 1 from statements)`,
  );
  if (begun === undefined) return;
  await hashLinesOfOlderStatements(tx);
  // A later migration brings some of the tables, and chains what it puts there itself.
  const tables = await tx.all<{ name: string }>("select name from sqlite_master where type = 'table'");
  const known = new Set(tables.map(({ name }) => name));
  for (const kind of RECORD_KINDS) if (known.has(RECORDS[kind].table)) await takeUpRecords(tx, kind);
  for (const kind of ['send', 'status', 'break_event'] as const) await takeUpRuns(tx, kind);
  for (let changed = -1; changed !== 0; ) {
    const link = await nextAnswerLink(tx);
    changed = await tx.run(
      `update sends set answered_in = :link where id in (
         select id from sends where outcome is not null and answered_in is null order by id limit ${TAKEN_UP})`,
      { link },
    );
    await recordAnswers(tx, link);
  }
}

/** Chains the records of one kind that stand there, as they are found. */
export async function takeUpRecords(tx: Transaction, kind: RecordKind): Promise<void> {
  const spec: RecordSpec = RECORDS[kind];
  for (let after = -1n; ; ) {
    const rows = await tx.all<{ item_id: bigint }>(
      `select distinct ${spec.key} as item_id from ${spec.table}
       where ${spec.key} > :after and (${spec.where ?? '1 = 1'}) and (${spec.required ?? '1 = 1'})
       order by item_id limit ${TAKEN_UP}`,
      { after },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    const ids = rows.map(({ item_id }) => item_id);
    await recordRows(tx, kind, ids);
    after = last.item_id;
  }
}

async function takeUpRuns(tx: Transaction, kind: Exclude<SeriesKind, 'answer'>): Promise<void> {
  for (let after = 0n; ; ) {
    const rows = await tx.all<{ id: bigint }>(
      `select id from ${SERIES[kind].table} where id > :after order by id limit ${TAKEN_UP}`,
      { after },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    for (const [first, count] of runsOf(rows.map(({ id }) => id))) await recordRun(tx, kind, first, count);
    after = last.id;
  }
}

/** Numbers that follow each other, as first number and how many. */
function runsOf(ids: readonly bigint[]): [bigint, number][] {
  const runs: [bigint, number][] = [];
  for (const id of ids) {
    const last = runs.at(-1);
    if (last && last[0] + BigInt(last[1]) === id) last[1] += 1;
    else runs.push([id, 1]);
  }
  return runs;
}
