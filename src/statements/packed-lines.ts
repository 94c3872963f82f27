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
    const texts = Buffer.from(page.buffer, page.byteOffset, page.byteLength).toString('utf8').split('\n');
    // What follows the last line break.
    texts.pop();
    for (const index of wanted ?? texts.keys()) yield this.#line(texts[index] ?? '');
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
