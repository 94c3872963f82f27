/**
 * Takes in the sheet that `break export` wrote, with the reasons that people filled in. All of it or nothing: a row
 * about a break that is no longer as it was exported was decided on something else, and refuses the sheet.
 */
import { createHash } from 'node:crypto';
import { PayrunError, type RowError } from '../domain/errors.ts';
import { hasLineBreak } from '../domain/plain-text.ts';
import { LONGEST_NOTE } from '../domain/reconciliation/break.ts';
import { fromSheetCell } from '../domain/sheet-cell.ts';
import {
  type CsvRead,
  type CsvSpec,
  type CsvWarning,
  excerpt,
  fileRefused,
  readCsv,
} from '../statements/read-csv.ts';
import { type BreakRow, breakById, type Decision } from '../store/breaks.ts';
import type { Transaction } from '../store/database.ts';
import { type BreakDeps, storeDecisions } from './resolve-break.ts';

/** The columns of a sheet, in their order; of them only the last three and the break's number are read back. */
export const SHEET_COLUMNS = [
  'break',
  'kind',
  'reference_id',
  'provider_id',
  'utr',
  'line',
  'ledger',
  'statement',
  'difference',
  'currency',
  'opened_on',
  'age_days',
  'state',
  'resolved_by',
  'version',
  'reason',
  'note',
] as const;

const READ_BACK = ['break', 'version', 'reason', 'note'] as const;
const SPEC: CsvSpec = {
  required: READ_BACK,
  optional: SHEET_COLUMNS.filter((column) => !READ_BACK.some((each) => each === column)),
  rows_required: true,
};

export interface AppliedSheet {
  rows: number;
  resolved: number;
  unchanged: number;
  warnings: readonly CsvWarning[];
}

interface SheetRow {
  line: number;
  break: string;
  version: string;
  reason: string;
  note: string;
}

/**
 * What a break was when somebody looked at it. The letter in front keeps a spreadsheet from reading digits as a number;
 * eighty bits are more than chance needs, and still fit a column.
 */
export function breakVersion(row: BreakRow): string {
  const seen = [
    row.id.toString(),
    row.provider,
    row.kind,
    row.subject,
    row.state,
    row.reference_id,
    row.provider_id,
    row.utr,
    row.ledger_value,
    row.statement_value,
    row.difference_minor === null ? null : row.difference_minor.toString(),
    row.currency,
    row.opened_on,
    row.reason,
    row.note,
  ];
  return `v${createHash('sha256').update(JSON.stringify(seen)).digest('hex').slice(0, 20)}`;
}

export async function applyBreakSheet(
  deps: BreakDeps,
  file: { name: string; bytes: Uint8Array },
  reasons: readonly string[],
): Promise<AppliedSheet> {
  const read = readCsv(file.bytes, SPEC);
  const rows = [...rowsOf(read)];
  const errors = [...read.errors];
  const at = deps.now();
  return deps.database.transaction(async (tx) => {
    const seen = new Map<string, number>();
    const decisions: Decision[] = [];
    for (const row of rows) {
      const decision = await decisionOf(tx, row, reasons, seen, errors);
      if (decision) decisions.push(decision);
    }
    if (errors.length > 0) throw sheetRefused(file.name, errors);
    await storeDecisions(tx, deps, at, decisions);
    return {
      rows: rows.length,
      resolved: decisions.length,
      unchanged: rows.length - decisions.length,
      warnings: read.warnings,
    };
  });
}

function* rowsOf(read: CsvRead): Iterable<SheetRow> {
  for (const { line, values } of read.rows) {
    const value = (column: (typeof READ_BACK)[number]) =>
      fromSheetCell(values[read.columns.get(column) ?? -1] ?? '').trim();
    yield {
      line,
      break: value('break'),
      version: value('version'),
      reason: value('reason'),
      note: value('note'),
    };
  }
}

/** What the row decides, or null where it decides nothing or is in error. */
async function decisionOf(
  tx: Transaction,
  row: SheetRow,
  reasons: readonly string[],
  seen: Map<string, number>,
  errors: RowError[],
): Promise<Decision | null> {
  const say = (column: keyof SheetRow, code: string, message: string) => {
    const value = String(row[column]);
    errors.push({ line: row.line, column, code, message, value: value === '' ? null : excerpt(value) });
    return null;
  };
  if (!/^[1-9]\d{0,17}$/.test(row.break))
    return say('break', 'break_invalid', `"${excerpt(row.break)}" is no number of a break, such as 15.`);
  const earlier = seen.get(row.break);
  if (earlier !== undefined)
    return say('break', 'break_duplicate', `Break ${row.break} is in line ${earlier} already.`);
  seen.set(row.break, row.line);
  const stored = await breakById(tx, BigInt(row.break));
  if (!stored) return say('break', 'break_unknown', `There is no break ${row.break}.`);
  // The same sheet again, or a row that was resolved when it was exported.
  if (stored.reason === (row.reason || null) && stored.note === (row.note || null)) return null;
  if (row.reason === '') {
    if (row.note === '') return null;
    return say(
      'reason',
      'value_missing',
      `Break ${row.break} has a note and no reason; write why it is resolved.`,
    );
  }
  if (!reasons.includes(row.reason)) {
    return say(
      'reason',
      'reason_unknown',
      `"${excerpt(row.reason)}" is no reason; write one of ${reasons.join(', ')}.`,
    );
  }
  if (row.note.length > LONGEST_NOTE)
    return say(
      'note',
      'text_too_long',
      `The note has ${row.note.length} characters; at most ${LONGEST_NOTE} are kept.`,
    );
  if (hasLineBreak(row.note))
    return say('note', 'text_forbidden', 'The note has several lines; write it in one.');
  if (row.version !== breakVersion(stored)) {
    return say(
      'version',
      'break_changed',
      `Break ${row.break} has changed since it was exported; it is ${stored.state} now. Export it again and decide anew.`,
    );
  }
  if (stored.state !== 'open')
    return say(
      'break',
      'break_not_open',
      `Break ${row.break} is ${stored.state}; only an open one can be resolved.`,
    );
  return { row: stored, reason: row.reason, note: row.note || null, entry_id: null };
}

function sheetRefused(file: string, errors: readonly RowError[]): PayrunError {
  const { kind, code, message, rows } = fileRefused(file, errors);
  return new PayrunError(kind, code, message, {
    file,
    rows,
    hint: 'No break was resolved. Correct the sheet, or write it anew with `payrun break export`, and apply it again.',
  });
}
