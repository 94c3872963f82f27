/**
 * Tables for people: no borders, amounts to the right, states in colour beside their word. On a terminal text
 * columns are cut to its width, amounts and states never; in a pipe nothing is cut.
 */
import Table from 'cli-table3';
import type { Column, Data, TableView } from '../command.ts';
import { isData, isRows, tableCell } from './cells.ts';
import { type Paint, toneOf } from './colour.ts';
import { sanitise, sanitiseBlock } from './sanitise.ts';

export interface TableStyle {
  paint: Paint;
  /** Of the terminal; null where nothing may be cut. */
  width: number | null;
}

const GAP = 2;
// Narrower than this, a text says nothing any more.
const NARROWEST = 8;

const MONEY_KEY =
  /(^|_)(amount|amounts|fee|tax|balance|available|debit|credit|difference|estimate|transit|unexplained)(_|$)/;

const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: ' '.repeat(GAP),
  },
};

/** A table with its title, each line ended. */
export function tableText(view: TableView, style: TableStyle): string {
  const columns = view.columns.map((column) => shapeOf(column, view.rows));
  const cells = view.rows.map((row) => columns.map((column) => sanitise(tableCell(row[column.key]))));
  const widths = columns.map((column, index) => Math.max(displayWidth(column.title), widest(cells, index)));
  // A list of names and values has no titles, and then no line for them.
  const head = columns.every(({ title }) => title === '')
    ? null
    : columns.map(({ title }) => ({ plain: title, shown: style.paint('bold', title) }));
  const rows = cells.map((row) =>
    row.map((cell, index) => {
      const tone = toneOf(columns[index]?.key ?? '', cell);
      return { plain: cell, shown: tone ? style.paint(tone, cell) : cell };
    }),
  );
  const lines =
    style.width === null
      ? paddedLines(columns, widths, head === null ? rows : [head, ...rows])
      : fittedLines(columns, fitted(widths, leastWidths(columns, cells), style.width), head, rows);
  const title = view.title === undefined ? '' : `${style.paint('bold', sanitise(view.title))}\n`;
  return `${title}${lines.replace(/[ ]+$/gm, '')}\n`;
}

/** A cell as it is, and as it is shown: in colour. */
interface Cell {
  plain: string;
  shown: string;
}

/** Where nothing is cut, a line is its cells filled up with spaces: laying out a hundred rows takes no time. */
function paddedLines(columns: readonly Shape[], widths: readonly number[], rows: readonly Cell[][]): string {
  const gap = ' '.repeat(GAP);
  return rows
    .map((row) =>
      row
        .map(({ plain, shown }, index) => {
          const room = ' '.repeat(Math.max(0, (widths[index] ?? 0) - displayWidth(plain)));
          return columns[index]?.right ? room + shown : shown + room;
        })
        .join(gap),
    )
    .join('\n');
}

function fittedLines(
  columns: readonly Shape[],
  widths: number[],
  head: readonly Cell[] | null,
  rows: readonly Cell[][],
): string {
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    head: head === null ? [] : head.map(({ shown }) => shown),
    colAligns: columns.map((column) => (column.right ? 'right' : 'left')),
    colWidths: widths,
    truncate: '…',
  });
  for (const row of rows) table.push(row.map(({ shown }) => shown));
  return table.toString();
}

/** An outcome's data without a view of its own: names and values, then each list of rows as a table. */
export function dataText(data: Data, style: TableStyle): string {
  const { items, ...rest } = data;
  if (isRows(items)) {
    const columns = Object.keys(items[0] ?? {}).map((key) => ({ key }));
    return items.length === 0 ? 'Nothing to list.\n' : tableText({ columns, rows: items }, style);
  }
  const lists: string[] = [];
  const entries = Object.entries(items === undefined ? rest : data).flatMap(([key, value]) => {
    if (isRows(value) && value.length > 0) {
      const columns = Object.keys(value[0] ?? {}).map((column) => ({ key: column }));
      lists.push(tableText({ title: words(key), columns, rows: value }, style));
      return [];
    }
    return isData(value) ? nested(key, value) : [[words(key), sanitise(tableCell(value))] as const];
  });
  const width = Math.max(0, ...entries.map(([name]) => displayWidth(name)));
  const lines = entries.map(([name, value]) => {
    const tone = toneOf(name, value);
    return `${name.padEnd(width + GAP)}${tone ? style.paint(tone, value) : value}`.trimEnd();
  });
  return [lines.length > 0 ? `${lines.join('\n')}\n` : '', ...lists].filter((part) => part !== '').join('\n');
}

/** Text of a view: a paragraph, whose own line ends stay. */
export function paragraphText(text: string): string {
  return `${sanitiseBlock(text).replace(/\n+$/, '')}\n`;
}

function nested(key: string, value: Data): (readonly [string, string])[] {
  const inner = Object.entries(value);
  if (inner.length === 0) return [[words(key), '-']];
  const lines = inner.map(([name, each]) => [`  ${words(name)}`, sanitise(tableCell(each))] as const);
  return [[words(key), ''], ...lines];
}

function words(key: string): string {
  return sanitise(key.replaceAll('_', ' '));
}

interface Shape {
  key: string;
  title: string;
  right: boolean;
  /** May be cut where the terminal is narrow. */
  soft: boolean;
}

function shapeOf(column: Column, rows: readonly Data[]): Shape {
  const money = MONEY_KEY.test(column.key);
  const numeric =
    rows.length > 0 && rows.every((row) => typeof row[column.key] === 'number' || row[column.key] === null);
  const right = column.align === undefined ? money || numeric : column.align === 'right';
  const state = column.key === 'state' || column.key === 'status' || column.key === 'currency';
  return {
    key: column.key,
    title: sanitise(column.title ?? words(column.key)),
    right,
    soft: !(right || money || state),
  };
}

const AMOUNT = /^-?\d[\d,]*(\.\d+)?$/;

/** How narrow each column may become: infinitely wide are those that are never cut, and no amount is cut anywhere. */
function leastWidths(columns: readonly Shape[], cells: readonly string[][]): number[] {
  return columns.map(({ soft }, index) => {
    if (!soft) return Number.POSITIVE_INFINITY;
    return Math.max(
      NARROWEST,
      widest(cells, index, (cell) => AMOUNT.test(cell)),
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

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const NARROW = /^[\x20-\x7e]*$/;

/** How many places a text takes on a terminal. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) {
    if (/[\p{Mn}\p{Me}\u200c\u200d]/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}
