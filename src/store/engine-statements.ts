/**
 * Statements of one connection, kept prepared, between our parameters and rows by name and the engine's by position.
 * Its binding by name looks up every name at every run, and its rows by name are hash tables: together they took more
 * time than the database itself.
 */
import type SqliteDatabase from 'better-sqlite3';
import type { Params, Value } from './sql-value.ts';

const STATEMENTS_KEPT = 500;

type Values = readonly unknown[];
type Row = Record<string, unknown>;

export class Statements {
  readonly #connection: SqliteDatabase.Database;
  readonly #kept = new Map<string, PreparedStatement>();
  readonly #mixed = new Map<string, SqliteDatabase.Statement>();
  readonly #plain = new Map<string, PreparedStatement>();

  constructor(connection: SqliteDatabase.Database) {
    this.#connection = connection;
  }

  /** For `insertMany`, whose one statement has both: many values by position, and what all rows share by name. */
  prepareMixed(sql: string): SqliteDatabase.Statement {
    return keptIn(this.#mixed, sql, () => this.#connection.prepare(sql));
  }

  /** For `values`, whose rows stay as the engine hands them over. */
  preparePlain(sql: string): PreparedStatement {
    return keptIn(this.#plain, sql, () => new PreparedStatement(this.#connection, sql, { bigint: false }));
  }

  prepare(sql: string): PreparedStatement {
    return keptIn(this.#kept, sql, () => new PreparedStatement(this.#connection, sql));
  }
}

function keptIn<T>(kept: Map<string, T>, sql: string, prepare: () => T): T {
  const found = kept.get(sql);
  if (found) return found;
  if (kept.size >= STATEMENTS_KEPT) kept.clear();
  const statement = prepare();
  kept.set(sql, statement);
  return statement;
}

export class PreparedStatement {
  readonly #statement: SqliteDatabase.Statement;
  readonly #names: readonly string[];
  readonly #columns: readonly string[];
  readonly #empty: Row;

  constructor(connection: SqliteDatabase.Database, sql: string, { bigint } = { bigint: true }) {
    const { positional, names } = toPositions(sql);
    this.#statement = connection.prepare(positional).safeIntegers(bigint);
    this.#names = names;
    this.#columns = this.#statement.reader
      ? this.#statement
          .raw(true)
          .columns()
          .map((column) => column.name)
      : [];
    this.#empty = JSON.parse(`{${this.#columns.map((name) => `${JSON.stringify(name)}:null`).join(',')}}`);
  }

  all(params: Params): Row[] {
    const rows = this.#statement.all(...this.#values(params)) as (Values | Row)[];
    // In place, so that a long answer does not stand in memory twice.
    for (let index = 0; index < rows.length; index += 1) rows[index] = this.#row(rows[index] as Values);
    return rows as Row[];
  }

  /** Rows without names, in the order of the columns. */
  allValues(params: Params): Values[] {
    return this.#statement.all(...this.#values(params)) as Values[];
  }

  get(params: Params): Row | undefined {
    const values = this.#statement.get(...this.#values(params)) as Values | undefined;
    return values && this.#row(values);
  }

  *iterate(params: Params): Iterable<Row> {
    const rows = this.#statement.iterate(...this.#values(params)) as IterableIterator<Values>;
    for (const values of rows) yield this.#row(values);
  }

  /** Answers how many rows were changed. */
  run(params: Params): number {
    return this.#statement.run(...this.#values(params)).changes;
  }

  #values(params: Params): Value[] {
    return this.#names.map((name) => {
      const value = params[name];
      if (value === undefined) throw new TypeError(`The statement has no value for :${name}.`);
      return value;
    });
  }

  /** A copy of an object that has all columns already keeps its shape; one that grows by them becomes a hash table. */
  #row(values: Values): Row {
    const row = { ...this.#empty };
    for (let index = 0; index < values.length; index += 1)
      row[this.#columns[index] as string] = values[index];
    return row;
  }
}

// Text and comments are passed over, so that a colon in them names nothing.
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|:([A-Za-z_]\w*)/g;

/** `where id = :id or parent = :id` → `where id = ? or parent = ?` and `['id', 'id']`. */
function toPositions(sql: string): { positional: string; names: string[] } {
  const names: string[] = [];
  const positional = sql.replace(TOKEN, (token, name: string | undefined) => {
    if (name === undefined) return token;
    names.push(name);
    return '?';
  });
  return { positional, names };
}
