/**
 * The plain lines of large statements, many in one row. What their text says is read by statements/packed-lines.ts;
 * here they are bytes, numbered, and known again by a few bits of the hash of what they say.
 */
import { inList, listParam, type Reader, type Transaction } from './database.ts';

export interface StatementPage {
  first_id: bigint;
  line_count: bigint;
  statement_id: bigint;
  lines: Uint8Array;
}

const COLUMNS = 'first_id, line_count, statement_id, lines';

export async function insertPage(tx: Transaction, page: StatementPage): Promise<void> {
  await tx.run(
    `insert into statement_pages (${COLUMNS}) values (:first_id, :line_count, :statement_id, :lines)`,
    { ...page },
  );
}

/** The next page behind a number, of a statement or of all. */
export async function pageAfter(
  reader: Reader,
  after: bigint,
  statement: bigint | null = null,
): Promise<StatementPage | undefined> {
  const of = statement === null ? '' : 'statement_id = :statement and';
  return reader.get<StatementPage>(
    `select ${COLUMNS} from statement_pages where ${of} first_id > :after order by first_id limit 1`,
    statement === null ? { after } : { after, statement },
  );
}

/** The page that a line stands in, whether or not it is a row as well. */
export async function pageOfLine(reader: Reader, line: bigint): Promise<StatementPage | undefined> {
  const page = await reader.get<StatementPage>(
    `select ${COLUMNS} from statement_pages where first_id <= :line order by first_id desc limit 1`,
    { line },
  );
  return page && line < page.first_id + page.line_count ? page : undefined;
}

/** Numbers of lines that stand in one page. */
export interface Span {
  first: bigint;
  end: bigint;
}

export function spanOf({ first_id, line_count }: Pick<StatementPage, 'first_id' | 'line_count'>): Span {
  return { first: first_id, end: first_id + line_count };
}

/** Whether a line stands in one of the pages; `spans` ascend. */
export function isWithin(spans: readonly Span[], line: bigint): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle] as Span).end <= line) low = middle + 1;
    else high = middle;
  }
  const span = spans[low];
  return span !== undefined && span.first <= line;
}

/** How lines of pages are read, by statement: JSON as `page_form` has it. */
export async function pageForms(
  reader: Reader,
): Promise<Map<bigint, { provider: string; page_form: string }>> {
  const rows = await reader.all<{ id: bigint; provider: string; page_form: string }>(
    'select id, provider, page_form from statements where page_form is not null',
  );
  return new Map(rows.map(({ id, ...form }) => [id, form]));
}

/** Lines of a page that are rows too: their numbers. */
export async function rowsAmong(reader: Reader, { first, end }: Span): Promise<Set<bigint>> {
  const rows = await reader.tuples<readonly [bigint]>(
    'select id from statement_lines where id >= :first and id < :end',
    { first, end },
  );
  return new Set(rows.map(([id]) => id));
}

const KEY_DIGITS = 12;

/** The first 48 bits of the hash of what a line says. */
export function shortKeyOf(content: string): number {
  return Number.parseInt(content.slice(0, KEY_DIGITS), 16);
}

export async function hasKeys(reader: Reader): Promise<boolean> {
  return (await reader.get('select 1 from line_keys limit 1')) !== undefined;
}

/** Lines of pages that may say one of these: their numbers. */
export async function linesWithKeys(reader: Reader, contents: readonly string[]): Promise<bigint[]> {
  const keys = listParam(contents.map((content) => BigInt(shortKeyOf(content))));
  const rows = await reader.tuples<readonly [bigint]>(
    `select line_id from line_keys where content_key in (${inList('keys')}) order by line_id`,
    { keys },
  );
  return rows.map(([id]) => id);
}

// Of 2^48 keys, so many apart that each takes a few of a million.
const KEYS_A_BUCKET = 2 ** 28;
const BUCKETS = 2 ** 20;

/** Keys of lines, kept until all are there: in order, each next one goes where the one before went. */
export class LineKeys {
  #keys = new Float64Array(1 << 12);
  #lines = new Float64Array(1 << 12);
  #count = 0;

  add(content: string, line: bigint): void {
    if (this.#count === this.#keys.length) {
      this.#keys = grown(this.#keys);
      this.#lines = grown(this.#lines);
    }
    this.#keys[this.#count] = shortKeyOf(content);
    this.#lines[this.#count] = Number(line);
    this.#count += 1;
  }

  async store(tx: Transaction): Promise<void> {
    await tx.insertMany('line_keys', ['content_key', 'line_id'], this.#inOrder());
  }

  *#inOrder(): Iterable<readonly [number, number]> {
    const ends = new Uint32Array(BUCKETS + 1);
    const bucketOf = (index: number) => Math.floor((this.#keys[index] as number) / KEYS_A_BUCKET);
    for (let index = 0; index < this.#count; index += 1) {
      const bucket = bucketOf(index) + 1;
      ends[bucket] = (ends[bucket] as number) + 1;
    }
    for (let bucket = 1; bucket <= BUCKETS; bucket += 1)
      ends[bucket] = (ends[bucket] as number) + (ends[bucket - 1] as number);
    const order = new Uint32Array(this.#count);
    for (let index = 0; index < this.#count; index += 1) {
      const bucket = bucketOf(index);
      const place = ends[bucket] as number;
      order[place] = index;
      ends[bucket] = place + 1;
    }
    for (const index of order) yield [this.#keys[index] as number, this.#lines[index] as number];
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(values.length * 2);
  more.set(values);
  return more;
}

/** The number of the last line of the last page; 0 where there is none. */
export async function lastPackedLine(reader: Reader): Promise<bigint> {
  const last = await reader.get<{ id: bigint }>(
    'select first_id + line_count - 1 as id from statement_pages order by first_id desc limit 1',
  );
  return last?.id ?? 0n;
}

/** Lines of a page that are rows: by number their provider, statement, place in the file, and columns. */
export async function unpackedRows(
  reader: Reader,
  { first, end }: Span,
  columns: readonly string[],
): Promise<Map<bigint, readonly unknown[]>> {
  const rows = await reader.tuples<readonly [bigint, ...unknown[]]>(
    `select l.id, l.provider, r.statement_id, r.line_no, ${columns.map((column) => `l.${column}`).join(', ')}
     from statement_lines l
     left join statement_pages p on p.first_id = :first
     left join statement_rows r on r.line_id = l.id and r.statement_id = p.statement_id
     where l.id >= :first and l.id < :end`,
    { first, end },
  );
  return new Map(rows.map(([id, ...values]) => [id, values]));
}

const KEYS_AT_ONCE = 1000;

/** Keys of lines up to one. */
export async function* keysThrough(
  reader: Reader,
  last: bigint,
): AsyncIterable<readonly [key: number, line: number]> {
  let after: readonly [bigint, bigint] | undefined = [-1n, 0n];
  while (after !== undefined) {
    const keys: (readonly [bigint, bigint])[] = await reader.tuples<readonly [bigint, bigint]>(
      `select content_key, line_id from line_keys where (content_key, line_id) > (:key, :line)
       order by content_key, line_id limit ${KEYS_AT_ONCE}`,
      { key: after[0], line: after[1] },
    );
    for (const [key, line] of keys) if (line <= last) yield [Number(key), Number(line)];
    after = keys.at(-1);
  }
}
