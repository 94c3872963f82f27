/**
 * Takes the lines of a statement into the ledger, page by page. Lines that are known already are linked and not stored
 * again. The plain lines of a large file stay together (statement-pages.ts); each other line is a row.
 */
import { inBytesList, listParam, type Transaction } from './database.ts';
import { eachHashedRow, HASHED_COLUMNS, keyOf, LinesHash, linesDigest, PagesHash } from './line-hash.ts';
import { recordRows } from './records.ts';
import {
  insertPage,
  KEY_BYTES,
  KEY_DIGITS,
  LineKeys,
  lastPackedLine,
  linesInPages,
  type Span,
  type StatementPage,
  spansOfProvider,
} from './statement-pages.ts';
import { type NewLine, STATEMENT_COLUMNS, type Statement } from './statements.ts';

export interface StoredStatement {
  id: bigint;
  row_count: bigint;
  new_count: bigint;
  from_on: string | null;
  to_on: string | null;
}

/** Lines that are kept by their text, each the first of its content in its file. */
export interface PlainLines {
  lines: Uint8Array;
  /** Where each ends in `lines`. */
  ends: Uint32Array;
  line_nos: Uint32Array;
  /** Sixteen bytes of the hash of what each says. */
  keys: Uint8Array;
  /** The first and the last of the days that they are dated. */
  from_on: string | null;
  to_on: string | null;
}

export interface NewLines {
  rows: readonly NewLine[];
  plain: PlainLines;
}

/** Either one after the other, or as they are read elsewhere. */
export type Pages = Iterable<NewLines> | AsyncIterable<NewLines>;

/** Makes rows of these lines of pages, whose numbers ascend. */
export type Unpack = (tx: Transaction, lines: readonly bigint[]) => Promise<void>;

/**
 * `form` is how plain lines are read again, as JSON; null where there are none. `stored` hears of each page of them as
 * soon as it is stored.
 */
export async function storeStatement(
  tx: Transaction,
  statement: Omit<Statement, keyof StoredStatement>,
  pages: Pages,
  form: string | null,
  unpack: Unpack,
  stored: (page: StatementPage) => void,
): Promise<StoredStatement> {
  const id = await nextStatement(tx);
  const { provider } = statement;
  await tx.run(
    `insert into statements (${STATEMENT_COLUMNS})
     values (:id, :provider, :profile, :file_name, :sha256, 0, 0, null, null, :imported_at, :imported_by)`,
    { id, ...statement },
  );
  const known = await KnownLines.of(tx, provider);
  const storing = new Storing(tx, { id, provider, line: await nextLine(tx), known });
  for await (const { plain, rows } of pages) {
    if (plain.ends.length > 0) {
      const page = await storing.addPlain(plain);
      if (page) stored(page);
    }
    if (rows.length > 0) await storing.addRows(rows);
  }
  return storing.finish(form, unpack);
}

/** Lines that the ledger had of a provider before this statement. */
class KnownLines {
  readonly #tx: Transaction;
  readonly #provider: string;
  readonly #inRows: boolean;
  readonly #spans: readonly Span[];

  private constructor(tx: Transaction, provider: string, inRows: boolean, spans: readonly Span[]) {
    this.#tx = tx;
    this.#provider = provider;
    this.#inRows = inRows;
    this.#spans = spans;
  }

  static async of(tx: Transaction, provider: string): Promise<KnownLines> {
    const row = await tx.get('select 1 from statement_lines where provider = :provider limit 1', {
      provider,
    });
    return new KnownLines(tx, provider, row !== undefined, await spansOfProvider(tx, provider));
  }

