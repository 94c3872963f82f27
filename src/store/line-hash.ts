/**
 * The lines of a statement as one hash, taken when they are stored and written into the statement, whose record the
 * chain covers. It is over every column of every line in the order of the file, but for which line restates another:
 * that is derived anew by each reconciliation. Of lines that are kept by the page it is over their text.
 */
import { createHash, type Hash, hash } from 'node:crypto';
import type { Reader, Transaction } from './database.ts';
import { isWithin, pageAfter, type Span, type StatementPage, spanOf } from './statement-pages.ts';

/** Of `statement_lines`, in the order in which they are hashed. */
export const HASHED_COLUMNS = [
  ...['content_sha256', 'occurrence', 'provider_id', 'provider_reference', 'utr', 'provider_beneficiary_id'],
  ...[
    'kind',
    'amount_minor',
    'currency',
    'fee_minor',
    'tax_minor',
    'status',
    'status_word',
    'failure_reason',
  ],
  ...['stated_at', 'stated_on', 'cells'],
] as const;

type LineValue = string | bigint | number | null;

// Each call of the hash costs as much as some thousand characters.
const HASHED_AT_ONCE = 16_384;

export class LinesHash {
  readonly #hash: Hash = createHash('sha256');
  readonly #provider: string;
  #text = '';

  constructor(provider: string) {
    this.#provider = provider;
  }

  /** A text stands behind its length, so that no two lines read alike, and nothing is not an empty text. */
  add(lineNo: bigint | number, values: readonly LineValue[], provider = this.#provider): void {
    let text = provider === this.#provider ? `${lineNo}` : `${lineNo} ${provider.length}:${provider}`;
    for (const value of values) {
      if (value === null) text += ' ~';
      else text += typeof value === 'string' ? ` ${value.length}:${value}` : ` ${value}`;
    }
    this.#text += `${text}\n`;
    if (this.#text.length > HASHED_AT_ONCE) this.#flush();
  }

  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#text = '';
  }
}

export class PagesHash {
  readonly #hash = createHash('sha256');
  used = false;

  add({ first_id, line_count, lines }: StatementPage): void {
    this.used = true;
    this.#hash.update(`${first_id} ${line_count} ${lines.length}\n`);
    this.#hash.update(lines);
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Of rows alone their hash, so that a statement without pages has the hash that it always had. */
export function linesDigest(rows: LinesHash, pages: PagesHash, form: string | null): string {
  const digest = rows.digest();
  return pages.used || form !== null ? hash('sha256', `${digest} ${pages.digest()} ${form}`, 'hex') : digest;
}

const PAGE_LINES = 1000;

/** The hash of the lines as they stand in the ledger now. */
export async function storedLinesHash(
  reader: Reader,
  statement: { id: bigint; provider: string; page_form?: string | null },
): Promise<string> {
  const pages = new PagesHash();
  const spans: Span[] = [];
  if (statement.page_form !== undefined) {
    for (let page = await pageAfter(reader, 0n, statement.id); page; ) {
      pages.add(page);
      spans.push(spanOf(page));
      page = await pageAfter(reader, page.first_id, statement.id);
    }
  }
  const rows = new LinesHash(statement.provider);
  await eachHashedRow(reader, statement.id, ([lineNo, line, provider, ...values]) => {
    // A line that stands in a page is hashed there, even where it is a row as well.
    if (!isWithin(spans, line)) rows.add(lineNo, values, provider);
  });
  return linesDigest(rows, pages, statement.page_form ?? null);
}

type HashedRow = readonly [line_no: bigint, id: bigint, provider: string, ...line: LineValue[]];

/** The rows of a statement by their places in the file. */
export async function eachHashedRow(
  reader: Reader,
  statement: bigint,
  add: (row: HashedRow) => void,
): Promise<void> {
  for (let after = -1n; ; ) {
    const rows = await reader.tuples<HashedRow>(
      `select r.line_no, l.id, l.provider, ${HASHED_COLUMNS.map((column) => `l.${column}`).join(', ')}
       from statement_rows r join statement_lines l on l.id = r.line_id
       where r.statement_id = :statement and r.line_no > :after order by r.line_no limit ${PAGE_LINES}`,
      { statement, after },
    );
    for (const row of rows) add(row);
    const end = rows.at(-1);
    if (end === undefined) return;
    after = end[0];
  }
}

/** Takes up the lines of statements that an older payrun stored, as they are found. */
export async function hashLinesOfOlderStatements(tx: Transaction): Promise<void> {
  const older = await tx.all<{ id: bigint; provider: string }>(
    'select id, provider from statements where lines_sha256 is null order by id',
  );
  for (const statement of older) {
    await tx.run('update statements set lines_sha256 = :sha256 where id = :id', {
      id: statement.id,
      sha256: await storedLinesHash(tx, statement),
    });
  }
}

export interface HashedStatement {
  id: bigint;
  provider: string;
  file_name: string;
  lines_sha256: string | null;
  page_form: string | null;
}

export async function hashedStatements(reader: Reader): Promise<HashedStatement[]> {
  return reader.all('select id, provider, file_name, lines_sha256, page_form from statements order by id');
}

/** Lines that no statement has: their numbers. Empty unless someone tampered. */
export async function linesWithoutStatement(reader: Reader, limit: number): Promise<bigint[]> {
  const rows = await reader.tuples<readonly [bigint]>(
    `select l.id from statement_lines l
     where not exists (select 1 from statement_rows r where r.line_id = l.id) order by l.id limit ${limit}`,
  );
  return rows.map(([id]) => id);
}

/** Places in files that name a statement or a line that is not there. Empty unless someone tampered. */
export async function placesWithoutLine(
  reader: Reader,
  limit: number,
): Promise<{ statement_id: bigint; line_no: bigint }[]> {
  return reader.all(
    `select r.statement_id, r.line_no from statement_rows r
     left join statements s on s.id = r.statement_id left join statement_lines l on l.id = r.line_id
     where s.id is null or l.id is null order by r.statement_id, r.line_no limit ${limit}`,
  );
}

/** Lines that are known again by another key than half of their hash: their numbers. Empty unless someone tampered. */
export async function linesUnderWrongKey(reader: Reader, limit: number): Promise<bigint[]> {
  const wrong: bigint[] = [];
  for (let after = 0n; wrong.length < limit; ) {
    const rows = await reader.tuples<readonly [id: bigint, key: Uint8Array, content: string]>(
      `select id, content_key, content_sha256 from statement_lines where id > :after order by id limit ${PAGE_LINES}`,
      { after },
    );
    for (const [id, key, content] of rows) if (!keyOf(content).equals(key)) wrong.push(id);
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last[0];
  }
  return wrong.slice(0, limit);
}

// Two rows that differ are taken for one if they agree in so many bits: nobody can make such, let alone meet them.
const KEY_DIGITS = 32;

/** What a line is known again by: half of its SHA-256. */
export function keyOf(content: string): Buffer {
  return Buffer.from(content.slice(0, KEY_DIGITS), 'hex');
}
