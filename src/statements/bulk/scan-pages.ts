/** Lines that the ledger keeps by the page, as records: read in bulk from their text, as the lines of a file are. */
import type { RowForm } from '../plain-row.ts';
import { DayReader, type Numbered } from './cell-values.ts';
import { RecordScanner } from './record-scanner.ts';
import type { RecordWriter } from './row-records.ts';
import { RowReader } from './scan-side.ts';
import { planPacked } from './side-plan.ts';

export interface PageSink {
  writer: RecordWriter;
  days: Numbered;
  currencies: Numbered;
  primary: number;
  seed: number;
}

/** Reads pages whose lines have one form. */
export class PageScanner {
  readonly #rows: RowReader;
  readonly #scanner: RecordScanner;

  constructor(form: RowForm, sink: PageSink) {
    this.#rows = new RowReader(planPacked(form), { ...sink, days: new DayReader(form.time_zone, sink.days) });
    this.#scanner = new RecordScanner(form.delimiter, 1);
  }

  /** `odd` hears the numbers of lines that are no records. False: it is no page of so many lines. */
  scan(
    { first, count, lines }: { first: number; count: number; lines: Uint8Array },
    besides: ReadonlySet<bigint>,
    odd: (line: number) => void,
  ): boolean {
    const scanner = this.#scanner;
    scanner.load(lines, lines.length, true);
    let line = first;
    let next = scanner.next();
    for (; next === 'record'; next = scanner.next()) {
      const skipped = besides.size > 0 && besides.has(BigInt(line));
      if (!skipped && !this.#rows.read(scanner, 0, line, 0)) odd(line);
      line += 1;
    }
    return next === 'end' && line === first + count;
  }
}
