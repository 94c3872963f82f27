/**
 * CSV for people with a spreadsheet: a byte order mark, so that it reads UTF-8, and line ends as it writes them. Text
 * cannot become a formula and numbers stay numbers; what a terminal would obey is shown instead, so that a sheet that
 * was exported can always be read back.
 */
import { stringify } from 'csv-stringify/sync';
import { sheetCell } from '../../domain/sheet-cell.ts';
import type { Data } from '../command.ts';
import { csvCell } from './cells.ts';
import { sanitise } from './sanitise.ts';

const BYTE_ORDER_MARK = '\ufeff';
// Rows are joined in groups: one write per row costs more than making it.
const GROUP = 1000;

export async function* sheetText(
  rows: AsyncIterable<Data> | Iterable<Data>,
  columns: readonly string[],
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK;
  let group: string[][] = [[...columns]];
  for await (const row of rows) {
    group.push(columns.map((column) => sheetCell(sanitise(csvCell(row[column])))));
    if (group.length >= GROUP) {
      yield sheetLines(group);
      group = [];
    }
  }
  if (group.length > 0) yield sheetLines(group);
}

function sheetLines(records: readonly string[][]): string {
  return stringify([...records], { record_delimiter: 'windows' });
}
