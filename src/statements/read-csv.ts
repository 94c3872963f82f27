/**
 * Reads a CSV file with a header row: RFC 4180 in UTF-8, and nothing else passes for it. What is wrong is collected
 * with the physical line on which its record starts, the header being line 1; no value is changed, trimmed or
 * guessed. Rows come one by one and in order, so that a caller holds only what it keeps.
 */
import { PayrunError, type RowError } from '../domain/errors.ts';
import { maskCell } from '../domain/private-text.ts';
import { type CsvRow, passes, readRecords } from './csv-records.ts';
import { encodingErrors, foreignFormat } from './text-encoding.ts';

export type { CsvRow } from './csv-records.ts';

export interface CsvSpec {
  required: readonly string[];
  /** `any`: whoever asks knows the columns by the header that is handed back. */
  optional: readonly string[] | 'any';
  /** A list to be paid without rows is a mistake; a statement without rows is a quiet day. */
  rows_required: boolean;
  /** A comma where it is left out; statements come with others. */
  delimiter?: string;
  /** The first record is a row like the others. */
  headerless?: boolean;
  most_columns?: number;
}

export interface CsvWarning {
  code: string;
  message: string;
}

export interface CsvRead {
  /** Where each known column of the file stands in `values`. */
  columns: ReadonlyMap<string, number>;
  /** The first record; null where there is none. */
  header: CsvRow | null;
  /** To be read once. Rows that are themselves malformed are not among them. */
  rows: Iterable<CsvRow>;
  /** Complete when `rows` has been read to its end; callers add what they find in the values. */
  errors: RowError[];
  warnings: CsvWarning[];
}

export const MOST_COLUMNS = 64;

export function readCsv(bytes: Uint8Array, spec: CsvSpec): CsvRead {
  const errors: RowError[] = [];
  const warnings: CsvWarning[] = [];
  const nothing: CsvRead = { columns: new Map(), header: null, rows: [], errors, warnings };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const foreign = foreignFormat(buffer);
  const undecodable = foreign ? [foreign] : encodingErrors(buffer);
  if (undecodable.length > 0) return { ...nothing, errors: undecodable };

  const records = readRecords(withoutMark(buffer), errors, spec.delimiter);
  const first = records.next();
  if (first.done) {
    if (errors.length === 0 && !spec.headerless)
      errors.push(
        atHeader({ code: 'file_empty', message: 'The file is empty; its first line names the columns.' }),
      );
    return nothing;
  }
  const header = first.value;
  const width = header.values.length;
  if (spec.headerless) {
    const rows = readRows(withFirst(header, records), width, spec, errors);
    return { columns: new Map(), header, rows, errors, warnings };
  }
  const columns = readHeader(header, spec, errors, warnings);
  if (errors.length > 0) return { ...nothing, header };
  return { columns, header, rows: readRows(records, width, spec, errors), errors, warnings };
}

function* withFirst(first: CsvRow, rest: Iterable<CsvRow>): Generator<CsvRow, void, undefined> {
  yield first;
  yield* rest;
}

/** The error that refuses a file for all of its row errors at once: exit 4, nothing of it was taken. */
export function fileRefused(
  file: string,
  errors: readonly RowError[],
  hint = 'Nothing of the file was imported. Correct it and import it again.',
): PayrunError {
  const rows = [...errors].sort((a, b) => a.line - b.line);
  const lines = new Set(rows.map((row) => row.line)).size;
  const [first] = rows;
  const what =
    rows.length === 1 && first
      ? `${file}, line ${first.line}: ${first.message}`
      : `${file} has ${rows.length} errors on ${lines === 1 ? 'one line' : `${lines} lines`}.`;
  return new PayrunError('refused_file', 'file_refused', what, {
    file,
    rows,
    hint,
  });
}

/** Values that go into messages: masked and short, whatever the file holds. */
export function excerpt(value: string): string {
  const shown = maskCell(value);
  return shown.length <= 60 ? shown : `${shown.slice(0, 57)}…`;
}