  /** By their keys in hex, each the first of its content in its file: the numbers of those that stand in pages. */
  async inPages(keys: readonly string[]): Promise<ReadonlyMap<string, bigint>> {
    if (this.#spans.length === 0 || keys.length === 0) return NONE;
    return linesInPages(this.#tx, this.#spans, keys);
  }

  /** The same of all that there are; `keys` as bytes. */
  async everywhere(keys: Uint8Array): Promise<ReadonlyMap<string, bigint>> {
    if (this.#spans.length === 0 && !this.#inRows) return NONE;
    const wanted = Array.from({ length: keys.length / KEY_BYTES }, (_, index) => hexKey(keys, index));
    const packed = await this.inPages(wanted);
    if (!this.#inRows) return packed;
    const rows = await this.#tx.tuples<readonly [Uint8Array, bigint]>(
      `select content_key, id from statement_lines
       where content_key in (${inBytesList('keys')}) and occurrence = 1 and provider = :provider`,
      { keys: listParam(wanted), provider: this.#provider },
    );
    return new Map([...packed, ...rows.map(([key, line]) => [hexKey(key, 0), line] as const)]);
  }
}

const NONE: ReadonlyMap<string, bigint> = new Map();

// So many lines of pages are made rows at once, and so many places written.
const AT_ONCE = 10_000;

interface Begun {
  id: bigint;
  provider: string;
  /** The number of the next line. */
  line: bigint;
  known: KnownLines;
}

class Storing {
  readonly #tx: Transaction;
  readonly #provider: string;
  readonly #known: KnownLines;
  readonly #stored: StoredStatement;
  readonly #rows: LinesHash;
  readonly #pages = new PagesHash();
  readonly #keys = new LineKeys();
  /** Known lines that may still have to become rows: where they stand in this file, and their numbers. */
  readonly #again: [line_no: number, line: number][] = [];
  #line: bigint;
  /** Rows are known, so that not what this file says is stored of them. */
  #repeats = false;

  constructor(tx: Transaction, { id, provider, line, known }: Begun) {
    this.#tx = tx;
    this.#provider = provider;
    this.#known = known;
    this.#stored = { id, row_count: 0n, new_count: 0n, from_on: null, to_on: null };
    this.#rows = new LinesHash(provider);
    this.#line = line;
  }

  /** Keeps the lines that are new by their text; null where none is. */
  async addPlain(all: PlainLines): Promise<StatementPage | null> {
    this.#count(all.ends.length, all.from_on, all.to_on);
    const { lines, keys, ends } = this.#newAmong(all, await this.#known.everywhere(all.keys));
    if (ends.length === 0) return null;
    const [first_id, line_count] = [this.#line, BigInt(ends.length)];
    const page = { first_id, line_count, statement_id: this.#stored.id, lines };
    await insertPage(this.#tx, page);
    this.#pages.add(page);
    this.#keys.add(keys, first_id);
    this.#line += line_count;
    this.#stored.new_count += line_count;
    return page;
  }

  #newAmong(
    all: PlainLines,
    known: ReadonlyMap<string, bigint>,
  ): Pick<PlainLines, 'lines' | 'keys' | 'ends'> {
    if (known.size === 0) return all;
    const { line_nos, keys } = all;
    const fresh: number[] = [];
    for (const [index, line_no] of line_nos.entries()) {
      const line = known.get(hexKey(keys, index));
      if (line === undefined) fresh.push(index);
      else this.#again.push([line_no, Number(line)]);
    }
    return fresh.length === line_nos.length ? all : someOf(all, fresh);
  }

  #unknown(lines: readonly NewLine[], known: ReadonlyMap<string, bigint>): readonly NewLine[] {
    if (known.size === 0) return lines;
    return lines.filter(({ line_no, content, occurrence }) => {
      // A further line of a content is one by itself, wherever the first is.
      const line = occurrence === 1 ? known.get(content.slice(0, KEY_DIGITS)) : undefined;
      if (line !== undefined) this.#again.push([line_no, Number(line)]);
      return line === undefined;
    });
  }

  async addRows(all: readonly NewLine[]): Promise<void> {
    for (const { stated_on } of all) this.#count(1, stated_on, stated_on);
    const provider = this.#provider;
    const firsts = all.flatMap(({ content, occurrence }) =>
      occurrence === 1 ? [content.slice(0, KEY_DIGITS)] : [],
    );
    const known = await this.#known.inPages(firsts);
    const lines = this.#unknown(all, known);
    const inserted = await this.#tx.insertMany(
      'statement_lines',
      ['id', 'content_key', ...HASHED_COLUMNS],
      this.#values(lines),
      { provider },
      ['content_key', 'occurrence', 'provider'],
    );
    const allNew = inserted === lines.length;
    await this.#storePlaces(allNew ? this.#line : null, lines);
    this.#repeats ||= !allNew;
    if (!this.#repeats) for (const line of lines) this.#rows.add(line.line_no, valuesOf(line));
    this.#line += BigInt(lines.length);
    this.#stored.new_count += BigInt(inserted);
  }

  *#values(lines: readonly NewLine[]) {
    let id = this.#line;
    for (const line of lines) {
      yield [id, keyOf(line.content), ...valuesOf(line)];
      id += 1n;
    }
  }

  /** Where the lines stand in the file. `firstId` is the first line's number where all of them are new, else null. */
  async #storePlaces(firstId: bigint | null, lines: readonly NewLine[]): Promise<void> {
    const statement = this.#stored.id;
    if (firstId !== null) {
      const places = lines.map(({ line_no }, index) => [line_no, firstId + BigInt(index)]);
      await this.#tx.insertMany('statement_rows', ['line_no', 'line_id'], places, {
        statement_id: statement,
      });
      return;
    }
    await this.#tx.runMany(
      `insert into statement_rows (statement_id, line_no, line_id)
       select :statement, :line_no, id from statement_lines
       where provider = :provider and content_key = :key and occurrence = :occurrence`,
      lines.map(({ line_no, content, occurrence }) => {
        return { statement, line_no, provider: this.#provider, key: keyOf(content), occurrence };
      }),
    );
  }

  #count(lines: number, from: string | null, to: string | null): void {
    const stored = this.#stored;
    stored.row_count += BigInt(lines);
    if (from !== null && (stored.from_on === null || from < stored.from_on)) stored.from_on = from;
    if (to !== null && (stored.to_on === null || to > stored.to_on)) stored.to_on = to;
  }

