/** One value of an outcome as the text of a cell: exact for csv, readable for tables. */
import { groupDigits } from '../../domain/money/money.ts';
import type { Data, Json } from '../command.ts';
import { sanitise } from './sanitise.ts';

/** Exact and reversible: null is empty, what is nested is JSON. */
export function csvCell(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** For people: what is not there is a dash, so that every column of a row keeps its place for awk. */
export function tableCell(value: Json | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) {
    return value.length === 0
      ? '-'
      : value.map((item) => (isData(item) ? JSON.stringify(item) : tableCell(item))).join(', ');
  }
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

const DECIMAL = /^-?\d+\.\d+$/;

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z$/;
const DIGEST = /\b([0-9a-f]{12})[0-9a-f]{52}\b/g;

/** As a person at a terminal reads it in a table: amounts in groups, times to the second, what is nested as words. */
export function terminalCell(value: Json | undefined, cell: string, currency: Json | undefined): string {
  if (!isData(value)) return groupedCell(cell.replace(INSTANT, '$1Z'), currency);
  const parts = Object.entries(value)
    .filter(([, each]) => each !== null)
    .map(([key, each]) => `${key.replaceAll('_', ' ')}: ${tableCell(each)}`);
  return sanitise(parts.join('; ')).replace(DIGEST, '$1…');
}

/** On a terminal nobody computes with what is shown, and long amounts are read in groups. */
export function groupedCell(cell: string, currency: Json | undefined): string {
  return typeof currency === 'string' && DECIMAL.test(cell) ? groupDigits(cell, currency) : cell;
}

export function isData(value: Json | undefined): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRows(value: Json | undefined): value is Data[] {
  return Array.isArray(value) && value.every(isData);
}

/** `{states: {paid: 1}}` → `{'states.paid': 1}`: one row, one level. */
export function flatten(data: Data, prefix = ''): Data {
  const flat: Data = {};
  for (const [key, value] of Object.entries(data)) {
    if (isData(value) && Object.keys(value).length > 0)
      Object.assign(flat, flatten(value, `${prefix}${key}.`));
    else flat[prefix + key] = value;
  }
  return flat;
}