function* readRows(
  records: Iterable<CsvRow>,
  width: number,
  spec: CsvSpec,
  errors: RowError[],
): Generator<CsvRow, void, undefined> {
  let count = 0;
  for (const record of records) {
    count += 1;
    if (record.values.length !== width) {
      errors.push({
        line: record.line,
        column: null,
        code: 'row_ragged',
        message: `The row has ${record.values.length} values where ${spec.headerless ? 'the first has' : 'the header names'} ${width}${spec.headerless ? '' : ' columns'}; a value with a ${nameOfOne(spec.delimiter ?? ',')} in it needs quotes around it.`,
        value: null,
      });
    } else {
      yield record;
    }
  }
  if (count === 0 && spec.rows_required && errors.length === 0) {
    errors.push(atHeader({ code: 'file_empty', message: 'The file has a header and no rows.' }));
  }
}

function readHeader(
  { line, values: cells }: CsvRow,
  spec: CsvSpec,
  errors: RowError[],
  warnings: CsvWarning[],
): Map<string, number> {
  const columns = new Map<string, number>();
  const problem = wrongHeader(cells, spec);
  if (problem) {
    errors.push({ ...problem, line });
    return columns;
  }
  if (!passes({ line, values: cells }, [], errors)) return columns;
  const known = spec.optional === 'any' ? null : new Set([...spec.required, ...spec.optional]);
  const seen = new Map<string, string>();
  for (const [index, cell] of cells.entries()) {
    const name = cell.normalize('NFKC').trim().toLowerCase();
    const folded = name.replace(/\s+/g, '');
    const earlier = seen.get(folded);
    if (folded !== '' && earlier !== undefined) {
      const message =
        earlier === cell
          ? `Column "${excerpt(maskCell(cell))}" is there twice.`
          : `Columns "${excerpt(maskCell(earlier))}" and "${excerpt(maskCell(cell))}" have the same name.`;
      errors.push({
        line,
        column: excerpt(maskCell(cell)),
        code: 'column_duplicate',
        message,
        value: excerpt(maskCell(cell)),
      });
    }
    seen.set(folded, cell);
    if (known === null || known.has(name)) columns.set(name, index);
    else warnings.push({ code: 'column_unknown', message: unknownColumn(cell, index) });
  }
  for (const name of spec.required) {
    if (columns.has(name)) continue;
    const message = `Column "${name}" is missing; the file has ${cells.map((cell) => `"${excerpt(maskCell(cell))}"`).join(', ')}.`;
    errors.push({ line, column: name, code: 'column_missing', message, value: null });
  }
  return columns;
}

export function unknownColumn(cell: string, index: number): string {
  return cell.trim() === ''
    ? `Column ${index + 1} has no name; it is not read.`
    : `Column "${excerpt(maskCell(cell))}" is not known; it is not read.`;
}

/** A first line that is no header of ours as a whole. */
function wrongHeader(cells: readonly string[], spec: CsvSpec): RowError | undefined {
  const [first = ''] = cells;
  const wanted = spec.delimiter ?? ',';
  const most = spec.most_columns ?? MOST_COLUMNS;
  if (/^sep=/i.test(first)) {
    return atHeader({
      code: 'sep_line',
      message:
        'The first line is an instruction to Excel ("sep="); delete it, so that the header comes first.',
    });
  }
  const delimiter = [',', ';', '\t', '|'].find((each) => each !== wanted && first.includes(each));
  if (cells.length === 1 && delimiter !== undefined) {
    return atHeader({
      code: 'delimiter_wrong',
      message: `The columns are separated by ${nameOfDelimiter(delimiter)}; save the file with ${nameOfDelimiter(wanted)} between them.`,
    });
  }
  if (cells.length > most) {
    return atHeader({
      code: 'columns_too_many',
      message: `The header names ${cells.length} columns; at most ${most} are read.`,
    });
  }
  return undefined;
}

function nameOfDelimiter(delimiter: string): string {
  if (delimiter === ',') return 'commas';
  return delimiter === '\t' ? 'tabs' : `"${delimiter}"`;
}

function nameOfOne(delimiter: string): string {
  if (delimiter === ',') return 'comma';
  return delimiter === '\t' ? 'tab' : `"${delimiter}"`;
}

function atHeader(problem: Pick<RowError, 'code' | 'message'>): RowError {
  return { line: 1, column: null, value: null, ...problem };
}

function withoutMark(buffer: Buffer): Buffer {
  return buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? buffer.subarray(3) : buffer;
}
