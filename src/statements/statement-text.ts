/**
 * A report's bytes as the UTF-8 that the CSV reader takes: lines that its profile says are no rows are emptied, so that
 * every other line keeps its number, and counted, so that nothing is left out in silence. What lines of control totals
 * state is kept for the proof.
 */
import { isUtf8 } from 'node:buffer';
import type { RowError } from '../domain/errors.ts';
import type { Profile } from './profile.ts';
import {
  findHeader,
  MOST_LINES_BEFORE_HEADER,
  missingErrors,
  nearestHeader,
  resolveColumns,
  splitLine,
} from './profile-fit.ts';
import { excerpt } from './read-csv.ts';
import { decodeDeclared } from './statement-encoding.ts';

/** A line of control totals: what its pattern's named groups hold. */
export interface TotalsLine {
  line: number;
  stated: Readonly<Record<string, string>>;
}

export interface SkippedLines {
  /** Before the header, and repetitions of it. */
  header: number;
  pattern: number;
  totals: number;
  footer: number;
}

export interface Prepared {
  bytes: Uint8Array;
  errors: RowError[];
  skipped: SkippedLines;
  totals: readonly TotalsLine[];
}

export function prepareText(bytes: Uint8Array, profile: Profile): Prepared {
  const nothing = { skipped: { header: 0, pattern: 0, totals: 0, footer: 0 }, totals: [] };
  const utf8 = profile.encoding === 'utf-8';
  // Bytes that are not UTF-8 stay as they are, for their lines to be reported.
  if (utf8 && (takesAllLines(profile) || !isUtf8(bytes))) return { bytes, errors: [], ...nothing };
  const decoded = utf8
    ? { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), errors: null }
    : decodeDeclared(bytes, profile);
  if (decoded.errors) return { bytes, errors: decoded.errors, ...nothing };
  const text = decoded.text.replace(/^\ufeff/, '');
  if (takesAllLines(profile)) return { bytes: Buffer.from(text), errors: [], ...nothing };
  return withoutSkipped(text, profile);
}

/** Every line of the file is the header, a row or blank. */
export function takesAllLines(profile: Profile): boolean {
  return (
    profile.header !== 'search' &&
    profile.skip_lines === 0 &&
    profile.skip_patterns.length === 0 &&
    profile.totals.length === 0 &&
    profile.end_pattern === undefined
  );
}

type Fate = 'kept' | 'filler' | keyof SkippedLines;

function withoutSkipped(text: string, profile: Profile): Prepared {
  const first = firstLines(text);
  const header = findHeader(first, profile);
  if (header < 0 && profile.header === 'search') return headerNotFound(first, profile);
  const skipped: SkippedLines = { header: 0, pattern: 0, totals: 0, footer: 0 };
  const totals: TotalsLine[] = [];
  const fateOf = judge(profile, header, first[header], totals);
  const kept: string[] = [];
  let inQuotes = false;
  let index = 0;
  for (const { content, end } of linesOf(text)) {
    // A line inside a quoted cell is part of a row, whatever it looks like.
    const fate: Fate = inQuotes ? 'kept' : fateOf(content, index);
    if (fate === 'kept') {
      if (oddQuotes(content)) inQuotes = !inQuotes;
      // A lone carriage return would become one line end with the line feed of an emptied line behind it.
      kept.push(content, end === '\r' && !inQuotes ? '\n' : end);
    } else {
      if (fate !== 'filler') skipped[fate] += 1;
      // Also the last line of a file, which may have no end, still counts as one.
      kept.push(end === '\r\n' ? end : '\n');
    }
    index += 1;
  }
  return { bytes: Buffer.from(kept.join('')), errors: [], skipped, totals };
}

function judge(
  profile: Profile,
  header: number,
  headerLine: string | undefined,
  totals: TotalsLine[],
): (content: string, index: number) => Fate {
  const expressions = (patterns: readonly string[]) => patterns.map((pattern) => new RegExp(pattern, 'i'));
  const noRows = expressions(profile.skip_patterns);
  const totalsOf = expressions(profile.totals);
  const [end] = expressions(profile.end_pattern === undefined ? [] : [profile.end_pattern]);
  const before = profile.header === 'search' ? header : profile.skip_lines;
  let ended = false;
  return (content, index) => {
    if (index < before) return 'header';
    ended ||= end?.test(content) ?? false;
    let found = false;
    for (const expression of totalsOf) {
      const stated = expression.exec(content)?.groups;
      if (!stated) continue;
      found = true;
      totals.push({ line: index + 1, stated });
    }
    if (found) return 'totals';
    if (ended) return 'footer';
    if (noRows.some((expression) => expression.test(content))) return 'pattern';
    // Sections and pages of a report begin with their header again.
    if (index > header && headerLine !== undefined && headerLine !== '' && content === headerLine)
      return profile.header === 'none' ? 'kept' : 'header';
    return content.trim() === '' && content !== '' ? 'filler' : 'kept';
  };
}

function headerNotFound(first: readonly string[], profile: Profile): Prepared {
  const nearest = nearestHeader(first, profile);
  const line = Math.max(nearest, 0) + 1;
  const cells = splitLine(first[line - 1] ?? '', profile);
  const { missing } = resolveColumns(cells, profile);
  const has =
    nearest < 0
      ? `none of the first ${MOST_LINES_BEFORE_HEADER} lines names any of its columns`
      : `the nearest line has ${cells.map((cell) => `"${excerpt(cell.trim())}"`).join(', ')}`;
  const errors = missingErrors(missing, profile, line, has);
  const skipped = { header: 0, pattern: 0, totals: 0, footer: 0 };
  return { bytes: new Uint8Array(), errors, skipped, totals: [] };
}

function firstLines(text: string): string[] {
  const lines: string[] = [];
  for (const { content } of linesOf(text)) {
    lines.push(content);
    if (lines.length > MOST_LINES_BEFORE_HEADER) break;
  }
  return lines;
}

/** Physical lines with their ends, which stay as they are. */
function* linesOf(text: string): Generator<{ content: string; end: string }, void, undefined> {
  const breaks = /\r\n|\n|\r/g;
  let start = 0;
  for (let found = breaks.exec(text); found; found = breaks.exec(text)) {
    yield { content: text.slice(start, found.index), end: found[0] };
    start = breaks.lastIndex;
  }
  if (start < text.length) yield { content: text.slice(start), end: '' };
}

function oddQuotes(line: string): boolean {
  let odd = false;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) odd = !odd;
  return odd;
}
