/** Inserting many rows: a statement takes many of them, which costs half of one statement for each. */
import type { Params, Value } from './database.ts';

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
  const { columns } = into;
  const names = Object.keys(same);
  const insert = (count: number, values: readonly Value[]) =>
    prepare(insertSql(into, names, count)).run(values, same).changes;
  const whole = ROWS_A_STATEMENT[0] * columns.length;
  let changes = 0;
  let values: Value[] = [];
  for (const row of rows) {
    for (const value of row) values.push(value);
    if (values.length < whole) continue;
    changes += insert(ROWS_A_STATEMENT[0], values);
    values = [];
  }
  let from = 0;
  for (const count of ROWS_A_STATEMENT) {
    const taken = count * columns.length;
    for (; values.length - from >= taken && taken > 0; from += taken)
      changes += insert(count, values.slice(from, from + taken));
  }
  return changes;
}
