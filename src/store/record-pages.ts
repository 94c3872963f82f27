/** What is recorded on the chain beside what stands in the tables, a few thousand at a time, for whoever compares them. */
import { IMPORTED_ABSENT, IMPORTED_COLUMNS } from '../domain/payout/batch.ts';
import type { Reader } from './database.ts';
import {
  RECORD_KINDS,
  RECORDS,
  type RecordKind,
  type RecordSpec,
  SERIES,
  type SeriesKind,
} from './record-specs.ts';
import { type EvidenceRow, recordOrder, recordSelect, seriesSelect } from './records.ts';

// A page is some megabytes, and some milliseconds in which nothing else runs.
const PAGE_ITEMS = 500;
// Beyond every number: a condition that may be left out would keep the engine from stopping at the end of a page.
const LAST_ID = 9_223_372_036_854_775_807n;

/** What one record says and what stands there. */
export interface Compared {
  item_id: bigint;
  /** The content that was chained last; null where nothing was. */
  recorded: string | null;
  rows: readonly EvidenceRow[];
  /** The name that a person knows it by, where it was asked for and there is one. */
  label: string | null;
  /** Whether a record is about these rows at all, and whether they have to have one. */
  covered: boolean;
  required: boolean;
}

type Row = EvidenceRow & { is_covered: bigint; is_required: bigint };

function selectWithFlags(kind: RecordKind, more = ''): string {
  const { where, required, table }: RecordSpec = RECORDS[kind];
  const flag = (condition: string | undefined) =>
    condition === undefined ? '1' : `case when ${condition} then 1 else 0 end`;
  const from = ` from ${table}`;
  return `${recordSelect(kind).slice(0, -from.length)}, ${flag(where)} as is_covered, ${flag(required)} as is_required${more}${from}`;
}

type RecordedValues = readonly [item_id: bigint, content: string];
type RowValues = readonly [item_id: bigint, text: string, is_covered: bigint, is_required: bigint];

/** All records of a kind, in the order of their numbers. Two questions: a record that changes between them differs. */
export async function* recordPages(reader: Reader, kind: RecordKind): AsyncGenerator<Compared[]> {
  const { key, order, table }: RecordSpec = RECORDS[kind];
  for (let after = -1n; ; ) {
    const recorded = await reader.tuples<RecordedValues>(
      `select c.item_id, c.content from (
         select item_id, max(seq) as seq from chain
         where kind = :kind and item_id > :after and content is not null
         group by item_id order by item_id limit ${PAGE_ITEMS}) l
       join chain c on c.seq = l.seq order by c.item_id`,
      { kind, after },
    );
    let end = pageEnd(recorded, null);
    if (order !== undefined) {
      const there = await reader.tuples<readonly [bigint]>(
        `select distinct ${key} as item_id from ${table} where ${key} > :after order by item_id limit ${PAGE_ITEMS}`,
        { after },
      );
      end = pageEnd(there, end);
    }
    const rows = await reader.tuples<RowValues>(
      `${selectWithFlags(kind)} where ${key} > :after and ${key} <= :end order by ${recordOrder(kind)}
       ${order === undefined ? `limit ${PAGE_ITEMS}` : ''}`,
      { after, end: end ?? LAST_ID },
    );
    // One row each: the rows themselves say where their page ends.
    if (order === undefined) end = pageEnd(rows, end);
    yield compared(recorded, rows, end ?? LAST_ID);
    if (end === null) return;
    after = end;
  }
}

/** The number that a full page ends with, if that is before another's end; null: to the end of everything. */
function pageEnd(page: readonly (readonly [bigint, ...unknown[]])[], other: bigint | null): bigint | null {
  const last = page.length === PAGE_ITEMS ? (page.at(-1)?.[0] ?? null) : null;
  if (last === null || other === null) return last ?? other;
  return last < other ? last : other;
}

/** Both stand in the order of their numbers, and are gone through side by side. */
function compared(recorded: readonly RecordedValues[], rows: readonly RowValues[], end: bigint): Compared[] {
  const items: Compared[] = [];
  let at = 0;
  let row = 0;
  for (;;) {
    const said = recorded[at];
    const there = rows[row];
    const item = there === undefined || (said !== undefined && said[0] < there[0]) ? said?.[0] : there[0];
    if (item === undefined || item > end) return items;
    const found: Row[] = [];
    for (let next = there; next !== undefined && next[0] === item; next = rows[row]) {
      const [item_id, text, is_covered, is_required] = next;
      found.push({ item_id, text, is_covered, is_required });
      row += 1;
    }
    const isSaid = said !== undefined && said[0] === item;
    if (isSaid) at += 1;
    items.push(comparedItem(item, isSaid ? said[1] : null, found));
  }
}

