/**
 * Every physical line of a report is a row that was taken, part of one, the header, a line that the profile says is none,
 * blank, or refused: counted from the bytes on one side and from what was read on the other, so that a line which is
 * lost between the two shows.
 */
import type { CsvRow } from './csv-records.ts';
import type { SkippedLines } from './statement-text.ts';

export interface LineCount {
  lines: number;
  /** Rows that became statement lines. */
  taken: number;
  /** Further lines of rows and of the header, whose cells hold line breaks. */
  continued: number;
  /** The header, what stands before it, and repetitions of it. */
  header: number;
  /** By pattern, control totals, and behind the end. */
  skipped: number;
  totals: number;
  footer: number;
  blank: number;
  refused: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface LineCounter {
  /** A record that was read, whatever becomes of it; in the order of the file. */
  saw(record: CsvRow, fate: 'taken' | 'header' | 'blank' | 'refused'): void;
  /** `lost` are lines that are neither blank nor accounted for: refused ones, or a fault of ours. */
  finish(skipped: SkippedLines): { count: LineCount; lost: number[] };
}

/** `bytes` as the CSV reader has them, with the lines emptied that are no rows; `firstLine` is the number of their first. */
export function countLines(bytes: Uint8Array, firstLine = 1): LineCounter {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = { taken: 0, header: 0, blank: 0, refused: 0 };
  let continued = 0;
  let blankBetween = 0;
  const lost: number[] = [];
  let previous: CsvRow | null = null;
  let starts: number[] | null = null;
  const fill = (from: number, to: number) => {
    for (let line = from; line < to; line += 1) {
      starts ??= lineStarts(buffer);
      if (isBlank(buffer, starts, line - firstLine + 1)) blankBetween += 1;
      else lost.push(line);
    }
  };
  /** Lines between two records: of the first one's cells, or blank, or of a record that could not be read. */
  const close = (next: number) => {
    const start: number = previous?.line ?? firstLine - 1;
    if (next <= start + 1) return;
    const more = previous === null ? 0 : breaksIn(previous);
    continued += more;
    fill(start + more + 1, next);
  };
  return {
    saw: (record, fate) => {
      close(record.line);
      found[fate] += 1;
      previous = record;
    },
    finish: (skipped) => {
      const lines = linesIn(buffer);
      close(firstLine + lines);
      const emptied = skipped.header + skipped.pattern + skipped.totals + skipped.footer;
      const count = {
        lines,
        taken: found.taken,
        continued,
        header: found.header + skipped.header,
        skipped: skipped.pattern,
        totals: skipped.totals,
        footer: skipped.footer,
        blank: found.blank + blankBetween - emptied,
        refused: found.refused + lost.length,
      };
      return { count, lost };
    },
  };
}

function breaksIn(record: CsvRow): number {
  let breaks = 0;
  for (const value of record.values) {
    if (value.includes('\n') || value.includes('\r')) breaks += value.split(/\r\n|\n|\r/).length - 1;
  }
  return breaks;
}

export function linesIn(buffer: Buffer): number {
  let lines = 0;
  const returns = buffer.includes(CARRIAGE_RETURN);
  for (let at = buffer.indexOf(LINE_FEED); at >= 0; at = buffer.indexOf(LINE_FEED, at + 1)) lines += 1;
  if (returns) {
    for (let at = buffer.indexOf(CARRIAGE_RETURN); at >= 0; at = buffer.indexOf(CARRIAGE_RETURN, at + 1))
      if (buffer[at + 1] !== LINE_FEED) lines += 1;
  }
  const last = buffer.at(-1);
  return last === undefined || last === LINE_FEED || last === CARRIAGE_RETURN ? lines : lines + 1;
}

function lineStarts(buffer: Buffer): number[] {
  const starts = [0];
  for (const [index, byte] of buffer.entries()) {
    if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && buffer[index + 1] !== LINE_FEED))
      starts.push(index + 1);
  }
  return starts;
}

/** Empty, as the CSV reader understands it: a line of blanks is a record of one cell. */
function isBlank(buffer: Buffer, starts: readonly number[], line: number): boolean {
  let start = starts[line - 1];
  if (start === undefined) return true;
  if (start === 0 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) start = 3;
  const byte = buffer[start];
  return byte === undefined || byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