  async finish(form: string | null, unpack: Unpack): Promise<StoredStatement> {
    await this.#storeAgain(unpack);
    await this.#keys.store(this.#tx);
    const page_form = this.#pages.used ? form : null;
    const lines_sha256 = linesDigest(await this.#hashedRows(), this.#pages, page_form);
    await this.#tx.run(
      `update statements set row_count = :row_count, new_count = :new_count, from_on = :from_on, to_on = :to_on,
         lines_sha256 = :lines_sha256, page_form = :page_form where id = :id`,
      { ...this.#stored, lines_sha256, page_form },
    );
    await recordRows(this.#tx, 'statement', [this.#stored.id]);
    return this.#stored;
  }

  /** In the order of their numbers: the pages that they stand in are then read one after the other. */
  async #storeAgain(unpack: Unpack): Promise<void> {
    this.#again.sort(([, one], [, other]) => one - other);
    for (let from = 0; from < this.#again.length; from += AT_ONCE) {
      const places = this.#again.slice(from, from + AT_ONCE);
      await unpack(
        this.#tx,
        places.map(([, line]) => BigInt(line)),
      );
      await this.#tx.insertMany('statement_rows', ['line_no', 'line_id'], places, {
        statement_id: this.#stored.id,
      });
    }
  }

  /** A line that is known stays as the first file wrote it, which may be otherwise: `3.5` for `3.50`. */
  async #hashedRows(): Promise<LinesHash> {
    if (!this.#repeats && this.#again.length === 0) return this.#rows;
    const rows = new LinesHash(this.#provider);
    await eachHashedRow(this.#tx, this.#stored.id, ([lineNo, , provider, ...values]) => {
      rows.add(lineNo, values, provider);
    });
    return rows;
  }
}

/** Makes rows of lines that stand in pages of a statement, each under the number that it has. */
export async function insertUnpacked(
  tx: Transaction,
  { provider, statement_id }: { provider: string; statement_id: bigint },
  lines: readonly { id: bigint; line: NewLine }[],
): Promise<void> {
  const rows = lines.map(({ id, line }) => [id, keyOf(line.content), ...valuesOf(line)]);
  await tx.insertMany('statement_lines', ['id', 'content_key', ...HASHED_COLUMNS], rows, { provider });
  const places = lines.map(({ id, line }) => [line.line_no, id]);
  await tx.insertMany('statement_rows', ['line_no', 'line_id'], places, { statement_id });
}

function hexKey({ buffer, byteOffset }: Uint8Array, index: number): string {
  return Buffer.from(buffer, byteOffset + index * KEY_BYTES, KEY_BYTES).toString('hex');
}

/** Those of the lines that stand at these places. */
function someOf({ lines, ends, keys }: PlainLines, places: readonly number[]) {
  const start = (place: number) => (place === 0 ? 0 : (ends[place - 1] as number));
  const parts = places.map((place) => lines.subarray(start(place), ends[place]));
  const kept = places.map((place) => keys.subarray(place * KEY_BYTES, (place + 1) * KEY_BYTES));
  // Where they end does not matter any more: it is how many they are.
  return { lines: Buffer.concat(parts), keys: Buffer.concat(kept), ends: new Uint32Array(places.length) };
}

/** In the order of the columns that are hashed. */
export function valuesOf(line: NewLine) {
  return HASHED_COLUMNS.map((column) => line[column === 'content_sha256' ? 'content' : column]);
}

/** The transaction holds the write lock, so that nobody else takes the number. */
async function nextStatement(tx: Transaction): Promise<bigint> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from statements');
  return (last?.id ?? 0n) + 1n;
}

/** Behind the last row and the last line of a page. */
async function nextLine(tx: Transaction): Promise<bigint> {
  const row = await tx.get<{ id: bigint | null }>('select max(id) as id from statement_lines');
  const [inRows, inPages] = [row?.id ?? 0n, await lastPackedLine(tx)];
  return (inRows > inPages ? inRows : inPages) + 1n;
}
