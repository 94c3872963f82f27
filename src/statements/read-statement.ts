/**
 * A provider's report to statement lines, as its profile says. Every bad row is reported with its line and nothing is
 * half-read; every line of the file is accounted for, and what the report states about itself is held against its rows.
 */
import type { RowError } from '../domain/errors.ts';
import { countLines, type LineCount } from './line-count.ts';
import type { Profile } from './profile.ts';
import { missingErrors, resolveColumns } from './profile-fit.ts';
import { type CsvRead, type CsvWarning, excerpt, readCsv, unknownColumn } from './read-csv.ts';
import { type Movement, needsProof, type Proof, prove } from './statement-proof.ts';
import { rowReader, type StatementRow } from './statement-row.ts';
import { type Prepared, prepareText } from './statement-text.ts';

export { detectProfile, profileFor } from './profile-fit.ts';
export type { StatementRow } from './statement-row.ts';

export interface StatementRead {
  rows: StatementRow[];
  /** Any of these refuses the whole file. */
  errors: RowError[];
  warnings: CsvWarning[];
  count: LineCount;
  proofs: Proof[];
}

// Reports of card processors have a column for everything.
const MOST_COLUMNS = 400;

/** `timeZone` is the ledger's: it decides the day of an instant. */
export function readStatement(bytes: Uint8Array, profile: Profile, timeZone: string): StatementRead {
  const prepared = prepareText(bytes, profile);
  const headerless = profile.header === 'none';
  const csv =
    prepared.errors.length > 0
      ? null
      : readCsv(prepared.bytes, {
          required: [],
          optional: 'any',
          rows_required: false,
          delimiter: profile.delimiter,
          headerless,
          most_columns: MOST_COLUMNS,
        });
  if (csv === null) return { rows: [], errors: prepared.errors, warnings: [], ...uncounted(bytes, prepared) };
  const cells = csv.header?.values ?? [];
  const resolved = resolveColumns(cells, profile);
  if (csv.header !== null && csv.errors.length === 0)
    csv.errors.push(...missingErrors(resolved.missing, profile, csv.header.line, headerShown(cells)));
  if (csv.header === null || csv.errors.length > 0)
    return { rows: [], errors: csv.errors, warnings: csv.warnings, ...uncounted(prepared.bytes, prepared) };
  if (profile.other_columns === 'warn' && !headerless) {
    for (const index of resolved.unread)
      csv.warnings.push({ code: 'column_unknown', message: unknownColumn(cells[index] ?? '', index) });
  }
  const titles = headerless ? cells.map((_, index) => `column ${index + 1}`) : cells;
  const movements: Movement[] | null = needsProof(profile, prepared.totals) ? [] : null;
  const read = rowReader({
    profile,
    resolved,
    titles,
    errors: csv.errors,
    time_zone: timeZone,
    observe: movements === null ? null : (movement) => movements.push(movement),
  });
  const { rows, count } = readRows(csv, prepared, headerless, read);
  const proved =
    movements === null || csv.errors.length > 0
      ? null
      : prove(movements, prepared.totals, profile, {
          last_line: count.lines,
          balance_column: titles[resolved.at.get('balance') ?? -1]?.trim() ?? null,
        });
  return {
    rows,
    errors: [...csv.errors, ...(proved?.errors ?? [])],
    warnings: [...csv.warnings, ...(proved?.warnings ?? [])],
    count,
    proofs: proved?.proofs ?? [],
  };
}

function readRows(
  csv: CsvRead,
  prepared: Prepared,
  headerless: boolean,
  read: (line: number, values: readonly string[]) => StatementRow | null,
): { rows: StatementRow[]; count: LineCount } {
  const counter = countLines(prepared.bytes);
  if (csv.header && !headerless) counter.saw(csv.header, 'header');
  const rows: StatementRow[] = [];
  const seen = new Map<string, number>();
  for (const record of csv.rows) {
    // A row of empty cells says nothing; banks fill pages with them.
    if (record.values[0]?.trim() === '' && record.values.every((value) => value.trim() === '')) {
      counter.saw(record, 'blank');
      continue;
    }
    const row = read(record.line, record.values);
    counter.saw(record, row === null ? 'refused' : 'taken');
    if (row === null) continue;
    row.occurrence = (seen.get(row.content) ?? 0) + 1;
    seen.set(row.content, row.occurrence);
    rows.push(row);
  }
  const { count, lost } = counter.finish(prepared.skipped);
  if (csv.errors.length === 0) csv.errors.push(...lost.map(lineUnread));
  return { rows, count };
}

/** Where nothing was read, every line that is not skipped is refused. */
function uncounted(bytes: Uint8Array, { skipped }: Prepared): Pick<StatementRead, 'count' | 'proofs'> {
  return { count: countLines(bytes).finish(skipped).count, proofs: [] };
}

function headerShown(cells: readonly string[]): string {
  return `the file has ${cells.map((cell) => `"${excerpt(cell)}"`).join(', ')}`;
}

/** That no line is lost is proved, not hoped: should one be, the file is refused. */
function lineUnread(line: number): RowError {
  const message = 'The line is neither blank nor a row that was read; nothing of the file is taken.';
  return { line, column: null, code: 'line_unread', message, value: null };
}
