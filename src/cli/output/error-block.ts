/** An error as one block: what is wrong with the value in it, where, and what to do next. */
import type { PayrunError, RowError } from '../../domain/errors.ts';
import type { Warning } from '../command.ts';
import type { Paint } from './colour.ts';
import { sanitise, sanitiseBlock } from './sanitise.ts';

// A file with the wrong delimiter has an error in each row; who reads twenty has understood.
const ROWS_SHOWN = 20;

export function errorBlock(error: PayrunError, paint: Paint): string {
  const lines = [`${paint('red', 'error:')} ${sanitiseBlock(error.message)}`];
  for (const row of error.rows.slice(0, ROWS_SHOWN)) lines.push(rowLine(row, error));
  const more = error.rows.length - ROWS_SHOWN;
  if (more > 0) lines.push(`  and ${more} more; --json lists all`);
  if (error.hint !== undefined) lines.push(`${paint('bold', 'hint:')} ${sanitiseBlock(error.hint)}`);
  return `${lines.join('\n')}\n`;
}

export function warningLine(warning: Warning, paint: Paint): string {
  return `${paint('yellow', 'warning:')} ${sanitiseBlock(warning.message)}\n`;
}

function rowLine(row: RowError, error: PayrunError): string {
  const place = error.file === undefined ? `line ${row.line}` : `${sanitise(error.file)}:${row.line}`;
  const where = row.column === null ? `  ${place}` : `  ${place}  ${sanitise(row.column)}`;
  // A file with one error has it in the message already.
  return error.message.includes(row.message) ? where : `${where}: ${sanitise(row.message)}`;
}
