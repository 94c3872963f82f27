/**
 * Exact CSV for programs: a header and the rows as they are, line feeds as line ends, no escaping of formulas.
 * Files made for spreadsheets are another matter and escape for themselves.
 */
import { stringify } from 'csv-stringify/sync';
import type { Data } from '../command.ts';
import { csvCell } from './cells.ts';

// Rows are joined in groups: one write per row costs more than making it.
const GROUP = 1000;

/** The columns are the named ones, else the keys of the first row; no rows and no names make no text. */
export async function* csvText(
  rows: AsyncIterable<Data> | Iterable<Data>,
  named: readonly string[] | undefined,
): AsyncGenerator<string> {
  let columns = named;
  let group: string[][] = columns ? [[...columns]] : [];
  for await (const row of rows) {
    if (!columns) {
      columns = Object.keys(row);
      group.push([...columns]);
    }
    group.push(columns.map((column) => csvCell(row[column])));
    if (group.length >= GROUP) {
      yield csvLines(group);
      group = [];
    }
  }
  if (group.length > 0) yield csvLines(group);
}

function csvLines(records: readonly string[][]): string {
  // A lone carriage return ends a line for some readers, so it is quoted like one.
  return stringify([...records], { quoted_match: '\r' });
}
