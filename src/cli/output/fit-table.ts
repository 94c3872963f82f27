/**
 * Which columns a terminal has room for, and how wide each is. What tells a row from the others, amounts, times and states
 * are never cut. Sentences are not cut either: they are folded in their column, or stand below their row. Other texts are cut
 * first, and then whole columns are left out.
 */
import type { Column, Data, TableView } from '../command.ts';
import { tableCell, terminalCell } from './cells.ts';
import { displayWidth } from './display-width.ts';
import { sanitise } from './sanitise.ts';

export const GAP = 2;
// Narrower than this, a text says nothing any more.
const NARROWEST = 8;

const MONEY_KEY =
  /(^|_)(amount|amounts|fee|tax|balance|available|debit|credit|difference|estimate|transit|unexplained)(_|$)/;

// A name that is cut finds nothing, and the same first letters stand in every row.
const NAMING_KEY =
  /^(reference_id|batch|beneficiary_ref|id|provider_id|provider_reference|utr|return_utr|subject|provider)$/;
const STATE_KEY = /^(state|states|status|currency|code|kind|event|action|subject_kind)$/;

// What a person reads to know what to do.
const PROSE_KEY =
  /^(message|details?|reason|failure_reason|void_reason|hint|note|always states|definite refusals)$/;
// Folded into less, a sentence becomes a tower of words.
const PROSE_WIDTH = 32;

export interface Shape {
  key: string;
  title: string;
  right: boolean;
  money: boolean;
  /** May be cut where the terminal is narrow. */
  soft: boolean;
  /** Sentences, which are never cut. */
  prose: boolean;
  /** May be left out there: `first` before others. */
  spare: 'first' | 'later' | 'never';
}

export interface Laid {
  columns: readonly Shape[];
  cells: readonly string[][];
  /** How wide each column is. */
  widths: readonly number[];
  /** Titles of the columns that had no room and have something to say. */
  left_out: readonly string[];
  /** Sentences that stand below their row, by row; empty where none of the columns had to go there. */
  below: readonly (readonly string[])[];
}

/** Null for `width` where nothing may be cut. */
export function laidOut(view: TableView, width: number | null): Laid {
  // A list of names and values has no titles and nothing that it could do without.
  const pairs = view.columns.every(({ title }) => title === '');
  let columns = view.columns.map((column, index) => shapeOf(column, view.rows, index === 0 && !pairs));
  const cellsOf = () =>
    view.rows.map((row) =>
      columns.map((column) => {
        const cell = sanitise(tableCell(row[column.key]));
        return width === null ? cell : terminalCell(row[column.key], cell, row.currency);
      }),
    );
  const missing = (widths: readonly number[]) =>
    width === null ? 0 : widths.reduce((sum, each) => sum + each + GAP, -GAP) - width;
  let cells = cellsOf();
  if (width === null) return { columns, cells, widths: widthsOf(columns, cells), left_out: [], below: [] };
  const left_out: string[] = [];
  let below: Laid['below'] = [];
  if (!pairs && missing(widthsOf(columns, cells)) > 0) {
    columns = withoutEmpty(withCurrencyInTitle(columns, view.rows), view.rows);
    cells = cellsOf();
    if (missing(widthsOf(columns, cells)) > 0) {
      const folded = foldedColumn(columns, cells, width);
      const isBelow = (column: Shape) => column.prose && column !== folded;
      below = cells.map((row) =>
        row.filter((cell, index) => cell !== '-' && columns[index] && isBelow(columns[index])),
      );
      columns = columns.filter((column) => !isBelow(column));
      cells = cellsOf();
    }
    while (missing(narrowest(columns, cells)) > 0) {
      const spare =
        columns.findLast((each) => each.spare === 'first') ??
        columns.findLast((each) => each.spare === 'later');
      if (spare === undefined) break;
      left_out.unshift(spare.title);
      columns = columns.filter((each) => each !== spare);
      cells = cellsOf();
    }
  }
  return {
    columns,
    cells,
    widths: fitted(widthsOf(columns, cells), leastWidths(columns, cells), width),
    left_out,
    below,
  };
}

