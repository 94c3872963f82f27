/** Lines that stand in pages, as records: from the ledger, or while their statement is stored. */
import { PackedLineReader } from '../statements/packed-lines.ts';
import type { RowForm } from '../statements/plain-row.ts';
import type { StatementPage } from '../store/statement-pages.ts';
import { damagedLine } from './packed-lines.ts';
import type { SideSink } from './side-sink.ts';

export class LineRecorder {
  readonly sink: SideSink;
  /** The numbers of lines that are no records. */
  readonly odd: number[] = [];
  /** Those whose pages were all given. */
  readonly statements = new Set<bigint>();
  readonly #readers = new Map<RowForm, ReturnType<typeof readerOf>>();

  constructor(sink: SideSink) {
    this.sink = sink;
  }

  /** `besides`: its lines that are rows, too, and are recorded as such. */
  add(form: RowForm, page: StatementPage, besides = NONE): void {
    const { scanner, lines } = this.#readers.get(form) ?? this.#readerOf(form);
    const first = Number(page.first_id);
    const whole = { first, count: Number(page.line_count), lines: page.lines };
    const left: number[] = [];
    if (!scanner.scan(whole, besides, (line) => left.push(line))) throw damagedLine(page.first_id);
    const places = left.map((line) => line - first);
    for (const line of left.length === 0 ? [] : lines.lines(page.lines, places)) {
      if (line === null) throw damagedLine(page.first_id);
      this.sink.take(line);
    }
    for (const line of left) this.odd.push(line);
    this.statements.add(page.statement_id);
  }

  #readerOf(form: RowForm) {
    const reader = readerOf(form, this.sink);
    this.#readers.set(form, reader);
    return reader;
  }
}

const NONE: ReadonlySet<bigint> = new Set();

function readerOf(form: RowForm, sink: SideSink) {
  return { scanner: sink.pageScanner(form), lines: new PackedLineReader(form) };
}
