/**
 * Plain lines of a large statement as one text, and back. Each stands behind its line number as its file writes it,
 * but for the cells that are not kept; its form (plain-row.ts) says how it is read.
 */
import {
  type CellWriter,
  cellWriter,
  type PlainRowReader,
  plainRowReader,
  type RowForm,
} from './plain-row.ts';
import type { StatementRow } from './statement-row.ts';

const LINE_FEED = 0x0a;
const LONGEST_NUMBER = 16;

export class PackedLineReader {
  readonly form: RowForm;
  readonly #read: PlainRowReader;
  readonly #cells: CellWriter;

  constructor(form: RowForm) {
    this.form = form;
    this.#read = plainRowReader(form);
    this.#cells = cellWriter(form);
  }

  /** Of a page those lines that are wanted, by their place in it; null for one that somebody has written into it. */
  *lines(page: Uint8Array, wanted?: Iterable<number>): Generator<StatementRow | null, void, undefined> {
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    const ends = endsOfLines(bytes);
    // Only of those that are wanted texts are made: of a page with a hundred times as many they would be most of the work.
    for (const index of wanted ?? ends.keys()) {
      const start = index === 0 ? 0 : (ends[index - 1] ?? -1) + 1;
      const end = ends[index];
      yield this.#line(end === undefined ? '' : bytes.toString('utf8', start, end));
    }
  }

  /** The number in the file of the last line; those of the others are smaller. */
  lastNumber(page: Uint8Array): number {
    const bytes = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
    const start = bytes.lastIndexOf(LINE_FEED, bytes.length - 2) + 1;
    return Number.parseInt(bytes.toString('latin1', start, start + LONGEST_NUMBER), 10);
  }

  #line(text: string): StatementRow | null {
    const { delimiter, titles } = this.form;
    const [line, ...values] = text.split(delimiter);
    if (line === undefined || !/^\d+$/.test(line) || values.length !== titles.length) return null;
    const row = this.#read(Number(line), values);
    return row && { ...row, cells: this.#cells(values) };
  }
}

function endsOfLines(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) ends.push(at);
  return ends;
}