function comparedItem(item_id: bigint, recorded: string | null, rows: readonly Row[]): Compared {
  const covered = rows.every((row) => row.is_covered === 1n)
    ? rows
    : rows.filter((row) => row.is_covered === 1n);
  return {
    item_id,
    recorded,
    rows: covered,
    label: null,
    covered: rows.length === 0 || covered.length > 0,
    required: covered.some((row) => row.is_required === 1n),
  };
}

/** The kinds of which anything stands in the ledger or on the chain; of the others there is nothing to compare. */
export async function recordKindsInUse(reader: Reader): Promise<RecordKind[]> {
  const rows = await reader.all<{ kind: RecordKind }>(
    RECORD_KINDS.map(
      (kind) =>
        `select '${kind}' as kind where exists (select 1 from ${RECORDS[kind].table})
           or exists (select 1 from chain where kind = '${kind}' and content is not null)`,
    ).join(' union all '),
  );
  return rows.map(({ kind }) => kind);
}

/** The same of one record, in one question: whoever writes meanwhile is seen whole or not at all. */
export async function recordNow(reader: Reader, kind: RecordKind, itemId: bigint): Promise<Compared> {
  const { key, label, order }: RecordSpec = RECORDS[kind];
  const more = `, 1 as is_there, ${label ?? 'null'} as label${order === undefined ? '' : `, ${order}`}`;
  const rows = await reader.all<Row & { recorded: string | null; is_there: bigint | null; label: string }>(
    `select r.*, l.recorded from (
       select (select content from chain where kind = :kind and item_id = :id and content is not null
               order by seq desc limit 1) as recorded) l
     left join (${selectWithFlags(kind, more)} where ${key} = :id) r on 1 = 1
     order by ${recordOrder(kind)}`,
    { kind, id: itemId },
  );
  const found = rows.filter((row) => row.is_there === 1n);
  return {
    ...comparedItem(itemId, rows[0]?.recorded ?? null, found),
    label: found[0]?.label ?? null,
  };
}

/** The rows that one link of a series covers. */
export async function seriesRows(
  reader: Reader,
  kind: SeriesKind,
  link: { item_id: bigint; item_count: bigint },
): Promise<EvidenceRow[]> {
  const { id } = SERIES[kind];
  return reader.all(
    `${seriesSelect(kind)} where ${id} >= :first and ${id} < :end order by s.id`,
    numbersOf(kind, link),
  );
}

function numbersOf(kind: SeriesKind, { item_id, item_count }: { item_id: bigint; item_count: bigint }) {
  return { first: item_id, end: kind === 'answer' ? item_id + 1n : item_id + item_count };
}

/** The payouts that the rows of one link are about, by reference; none for what happened to breaks. */
export async function payoutsOfSeries(
  reader: Reader,
  kind: SeriesKind,
  link: { item_id: bigint; item_count: bigint },
  limit: number,
): Promise<string[]> {
  if (kind === 'break_event') return [];
  const { id, table } = SERIES[kind];
  const rows = await reader.all<{ reference_id: string }>(
    `select distinct p.reference_id from ${table} s join payouts p on p.id = s.payout_id
     where ${id} >= :first and ${id} < :end order by p.reference_id limit ${limit}`,
    numbersOf(kind, link),
  );
  return rows.map((row) => row.reference_id);
}

/** Rows of a series up to a number that no link covers: their numbers. Empty unless someone tampered. */
export async function uncoveredRows(
  reader: Reader,
  kind: Exclude<SeriesKind, 'answer'>,
  last: bigint,
  limit: number,
): Promise<bigint[]> {
  const counts = await reader.get<{ there: bigint; covered: bigint | null }>(
    `select (select count(*) from ${SERIES[kind].table} where id <= :last) as there,
       (select sum(item_count) from chain where kind = :kind and content is not null and item_id <= :last) as covered`,
    { kind, last },
  );
  if (counts === undefined || counts.there === (counts.covered ?? 0n)) return [];
  const rows = await reader.all<{ id: bigint }>(
    `select s.id from ${SERIES[kind].table} s where s.id <= :last and not exists (
       select 1 from chain c where c.kind = :kind and c.content is not null and c.item_id + c.item_count > s.id
         and c.item_id = (select max(d.item_id) from chain d
                          where d.kind = :kind and d.content is not null and d.item_id <= s.id))
     order by s.id limit ${limit}`,
    { kind, last },
  );
  return rows.map(({ id }) => id);
}

