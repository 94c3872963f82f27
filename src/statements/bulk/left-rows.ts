/** Rows of a file that are read one by one: as a file of their own under the same header, for the ordinary readers. */
import type { RowError } from '../../domain/errors.ts';
import { type OddRow, readWhole } from './scan-side.ts';
import type { SidePlan } from './side-plan.ts';

interface Source {
  descriptor: number;
  header: Uint8Array;
  plan: SidePlan;
}

const LINE_FEED = 0x0a;
const LINE_BREAKS = /\r\n|\n|\r/g;

export class LeftRows {
  readonly bytes: Uint8Array;
  readonly count: number;
  /** By the line on which a row starts in `bytes`. */
  readonly #rows = new Map<number, OddRow>();

  /** `rows` in the order of the file. */
  constructor({ descriptor, header, plan }: Source, rows: readonly OddRow[]) {
    const total = rows.reduce((sum, row) => sum + row.length + 1, header.length);
    const bytes = Buffer.alloc(total, LINE_FEED);
    bytes.set(header);
    let at = header.length;
    let line = plan.body_line;
    for (const row of rows) {
      const record = readWhole(descriptor, row.offset, row.length);
      bytes.set(record, at);
      at += row.length + 1;
      this.#rows.set(line, row);
      line += 1 + (record.toString('latin1').match(LINE_BREAKS)?.length ?? 0);
    }
    this.bytes = bytes;
    this.count = rows.length;
  }

  /** Rows as they were read from `bytes`, with their lines in the file. */
  numbered<Row extends { line_no: number }>(read: readonly Row[]): (Row & { ordinal: number })[] {
    return read.map((row) => {
      const { line, ordinal } = this.#at(row.line_no);
      return { ...row, line_no: line, ordinal };
    });
  }

  located(errors: readonly RowError[]): RowError[] {
    return errors.map((error) => ({ ...error, line: this.#at(error.line).line }));
  }

  #at(line: number): Pick<OddRow, 'line' | 'ordinal'> {
    return this.#rows.get(line) ?? { line, ordinal: 0 };
  }
}
