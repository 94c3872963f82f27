/**
 * The plain lines of large statements, many in one row. What their text says is read by statements/packed-lines.ts;
 * here they are bytes, numbered, and known again by the hash of what they say.
 */
import { inBytesList, inList, listParam, type Reader, type Transaction } from './database.ts';
import { ROWS_AT_ONCE } from './insert-many.ts';
import { WITHDRAWN } from './statements.ts';

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

/** The next page behind a number of all but those of these statements. */
export async function pageAfterBut(
  reader: Reader,
  after: bigint,
  statements: readonly bigint[],
): Promise<StatementPage | undefined> {
  return reader.get<StatementPage>(
    `select ${COLUMNS} from statement_pages
     where first_id > :after and statement_id not in (${inList('statements')}) order by first_id limit 1`,
    { after, statements: listParam(statements) },
  );
}

/** Where the pages of a statement are, ascending. */
export async function spansOfStatement(reader: Reader, statement: bigint): Promise<Span[]> {
  return reader.all<Span>(
    `select first_id as first, first_id + line_count as "end" from statement_pages
     where statement_id = :statement order by first_id`,
    { statement },
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
  // Its lines are fetched only where it is the one.
  const last = await reader.get<Pick<StatementPage, 'first_id' | 'line_count'>>(
    `select first_id, line_count from statement_pages where first_id <= :line order by first_id desc limit 1`,
    { line },
  );
  return last && line < last.first_id + last.line_count ? pageAfter(reader, last.first_id - 1n) : undefined;
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
): Promise<Map<bigint, { provider: string; page_form: string; withdrawn: bigint }>> {
  const rows = await reader.all<{ id: bigint; provider: string; page_form: string; withdrawn: bigint }>(
    `select id, provider, page_form, case when id in (${WITHDRAWN}) then 1 else 0 end as withdrawn
     from statements where page_form is not null`,
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

/** Lines of a provider's pages that have these keys, in hex: the number by the key. */
export async function linesInPages(
  reader: Reader,
  spans: readonly Span[],
  wanted: readonly string[],
): Promise<Map<string, bigint>> {
  const rows = await reader.tuples<readonly [key: Uint8Array, line: bigint]>(
    `select content_key, line_id from line_keys where content_key in (${inBytesList('keys')}) order by line_id`,
    { keys: listParam(wanted) },
  );
  const found = new Map<string, bigint>();
  for (const [key, line] of rows)
    if (isWithin(spans, line)) found.set(Buffer.from(key).toString('hex'), line);
  return found;
}

/** Where lines of a provider's pages are, ascending: a span for each statement, whose numbers follow each other. */
export async function spansOfProvider(reader: Reader, provider: string): Promise<Span[]> {
  return reader.all<Span>(
    `select min(p.first_id) as first, max(p.first_id + p.line_count) as "end"
     from statements s join statement_pages p on p.statement_id = s.id
     where s.provider = :provider group by s.id order by first`,
    { provider },
  );
}

export const KEY_BYTES = 16;
export const KEY_DIGITS = 32;
// By their first bits, so that each bucket has a few of a million.
const BUCKET_BITS = 20;
const BUCKETS = 2 ** BUCKET_BITS;

// Pieces that are full stay as they are: a list that grows would leave all that it was before behind.
const PIECE = 1 << 16;

/** Keys of lines, kept until all are there: in order, each next one goes beside the one before. */
export class LineKeys {
  readonly #keys: Buffer[] = [];
  #count = 0;
  /** Where numbers do not follow those before: the keys up to there, and how far numbers are ahead of their count. */
  readonly #jumps: { from: number; ahead: number }[] = [];

  /** Of lines whose numbers follow each other; those of each call are greater than those before. */
  add(keys: Uint8Array, first: bigint): void {
    const ahead = Number(first) - this.#count;
    if (this.#jumps.at(-1)?.ahead !== ahead) this.#jumps.push({ from: this.#count, ahead });
    for (let done = 0; done < keys.length; ) {
      const at = (this.#count % PIECE) * KEY_BYTES;
      if (at === 0) this.#keys.push(Buffer.alloc(PIECE * KEY_BYTES));
      const some = keys.subarray(done, done + PIECE * KEY_BYTES - at);
      this.#keys.at(-1)?.set(some, at);
      done += some.length;
      this.#count += some.length / KEY_BYTES;
    }
  }

  async store(tx: Transaction): Promise<void> {
    await tx.insertMany('line_keys', ['content_key', 'line_id'], this.#inOrder());
  }

  *#inOrder(): Iterable<readonly [Uint8Array, number]> {
    const ends = new Uint32Array(BUCKETS + 1);
    for (let index = 0; index < this.#count; index += 1) {
      const bucket = this.#bucketOf(index) + 1;
      ends[bucket] = (ends[bucket] as number) + 1;
    }
    for (let bucket = 1; bucket <= BUCKETS; bucket += 1)
      ends[bucket] = (ends[bucket] as number) + (ends[bucket - 1] as number);
    const order = new Uint32Array(this.#count);
    for (let index = 0; index < this.#count; index += 1) {
      const bucket = this.#bucketOf(index);
      const place = ends[bucket] as number;
      order[place] = index;
      ends[bucket] = place + 1;
    }
    // As many as one statement takes, used again and again: a buffer for each key takes longer than writing it.
    const ring = Array.from({ length: ROWS_AT_ONCE }, () => new Uint8Array(KEY_BYTES));
    for (let place = 0; place < order.length; place += 1) {
      const index = order[place] as number;
      const keys = this.#keys[(index / PIECE) | 0] as Buffer;
      const key = ring[place % ROWS_AT_ONCE] as Uint8Array;
      const from = (index % PIECE) * KEY_BYTES;
      for (let at = 0; at < KEY_BYTES; at += 1) key[at] = keys[from + at] as number;
      yield [key, this.#lineOf(index)];
    }
  }

  #lineOf(index: number): number {
    const jumps = this.#jumps;
    let [low, high] = [0, jumps.length];
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((jumps[middle]?.from ?? 0) <= index) low = middle;
      else high = middle;
    }
    return index + (jumps[low]?.ahead ?? 0);
  }

  #bucketOf(index: number): number {
    const keys = this.#keys[(index / PIECE) | 0] as Buffer;
    return keys.readUInt32BE((index % PIECE) * KEY_BYTES) >>> (32 - BUCKET_BITS);
  }
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
): AsyncIterable<readonly [key: Uint8Array, line: bigint]> {
  let after: readonly [Uint8Array, bigint] | undefined = [new Uint8Array(), 0n];
  while (after !== undefined) {
    const keys: (readonly [Uint8Array, bigint])[] = await reader.tuples<readonly [Uint8Array, bigint]>(
      `select content_key, line_id from line_keys where (content_key, line_id) > (:key, :line)
       order by content_key, line_id limit ${KEYS_AT_ONCE}`,
      { key: after[0], line: after[1] },
    );
    for (const key of keys) if (key[1] <= last) yield key;
    after = keys.at(-1);
  }
}
