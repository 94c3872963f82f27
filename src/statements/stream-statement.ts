/**
 * A statement that is too large to stand in memory, its rows a block at a time. They are what readStatement makes of
 * the same file, and so is the count of lines (a test holds the two together); a file with anything wrong in it, or
 * of a profile that needs all rows beside each other, ends with `NotPlain` and is read whole.
 */
import { closeSync, fstatSync, openSync, type Stats } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { RowError } from '../domain/errors.ts';
import { readWhole } from './bulk/scan-side.ts';
import { isPlain, plainHeader } from './bulk/side-plan.ts';
import { ContentCounts } from './content-counts.ts';
import { type CsvRow, isTooLarge } from './csv-records.ts';
import { countLines, type LineCount, type LineCounter } from './line-count.ts';
import { plainRowReader } from './plain-row.ts';
import type { Profile } from './profile.ts';
import { type Resolved, resolveColumns } from './profile-fit.ts';
import type { CsvWarning } from './read-csv.ts';
import { readStatement } from './read-statement.ts';
import { needsProof } from './statement-proof.ts';
import { rowReader, type StatementRow } from './statement-row.ts';
import { takesAllLines } from './statement-text.ts';
import { NotPlain, recordBlocks } from './stream-records.ts';

// As much of a file as its header may take.
const BEGINNING_BYTES = 65_536;
// So few that they are forgotten before the garbage collector has to move them: it is what takes the time otherwise.
const PAGE_ROWS = 256;

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
  readonly #timeZone: string;

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
    this.#timeZone = timeZone;
  }

  /** To be read once. `tell` hears how many bytes of the file are read. */
  *pages(tell: (bytes: number) => void): Generator<StatementRow[], void, undefined> {
    const read = this.#reader(resolveColumns(this.#header, this.profile));
    const counts = new ContentCounts();
    let headed = false;
    for (const block of recordBlocks(this.#file.descriptor, this.#file.size, this.profile.delimiter)) {
      let page: StatementRow[] = [];
      const counter = countLines(block.bytes, block.line);
      for (const record of block.records) {
        if (!headed && !isDeepStrictEqual(record.values, this.#header)) throw new NotPlain();
        const row = headed ? this.#read(record, block.bare, read) : null;
        counter.saw(record, row === null ? (headed ? 'blank' : 'header') : 'taken');
        headed = true;
        if (row === null) continue;
        row.occurrence = counts.next(row.content);
        page.push(row);
        if (page.length < PAGE_ROWS) continue;
        yield page;
        page = [];
      }
      this.#add(counter.finish(NONE_SKIPPED));
      yield page;
      tell(block.through);
    }
    if (!this.#file.isUnchanged()) throw new NotPlain();
  }

  /** Null where the row says nothing: all of its cells are empty. */
  #read(record: CsvRow, bare: boolean, read: Readers): StatementRow | null {
    const { line, values } = record;
    if (values.length !== this.#header.length || isTooLarge(record)) throw new NotPlain();
    if (values[0]?.trim() === '' && values.every((value) => value.trim() === '')) return null;
    const row = (bare && read.plain?.(line, values)) || read.any(line, values);
    if (row === null) throw new NotPlain();
    return row;
  }

  #add({ count, lost }: ReturnType<LineCounter['finish']>): void {
    if (lost.length > 0) throw new NotPlain();
    for (const name of Object.keys(count) as (keyof LineCount)[]) this.count[name] += count[name];
  }

  #reader(resolved: Resolved): Readers {
    const { profile } = this;
    const terms = { profile, resolved, titles: this.#header, time_zone: this.#timeZone };
    // Nothing reads them: the first one ends this way of reading.
    const errors: RowError[] = [];
    return {
      plain: isPlain(profile) && resolved.sums.size === 0 ? plainRowReader(terms) : null,
      any: rowReader({ ...terms, errors, observe: null }),
    };
  }
}

// Of a file all of whose lines are rows.
const NONE_SKIPPED = { header: 0, pattern: 0, totals: 0, footer: 0 };

interface Readers {
  plain: ReturnType<typeof plainRowReader> | null;
  any: ReturnType<typeof rowReader>;
}

/** A file that is read more than once and must be the same each time. */
export class OpenFile {
  readonly descriptor: number;
  readonly #stats: Stats;

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    this.#stats = fstatSync(this.descriptor);
  }

  get size(): number {
    return this.#stats.size;
  }

  get beginning(): Buffer {
    return readWhole(this.descriptor, 0, BEGINNING_BYTES);
  }

  isUnchanged(): boolean {
    const now = fstatSync(this.descriptor);
    return now.size === this.#stats.size && now.mtimeMs === this.#stats.mtimeMs;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
