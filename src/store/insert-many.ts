/** Inserting many rows: a statement takes many of them, which costs half of one statement for each. */
import type { Params, Value } from './sql-value.ts';

export interface ManyRows {
  table: string;
  columns: readonly string[];
  /** Values in the order of `columns`. */
  rows: Iterable<readonly Value[]>;
  /** Columns that have one value in all rows. */
  same: Params | undefined;
  /** Columns of a key; rows whose key is there already are left out. */
  unless_known?: readonly string[] | undefined;
}

type Prepare = (sql: string) => { run(values: readonly Value[], same: Params): { changes: number } };

// More in one statement are no faster, and the parameters have a limit. The smaller ones take what is left over: few
// sizes, so that each statement is prepared once.
const ROWS_A_STATEMENT = [64, 16, 4, 1] as const;

/** So many rows are held before they are written: what they hold must stay as it is until then. */
export const ROWS_AT_ONCE = ROWS_A_STATEMENT[0];

function insertSql(
  { table, columns, unless_known }: Pick<ManyRows, 'table' | 'columns' | 'unless_known'>,
  same: readonly string[],
  count: number,
): string {
  const known = unless_known ? ` on conflict (${unless_known.join(', ')}) do nothing` : '';
  const row = [...columns.map(() => '?'), ...same.map((name) => `:${name}`)].join(', ');
  return `insert into ${table} (${[...columns, ...same].join(', ')}) values (${Array(count).fill(row).join('), (')})${known}`;
}

/** Answers how many rows were inserted. */
export function insertMany(prepare: Prepare, { rows, same = {}, ...into }: ManyRows): number {
  const width = into.columns.length;
  const names = Object.keys(same);
  const statement = (count: number) => prepare(insertSql(into, names, count));
  // Its text is some kilobytes: made and looked up once, and not for every few rows.
  let full: ReturnType<Prepare> | undefined;
  const values: Value[] = new Array(ROWS_A_STATEMENT[0] * width);
  let filled = 0;
  let changes = 0;
  for (const row of rows) {
    for (let column = 0; column < width; column += 1) values[filled + column] = row[column] as Value;
    filled += width;
    if (filled < values.length) continue;
    full ??= statement(ROWS_A_STATEMENT[0]);
    changes += full.run(values, same).changes;
    filled = 0;
  }
  let from = 0;
  for (const count of ROWS_A_STATEMENT) {
    const taken = count * width;
    for (; filled - from >= taken && taken > 0; from += taken)
      changes += statement(count).run(values.slice(from, from + taken), same).changes;
  }
  return changes;
}
