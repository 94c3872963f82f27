/**
 * Tables for people: no borders, amounts to the right, states in colour beside their word. On a terminal they are
 * fitted to its width (fit-table.ts); in a pipe nothing is cut.
 */
import Table from 'cli-table3';
import type { Data, TableView } from '../command.ts';
import { groupedCell, isData, isRows, tableCell } from './cells.ts';
import { type Paint, toneOf } from './colour.ts';
import { displayWidth } from './display-width.ts';
import { GAP, laidOut, type Shape, words } from './fit-table.ts';
import { sanitise, sanitiseBlock } from './sanitise.ts';
import { wrapText } from './wrap-text.ts';

export interface TableStyle {
  paint: Paint;
  /** Of the terminal; null where nothing may be cut. */
  width: number | null;
}

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
  const { columns, cells, widths, left_out, below } = laidOut(view, style.width);
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
      : fittedLines(columns, widths, head, rows, below, style.width);
  const title = view.title === undefined ? '' : `${style.paint('bold', sanitise(view.title))}\n`;
  const note =
    left_out.length === 0
      ? ''
      : `${style.paint('dim', `Too narrow for: ${left_out.join(', ')}. A wider terminal has them, and --format csv.`)}\n`;
  return `${title}${lines.replace(/[ ]+$/gm, '')}\n${note}`;
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
  widths: readonly number[],
  head: readonly Cell[] | null,
  rows: readonly Cell[][],
  below: readonly (readonly string[])[],
  width: number,
): string {
  const tableOf = (title: readonly Cell[] | null, shown: readonly Cell[][]) => {
    const table = new Table({
      chars: NO_BORDERS,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      head: title === null ? [] : title.map((cell) => cell.shown),
      colAligns: columns.map((column) => (column.right ? 'right' : 'left')),
      colWidths: [...widths],
      truncate: '…',
    });
    for (const row of shown)
      table.push(row.map((cell, index) => folded(cell, columns[index], widths[index])));
    return table.toString();
  };
  if (below.length === 0) return tableOf(head, rows);
  const room = Math.max(1, width - BELOW.length);
  return rows
    .map((row, index) => {
      const sentences = (below[index] ?? []).flatMap((text) => wrapText(text, room));
      return [tableOf(index === 0 ? head : null, [row]), ...sentences.map((line) => BELOW + line)].join('\n');
    })
    .join('\n');
}

const BELOW = '    ';

/** Sentences take more lines where others are cut. */
function folded({ plain, shown }: Cell, column: Shape | undefined, width: number | undefined): string {
  if (!column?.prose || width === undefined || displayWidth(plain) <= width) return shown;
  return wrapText(plain, width).join('\n');
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
    const cell = sanitise(tableCell(value));
    const shown = style.width === null ? cell : groupedCell(cell, data.currency);
    return isData(value) ? nested(key, value) : [[words(key), shown] as const];
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