/** Sends that have something of an answer and name no link for it, or one that is none. */
export async function unlinkedAnswers(reader: Reader, limit: number): Promise<bigint[]> {
  const rows = await reader.all<{ id: bigint }>(
    `select s.id from sends s left join (
         select distinct item_id from chain where kind = 'answer' and content is not null) c on c.item_id = s.answered_in
     where c.item_id is null and (s.answered_in is not null or s.answered_at is not null or s.outcome is not null
       or s.reason is not null or s.http_status is not null or s.transport_error is not null or s.answer is not null)
     order by s.id limit ${limit}`,
  );
  return rows.map(({ id }) => id);
}

/** Attempts that nothing was ever sent for: payrun stores both together. */
export async function attemptsWithoutSend(
  reader: Reader,
  limit: number,
): Promise<{ reference_id: string; attempt_no: bigint }[]> {
  return reader.all(
    `select coalesce(p.reference_id, 'number ' || a.payout_id) as reference_id, a.attempt_no
     from attempts a left join payouts p on p.id = a.payout_id
     where not exists (select 1 from sends s where s.payout_id = a.payout_id and s.attempt_no = a.attempt_no)
     order by a.payout_id, a.attempt_no limit ${limit}`,
  );
}

/** Payouts said to be on their way out without a send that is unanswered, or under other names than it. */
export async function unsupportedSubmitting(reader: Reader, limit: number): Promise<string[]> {
  const rows = await reader.all<{ reference_id: string }>(
    `select p.reference_id from payouts p
     left join attempts a on a.payout_id = p.id and a.attempt_no = p.attempt_no
     where p.state = 'submitting' and (a.payout_id is null or a.provider_reference <> p.provider_reference
       or p.provider_reference is null
       or not exists (select 1 from sends s where s.payout_id = p.id and s.attempt_no = p.attempt_no and s.outcome is null)
       or not exists (select 1 from journal_entries e where e.payout_id = p.id and e.attempt_no = p.attempt_no
                      and e.cycle = p.cycle and e.event = 'submitted'))
     order by p.reference_id limit ${limit}`,
  );
  return rows.map((row) => row.reference_id);
}

export interface ImportedBatchRows {
  id: bigint;
  name: string;
  rows_sha256: string;
}

/** The batches whose rows have a hash, and up to which payout they belong to one instant. */
export async function batchesWithRows(
  reader: Reader,
): Promise<{ batches: Map<bigint, ImportedBatchRows>; last_payout: bigint }> {
  const rows = await reader.all<ImportedBatchRows & { last_payout: bigint }>(
    `select id, name, rows_sha256, coalesce((select max(id) from payouts), 0) as last_payout
     from batches where rows_sha256 is not null order by id`,
  );
  const batches = new Map(rows.map(({ id, name, rows_sha256 }) => [id, { id, name, rows_sha256 }]));
  return { batches, last_payout: rows[0]?.last_payout ?? 0n };
}

// As `canonicalImport` writes it; the engine makes the text in a third of the time that its columns take.
const IMPORTED_TEXT = IMPORTED_COLUMNS.map(
  (column) => `coalesce(cast(${column} as text), '${IMPORTED_ABSENT}')`,
).join(` || '\t' || `);

/** Every payout as it was imported, in the order of numbers, a page at a time: its batch, and its text. */
export async function* importedRows(
  reader: Reader,
  last: bigint,
): AsyncGenerator<(readonly [id: bigint, batch_id: bigint, text: string])[]> {
  for (let after = 0n; after < last; ) {
    const rows = await reader.tuples<readonly [bigint, bigint, string]>(
      `select id, batch_id, ${IMPORTED_TEXT} || '\n' from payouts where id > :after and id <= :last
       order by id limit ${PAGE_ITEMS}`,
      { after, last },
    );
    const end = rows.at(-1)?.[0];
    if (end === undefined) return;
    yield rows;
    after = end;
  }
}

/** How many rows there are to compare, roughly: what progress is measured against. */
export async function recordCount(reader: Reader): Promise<number> {
  const row = await reader.get<{ count: bigint }>(
    'select 2 * (select count(*) from payouts) + (select count(*) from beneficiaries) + (select count(*) from breaks) as count',
  );
  return Number(row?.count ?? 0n);
}
