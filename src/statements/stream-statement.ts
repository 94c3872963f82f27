/**
 * A statement that is too large to stand in memory, its rows a block at a time. They are what readStatement makes of
 * the same file, and so is the count of lines (a test holds the two together); a file with anything wrong in it, or
 * of a profile that needs all rows beside each other, ends with `NotPlain` and is read whole.
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { RowError } from '../domain/errors.ts';
import { PlainBytes } from './bulk/plain-bytes.ts';
import { RecordScanner } from './bulk/record-scanner.ts';
import { readWhole } from './bulk/scan-side.ts';
import { isPlain, plainHeader } from './bulk/side-plan.ts';
import { ContentCounts } from './content-counts.ts';
import { type CsvRow, isTooLarge } from './csv-records.ts';
import { countLines, type LineCount, type LineCounter, linesIn } from './line-count.ts';
import { type PlainPage, PlainPageWriter } from './plain-page.ts';
import { cellWriter, formOf, plainRowReader, type RowForm } from './plain-row.ts';
import type { Profile } from './profile.ts';
import { type Resolved, resolveColumns } from './profile-fit.ts';
import type { CsvWarning } from './read-csv.ts';
import { readStatement } from './read-statement.ts';
import { needsProof } from './statement-proof.ts';
import { rowReader, type StatementRow } from './statement-row.ts';
import { takesAllLines } from './statement-text.ts';
import { NotPlain, type RecordBlock, recordBlocks } from './stream-records.ts';

// As much of a file as its header may take.
const BEGINNING_BYTES = 65_536;
// So few that one of them is read in no time where one line is asked for.
const PAGE_ROWS = 512;

/** Some rows of a file. */
export interface StreamPage {
  /** Those that can be kept by their text, for the stream's form; each the first of its content in the file. */
  plain: PlainPage;
  /** All others. */
  rows: readonly StatementRow[];
}

export class StatementStream {
  readonly profile: Profile;
  readonly warnings: readonly CsvWarning[];
  /** Complete when all pages have been read. */
  readonly count: LineCount = {
    lines: 0,
    taken: 0,
    continued: 0,
    header: 0,
    skipped: 0,
    totals: 0,
    footer: 0,
    blank: 0,
    refused: 0,
  };
  readonly #file: OpenFile;
  readonly #header: readonly string[];
  readonly timeZone: string;
  readonly #resolved: Resolved;
  /** How the text of plain rows is read; null where the profile asks for more than that. */
  readonly form: RowForm | null;
  /** The cells that a text has, by their place in a row. */
  readonly #kept: readonly number[];

