/**
 * Takes the lines of a statement into the ledger, page by page. Lines that are known already are linked and not stored
 * again. The plain lines of a large file stay together (statement-pages.ts); each other line is a row.
 */
import { inBytesList, listParam, type Transaction } from './database.ts';
import { eachHashedRow, HASHED_COLUMNS, keyOf, LinesHash, linesDigest, PagesHash } from './line-hash.ts';
import { recordRows } from './records.ts';
import { insertPage, LineKeys, lastPackedLine } from './statement-pages.ts';
import { type NewLine, STATEMENT_COLUMNS, type Statement } from './statements.ts';

export interface StoredStatement {
  id: bigint;
  row_count: bigint;
  new_count: bigint;
  from_on: string | null;
  to_on: string | null;
}

/** A line that can be kept by its text: as much of it as is asked for while it is stored. */
export type PlainNewLine = Pick<NewLine, 'line_no' | 'content' | 'stated_on'>;

export interface NewLines<Plain extends PlainNewLine> {
  rows: readonly NewLine[];
  plain: readonly Plain[];
}

/** What is asked of whoever knows how lines are written. */
export interface LinePacker<Plain extends PlainNewLine> {
  /** How they are read again, as JSON. */
  form: string;
  pack(lines: readonly Plain[]): Uint8Array;
  /** The same line as a row. */
  unpacked(line: Plain): NewLine;
}

/** Makes rows of those lines of pages that say one of these; answers which of these they say. */
export type UnpackKnown = (contents: readonly string[]) => Promise<ReadonlySet<string>>;

export async function storeStatement<Plain extends PlainNewLine>(
  tx: Transaction,
  statement: Omit<Statement, keyof StoredStatement>,
  pages: Iterable<NewLines<Plain>>,
  unpackKnown: UnpackKnown,
  packer: LinePacker<Plain> | null,
): Promise<StoredStatement> {
  const id = await nextStatement(tx);
  await tx.run(
    `insert into statements (${STATEMENT_COLUMNS})
     values (:id, :provider, :profile, :file_name, :sha256, 0, 0, null, null, :imported_at, :imported_by)`,
    { id, ...statement },
  );
  const storing = new Storing(tx, id, statement.provider, await nextLine(tx), unpackKnown);
  for (const page of pages) {
    const left = packer === null ? [] : await storing.addPlain(page.plain, packer);
    const rows = left.length === 0 ? page.rows : [...page.rows, ...left].sort(inOrder);
    await storing.addRows(rows);
  }
  return storing.finish(packer?.form ?? null);
}

const inOrder = (one: NewLine, other: NewLine) => one.line_no - other.line_no;

class Storing {
  readonly #tx: Transaction;
  readonly #provider: string;
  readonly #unpackKnown: UnpackKnown;
  readonly #stored: StoredStatement;
  readonly #rows: LinesHash;
  readonly #pages = new PagesHash();
  readonly #keys = new LineKeys();
  #line: bigint;
  /** Whether the provider has no rows that a line could be known by; null until it is asked. */
  #first: boolean | null = null;

  constructor(tx: Transaction, id: bigint, provider: string, line: bigint, unpackKnown: UnpackKnown) {
    this.#tx = tx;
    this.#provider = provider;
    this.#unpackKnown = unpackKnown;
    this.#stored = { id, row_count: 0n, new_count: 0n, from_on: null, to_on: null };
    this.#rows = new LinesHash(provider);
    this.#line = line;
  }

  /** Keeps the lines that are new by their text; answers the others, which are known. */
  async addPlain<Plain extends PlainNewLine>(
    lines: readonly Plain[],
    packer: LinePacker<Plain>,
  ): Promise<NewLine[]> {
    const known = await this.#known(lines);
    const fresh = known.size === 0 ? lines : lines.filter(({ content }) => !known.has(content));
    if (fresh.length > 0) {
      const [first_id, line_count] = [this.#line, BigInt(fresh.length)];
      const page = { first_id, line_count, statement_id: this.#stored.id, lines: packer.pack(fresh) };
      await insertPage(this.#tx, page);
      this.#pages.add(page);
      for (const { content } of fresh) {
        this.#keys.add(content, this.#line);
        this.#line += 1n;
      }
      this.#stored.new_count += line_count;
      this.#count(fresh);
    }
    return fresh.length === lines.length
      ? []
      : lines.filter(({ content }) => known.has(content)).map((line) => packer.unpacked(line));
  }

  async #known(lines: readonly PlainNewLine[]): Promise<ReadonlySet<string>> {
    const known = new Set(await this.#unpackKnown(lines.map(({ content }) => content)));
    const params = { provider: this.#provider };
    // A row of this file is none that a plain line of it says again.
    this.#first ??=
      (await this.#tx.get('select 1 from statement_lines where provider = :provider limit 1', params)) ===
      undefined;
    if (this.#first) return known;
    const keys = listParam(lines.map(({ content }) => content.slice(0, 32)));
    const rows = await this.#tx.tuples<readonly [string]>(
      `select content_sha256 from statement_lines
       where content_key in (${inBytesList('keys')}) and occurrence = 1 and provider = :provider`,
      { keys, ...params },
    );
    for (const [content] of rows) known.add(content);
    return known;
  }

  async addRows(lines: readonly NewLine[]): Promise<void> {
    if (lines.length === 0) return;
    const provider = this.#provider;
    await this.#unpackKnown(lines.flatMap(({ content, occurrence }) => (occurrence === 1 ? [content] : [])));
    const inserted = await this.#tx.insertMany(
      'statement_lines',
      ['id', 'content_key', ...HASHED_COLUMNS],
      this.#values(lines),
      { provider },
      ['content_key', 'occurrence', 'provider'],
    );
    const allNew = inserted === lines.length;
    await this.#storePlaces(allNew ? this.#line : null, lines);
    if (allNew) for (const line of lines) this.#rows.add(line.line_no, valuesOf(line));
    else await this.#hashPlaces(lines);
    this.#line += BigInt(lines.length);
    this.#stored.new_count += BigInt(inserted);
    this.#count(lines);
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

  /** A line that is known stays as the first file wrote it, which may be otherwise: `3.5` for `3.50`. */
  async #hashPlaces(lines: readonly NewLine[]): Promise<void> {
    const [statement, first, last] = [this.#stored.id, lines[0]?.line_no ?? 0, lines.at(-1)?.line_no ?? 0];
    await eachHashedRow(this.#tx, { statement, first: BigInt(first), last: BigInt(last) }, (row) => {
      const [lineNo, , provider, ...values] = row;
      this.#rows.add(lineNo, values, provider);
    });
  }

  #count(lines: readonly PlainNewLine[]): void {
    const stored = this.#stored;
    stored.row_count += BigInt(lines.length);
    for (const { stated_on: on } of lines) {
      if (on === null) continue;
      if (stored.from_on === null || on < stored.from_on) stored.from_on = on;
      if (stored.to_on === null || on > stored.to_on) stored.to_on = on;
    }
  }

  async finish(form: string | null): Promise<StoredStatement> {
    await this.#keys.store(this.#tx);
    const page_form = this.#pages.used ? form : null;
    const lines_sha256 = linesDigest(this.#rows, this.#pages, page_form);
    await this.#tx.run(
      `update statements set row_count = :row_count, new_count = :new_count, from_on = :from_on, to_on = :to_on,
         lines_sha256 = :lines_sha256, page_form = :page_form where id = :id`,
      { ...this.#stored, lines_sha256, page_form },
    );
    await recordRows(this.#tx, 'statement', [this.#stored.id]);
    return this.#stored;
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