/** The column of sentences that stays beside the others: the first, where they leave it room. */
function foldedColumn(
  columns: readonly Shape[],
  cells: readonly string[][],
  width: number,
): Shape | undefined {
  const widths = widthsOf(columns, cells);
  const others = widths.reduce((sum, each, index) => (columns[index]?.prose ? sum : sum + each + GAP), 0);
  return width - others >= PROSE_WIDTH ? columns.find(({ prose }) => prose) : undefined;
}

/** A currency that is the same in all rows stands beside the titles of the amounts. */
function withCurrencyInTitle(columns: readonly Shape[], rows: readonly Data[]): Shape[] {
  const [currency, ...others] = new Set(rows.map((row) => row.currency));
  if (typeof currency !== 'string' || others.length > 0 || !columns.some(({ money }) => money))
    return [...columns];
  return columns.flatMap((column): Shape[] => {
    if (column.key === 'currency') return [];
    return [column.money ? { ...column, title: `${column.title} ${sanitise(currency)}` } : column];
  });
}

function withoutEmpty(columns: readonly Shape[], rows: readonly Data[]): Shape[] {
  return columns.filter(
    ({ key, spare }) => spare === 'never' || rows.some((row) => tableCell(row[key]) !== '-'),
  );
}

function shapeOf(column: Column, rows: readonly Data[], first: boolean): Shape {
  const money = MONEY_KEY.test(column.key);
  const numeric =
    rows.length > 0 && rows.every((row) => typeof row[column.key] === 'number' || row[column.key] === null);
  const right = column.align === undefined ? money || numeric : column.align === 'right';
  const state = STATE_KEY.test(column.key);
  const naming = first || NAMING_KEY.test(column.key);
  const soft = !(right || money || state || naming);
  const prose = soft && PROSE_KEY.test(column.key);
  // A name beside the first, such as a UTR, is never cut, but a row is the same without it.
  const optional = soft || (naming && !first);
  return {
    key: column.key,
    title: sanitise(column.title ?? words(column.key)),
    right,
    money,
    soft,
    prose,
    spare: column.spare ? 'first' : optional && column.key !== 'reference_id' ? 'later' : 'never',
  };
}

export function words(key: string): string {
  return sanitise(key.replaceAll('_', ' '));
}

function widthsOf(columns: readonly Shape[], cells: readonly string[][]): number[] {
  return columns.map((column, index) => Math.max(displayWidth(column.title), widest(cells, index)));
}

/** The widths below which a column has to go. */
function narrowest(columns: readonly Shape[], cells: readonly string[][]): number[] {
  const least = leastWidths(columns, cells);
  return widthsOf(columns, cells).map((width, index) => Math.min(width, least[index] ?? width));
}

const AMOUNT_OR_TIME = /^(-?\d[\d,]*(\.\d+)?|\d{4}-\d\d-\d\d(T[\d:]+Z)?)$/;

/** How narrow each column may become: infinitely wide are those that are never cut, and no amount or time is cut anywhere. */
function leastWidths(columns: readonly Shape[], cells: readonly string[][]): number[] {
  return columns.map(({ soft }, index) => {
    if (!soft) return Number.POSITIVE_INFINITY;
    return Math.max(
      NARROWEST,
      widest(cells, index, (cell) => AMOUNT_OR_TIME.test(cell)),
    );
  });
}

// Spread into Math.max, a long list would overflow the stack.
function widest(
  cells: readonly string[][],
  index: number,
  counts: (cell: string) => boolean = () => true,
): number {
  let width = 0;
  for (const row of cells) {
    const cell = row[index] ?? '';
    if (counts(cell)) width = Math.max(width, displayWidth(cell));
  }
  return width;
}

/** Takes the room that is missing from the widest columns, evenly; what still does not fit, wraps. */
function fitted(widths: readonly number[], least: readonly number[], width: number): number[] {
  const fit = [...widths];
  let missing = fit.reduce((sum, each) => sum + each + GAP, -GAP) - width;
  while (missing > 0) {
    let broadest = -1;
    for (const [index, here] of fit.entries()) {
      if (here > (least[index] ?? 0) && here > (fit[broadest] ?? 0)) broadest = index;
    }
    if (broadest < 0) break;
    fit[broadest] = (fit[broadest] ?? 0) - 1;
    missing -= 1;
  }
  return fit;
}