  /** Throws NotPlain where the file or its profile is not one that can be read by blocks. */
  constructor(file: OpenFile, profile: Profile, timeZone: string) {
    if (profile.encoding !== 'utf-8' || profile.header === 'none') throw new NotPlain();
    if (!takesAllLines(profile) || needsProof(profile, [])) throw new NotPlain();
    const found = plainHeader(file.beginning, file.size <= BEGINNING_BYTES, profile.delimiter);
    const read = found && readStatement(found.header, profile, timeZone);
    if (!found || !read || read.errors.length > 0) throw new NotPlain();
    this.profile = profile;
    this.warnings = read.warnings;
    this.#file = file;
    this.#header = found.cells;
    this.timeZone = timeZone;
    this.#resolved = resolveColumns(found.cells, profile);
    const plain = isPlain(profile) && this.#resolved.sums.size === 0;
    const { form, kept } = formOf(profile, this.#resolved, found.cells, timeZone);
    this.form = plain ? form : null;
    this.#kept = kept;
  }

  /** To be read once. `tell` hears how many bytes of the file are read. */
  *pages(tell: (bytes: number) => void): Generator<StreamPage, void, undefined> {
    const readers = this.#readers();
    const counts = new ContentCounts(this.#expectedRows());
    const page = new NewPage(this.profile.delimiter);
    let headed = false;
    for (const block of recordBlocks(this.#file.descriptor, this.#file.size, this.profile.delimiter)) {
      const counter = countLines(block.bytes, block.line);
      const reading = { readers, counts, counter, headed, page };
      if (readers.quick) yield* this.#scanBlock(block, readers.quick, reading);
      else yield* this.#readBlock(block, reading);
      yield page.take();
      headed = true;
      this.#add(counter.finish(NONE_SKIPPED));
      tell(block.through);
    }
    if (!this.#file.isUnchanged()) throw new NotPlain();
  }

  *#readBlock(
    block: RecordBlock,
    { readers, counts, counter, page, ...begun }: Reading,
  ): Generator<StreamPage, void, undefined> {
    let { headed } = begun;
    for (const record of block.records()) {
      if (!headed && !isDeepStrictEqual(record.values, this.#header)) throw new NotPlain();
      const taken = headed && this.#read(record, block.bare, readers, counts, page);
      counter.saw(record, taken ? 'taken' : headed ? 'blank' : 'header');
      headed = true;
      if (page.isFull) yield page.take();
    }
  }

  /** The same from the bytes, as far as they are plain: only of the other rows strings are made. */
  *#scanBlock(
    { bytes, line: firstLine, bare }: RecordBlock,
    quick: PlainBytes,
    { readers, counts, counter, headed, page }: Reading,
  ): Generator<StreamPage, void, undefined> {
    const scanner = new RecordScanner(this.profile.delimiter, firstLine);
    scanner.load(bytes, bytes.length, true);
    const values = () => Array.from({ length: scanner.count }, (_, index) => scanner.text(index));
    let next = scanner.next();
    if (!headed) {
      if (next !== 'record' || !isDeepStrictEqual(values(), this.#header)) throw new NotPlain();
      counter.saw({ line: scanner.line, values: this.#header }, 'header');
      next = scanner.next();
    }
    for (; next === 'record'; next = scanner.next()) {
      const { line, from, to } = scanner;
      const isBare = bare || !needsText(bytes, from, to);
      const facts = isBare && scanner.count === this.#header.length ? quick.read(scanner) : null;
      if (facts === null) {
        const record = { line, values: values() };
        counter.saw(record, this.#read(record, isBare, readers, counts, page) ? 'taken' : 'blank');
      } else {
        const { digest, stated_on } = facts;
        const occurrence = counts.next(digest);
        if (occurrence === 1) page.plain.add(line, digest, stated_on, bytes, from, to);
        else page.rows.push(repeated(readers, line, values(), occurrence));
        counter.saw({ line, values: NO_VALUES }, 'taken');
      }
      if (page.isFull) yield page.take();
    }
    if (next === 'foreign') throw new NotPlain();
  }

  /** Whether the row says anything: not all of its cells are empty. */
  #read(record: CsvRow, bare: boolean, readers: Readers, counts: ContentCounts, page: NewPage): boolean {
    const { line, values } = record;
    if (values.length !== this.#header.length || isTooLarge(record)) throw new NotPlain();
    if (values[0]?.trim() === '' && values.every((value) => value.trim() === '')) return false;
    const all = this.#kept.length === values.length;
    const kept = all ? values : this.#kept.map((index) => values[index] as string);
    const row = (bare && readers.plain?.(line, kept)) || null;
    if (row !== null) {
      const digest = Buffer.from(row.content, 'hex').toString('latin1');
      row.occurrence = counts.next(digest);
      if (row.occurrence === 1) {
        const bytes = Buffer.from(kept.join(this.profile.delimiter));
        page.plain.add(line, digest, row.stated_on, bytes, 0, bytes.length);
      } else page.rows.push({ ...row, cells: readers.cells(kept) });
      return true;
    }
    const other = readers.any(line, values);
    if (other === null) throw new NotPlain();
    other.occurrence = counts.next(Buffer.from(other.content, 'hex').toString('latin1'));
    page.rows.push(other);
    return true;
  }

  /** By the length of those at its beginning, and some more: a table that has to grow is there twice for a while. */
  #expectedRows(): number {
    const { beginning, size } = this.#file;
    return Math.ceil((linesIn(beginning) / Math.max(beginning.length, 1)) * size * 1.1);
  }

  #add({ count, lost }: ReturnType<LineCounter['finish']>): void {
    if (lost.length > 0) throw new NotPlain();
    for (const name of Object.keys(count) as (keyof LineCount)[]) this.count[name] += count[name];
  }

  #readers(): Readers {
    const { profile, form } = this;
    const terms = { profile, resolved: this.#resolved, titles: this.#header, time_zone: this.timeZone };
    // Nothing reads them: the first one ends this way of reading.
    const errors: RowError[] = [];
    return {
      quick: form && this.#kept.length === this.#header.length ? new PlainBytes(form) : null,
      plain: form && plainRowReader(form),
      cells: form ? cellWriter(form) : () => '',
      any: rowReader({ ...terms, errors, observe: null }),
    };
  }
}

/** Whether a quote or a backslash is among the bytes, so that values may be otherwise than they stand. */
function needsText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (bytes[at] === QUOTE || bytes[at] === BACKSLASH) return true;
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

// Of a file all of whose lines are rows.
const NONE_SKIPPED = { header: 0, pattern: 0, totals: 0, footer: 0 };

const NO_VALUES: readonly string[] = [];

/** The rows of a page while it is filled. */
class NewPage {
  readonly plain: PlainPageWriter;
  rows: StatementRow[] = [];

  constructor(delimiter: string) {
    this.plain = new PlainPageWriter(delimiter, PAGE_ROWS);
  }

  get isFull(): boolean {
    return this.plain.count + this.rows.length >= PAGE_ROWS;
  }

  take(): StreamPage {
    const { rows } = this;
    this.rows = [];
    return { plain: this.plain.take(), rows };
  }
}

/** A row that says what one before it says. */
function repeated(
  { plain, cells }: Readers,
  line: number,
  values: readonly string[],
  occurrence: number,
): StatementRow {
  const row = plain?.(line, values);
  if (!row) throw new NotPlain();
  return { ...row, occurrence, cells: cells(values) };
}

interface Reading {
  readers: Readers;
  counts: ContentCounts;
  counter: LineCounter;
  /** Whether the header was read before. */
  headed: boolean;
  page: NewPage;
}

interface Readers {
  /** Where all cells are kept. */
  quick: PlainBytes | null;
  plain: ReturnType<typeof plainRowReader> | null;
  cells: ReturnType<typeof cellWriter>;
  any: ReturnType<typeof rowReader>;
}

/** As much of an open file as another thread is told. */
export interface OpenedFile {
  descriptor: number;
  size: number;
  modified_ms: number;
}

/** A file that is read more than once and must be the same each time. */
export class OpenFile {
  readonly opened: OpenedFile;

  constructor(file: string | OpenedFile) {
    this.opened = typeof file === 'string' ? open(file) : file;
  }

  get descriptor(): number {
    return this.opened.descriptor;
  }

  get size(): number {
    return this.opened.size;
  }

  get beginning(): Buffer {
    return readWhole(this.descriptor, 0, BEGINNING_BYTES);
  }

  isUnchanged(): boolean {
    const now = fstatSync(this.descriptor);
    return now.size === this.size && now.mtimeMs === this.opened.modified_ms;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function open(path: string): OpenedFile {
  const descriptor = openSync(path, 'r');
  const { size, mtimeMs } = fstatSync(descriptor);
  return { descriptor, size, modified_ms: mtimeMs };
}
