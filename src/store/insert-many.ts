/** Inserting many rows: a statement takes fifty of them, which costs half of one statement for each. */
import type { Params, Value } from './database.ts';

export type ListValue = Exclude<Value, Uint8Array>;

export interface ManyRows {
  table: string;
  columns: readonly string[];
  /** Values in the order of `columns`. */
  rows: Iterable<readonly ListValue[]>;
  /** Columns that have one value in all rows. */
  same: Params | undefined;
}

type Prepare = (sql: string) => { run(values: readonly ListValue[], same: Params): { changes: number } };

// More in one statement are no faster, and the parameters have a limit.
const ROWS_A_STATEMENT = 50;

function insertSql(
  table: string,
  columns: readonly string[],
  same: readonly string[],
  count: number,
): string {
  const row = [...columns.map(() => '?'), ...same.map((name) => `:${name}`)].join(', ');
  return `insert into ${table} (${[...columns, ...same].join(', ')}) values (${Array(count).fill(row).join('), (')})`;
}

/** Answers how many rows were inserted. */
export function insertMany(prepare: Prepare, { table, columns, rows, same = {} }: ManyRows): number {
  const insert = (count: number) => prepare(insertSql(table, columns, Object.keys(same), count));
  let whole: ReturnType<Prepare> | undefined;
  let changes = 0;
  let count = 0;
  let values: ListValue[] = [];
  for (const row of rows) {
    for (const value of row) values.push(value);
    count += 1;
    if (count < ROWS_A_STATEMENT) continue;
    whole ??= insert(ROWS_A_STATEMENT);
    changes += whole.run(values, same).changes;
    values = [];
    count = 0;
  }
  return count === 0 ? changes : changes + insert(count).run(values, same).changes;
}
