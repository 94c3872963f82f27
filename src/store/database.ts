/**
 * The seam to the engine. Everything that only SQLite understands stands in this file: pragmas, locks, placeholders,
 * lists as parameters, error classes. The rest of the store writes portable SQL and awaits its answers, so that
 * PostgreSQL can come behind the same interface.
 *
 * One writer connection, owned by one transaction at a time through a queue; a second, read-only connection answers
 * queries meanwhile. A commit that failed may have reached the disk all the same, so that a storage error ends the
 * use of the database for this process: nothing is sent whose intent was not confirmed.
 */

import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { Bug, PayrunError } from '../domain/errors.ts';
import { fileAt } from './database-file.ts';
import { isFatal, isOurs, sqliteCode, storageError, whileBusy } from './engine-errors.ts';
import { Statements } from './engine-statements.ts';
import { checkSqliteVersion } from './engine-version.ts';
import { insertMany } from './insert-many.ts';
import type { Params, Value } from './sql-value.ts';

/** Integers come as bigint, always: amounts beyond 2^53 would lose digits silently otherwise. */
export interface Reader {
  all<T>(sql: string, params?: Params): Promise<T[]>;
  get<T>(sql: string, params?: Params): Promise<T | undefined>;
  /** Rows as arrays, in the order of the columns: half the time of `all`, for what reads all there is. */
  tuples<T extends readonly unknown[]>(sql: string, params?: Params): Promise<T[]>;
  /**
   * Rows as arrays in the order of the columns, with integers as numbers: for the many of which little is asked.
   * What is 2^53 or more loses digits, and who asks this way must not take it for exact.
   */
  values<T extends readonly unknown[]>(sql: string, params?: Params): Promise<T[]>;
}

export interface Transaction extends Reader {
  /** Runs one statement; answers how many rows it changed. */
  run(sql: string, params?: Params): Promise<number>;
  /** Runs one statement for each set of parameters, without a round trip for each. */
  runMany(sql: string, rows: Iterable<Params>): Promise<number>;
  /**
   * Inserts rows into a table, many in one statement: half the time of one by one. Values stand in the order
   * of `columns`; `same` holds the columns that have one value in all rows. Rows whose key, of the columns
   * `unlessKnown`, is there already are left out.
   */
  insertMany(
    table: string,
    columns: readonly string[],
    rows: Iterable<readonly Value[]>,
    same?: Params,
    unlessKnown?: readonly string[],
  ): Promise<number>;
}

export { engineVersions } from './engine-version.ts';
export type { Params, Value } from './sql-value.ts';

export interface Database extends Reader {
  readonly path: string;
  /** Rows one by one from a connection of their own, so that a million of them never stand in memory. */
  each<T>(sql: string, params?: Params): AsyncIterable<T>;
  /**
   * Commits what `work` did, or nothing of it. Transactions wait for each other; none may wait for the network.
   * References are checked `always`, or `at_end` where a table takes the place of another.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, references?: 'always' | 'at_end'): Promise<T>;
  hasTable(name: string): Promise<boolean>;
  /** What the engine itself finds wrong with the file and its references; empty where all is well. */
  integrityProblems(depth?: 'quick' | 'full'): Promise<string[]>;
  /**
   * Writes all of the database as it is at this instant into `path`, which is new or an empty file, while others go
   * on writing here. Not yet forced to disk.
   */
  copyTo(path: string): Promise<void>;
  close(): Promise<void>;
}

/** `where x in (${inList('refs')})`, with the parameter made by `listParam`. */
export function inList(name: string): string {
  return `select value from json_each(:${name})`;
}

/** The same for bytes, whose parameter `listParam` makes of their hexadecimal digits. */
export function inBytesList(name: string): string {
  return `select unhex(value) from json_each(:${name})`;
}

export function listParam(values: readonly (string | bigint)[]): string {
  return `[${values.map((value) => (typeof value === 'bigint' ? value.toString() : JSON.stringify(value))).join(',')}]`;
}

/** The engine refused a write because of a UNIQUE, CHECK, foreign key or trigger. */
export function isConstraintViolation(error: unknown): boolean {
  return sqliteCode(error).startsWith('SQLITE_CONSTRAINT');
}

const WRITER_PRAGMAS: Readonly<Record<string, string | bigint>> = {
  journal_mode: 'wal',
  // FULL: what was acknowledged survives a power failure. better-sqlite3 is compiled for NORMAL in WAL mode.
  synchronous: 2n,
  foreign_keys: 1n,
  trusted_schema: 0n,
  cell_size_check: 1n,
  secure_delete: 1n,
  temp_store: 2n,
  // 32 MiB of pages: an import of a hundred thousand rows does not have to read back what it has just written.
  cache_size: -32768n,
  // 16 MiB of log before it is folded in: pages that every group touches are then written back once for many groups.
  wal_autocheckpoint: 4000n,
  // Waiting inside SQLite would stop the event loop; the wait is ours, in `whileBusy`.
  busy_timeout: 0n,
};

export interface OpenOptions {
  path: string;
  /** Marks the file as ours, so that another program's database is refused and not migrated. */
  application_id: number;
  /** What the file is called in a message: "ledger", "sandbox file". */
  noun: string;
  create?: boolean;
  /** Runs every transaction and keeps none of it: what --dry-run rests on. */
  rehearse?: boolean;
}

export async function openDatabase(options: OpenOptions): Promise<Database> {
  const memory = options.path === ':memory:';
  if (!memory) prepareFile(options);
  const file = memory ? null : fileAt(options.path);
  let writer: SqliteDatabase.Database;
  try {
    writer = new SqliteDatabase(options.path, { fileMustExist: !memory, timeout: 0 });
  } catch (cause) {
    throw storageError(cause, options);
  }
  try {
    // Whatever first touches the file may meet another process that is just opening or leaving it.
    await whileBusy(() => checkSqliteVersion(writer));
    writer.defaultSafeIntegers(true);
    await whileBusy(() => claimFile(writer, options));
    await whileBusy(() => {
      // A restore that held the file may have put another in its place; its log must not be begun under that name.
      if (file !== null && fileAt(options.path) !== file) throw replaced(options);
      setPragmas(writer, memory);
    });
    const reader = memory ? writer : await whileBusy(() => openReader(options.path));
    return new SqliteConnections(options, writer, reader);
  } catch (error) {
    writer.close();
    throw error instanceof PayrunError ? error : storageError(error, options);
  }
}

function replaced(options: OpenOptions): PayrunError {
  const message = `Another ${options.noun} was put in the place of ${options.path} just now.`;
  return new PayrunError('failed', 'ledger_busy', message, { hint: 'Run this again.' });
}

function prepareFile(options: OpenOptions): void {
  if (existsSync(options.path)) {
    if (statSync(options.path).isFile()) return;
    throw new PayrunError(
      'usage',
      'ledger_foreign',
      `${options.path} is not a file, so it cannot be a payrun ${options.noun}.`,
    );
  }
  if (!options.create) {
    throw new PayrunError('usage', 'ledger_missing', `There is no ${options.noun} at ${options.path}.`, {
      hint: 'Run `payrun init` in the folder where it should live, or name another with [ledger] path.',
    });
  }
  try {
    // 0600 from the first byte; SQLite gives the -wal and -shm files the same mode.
    closeSync(openSync(options.path, 'wx', 0o600));
  } catch (cause) {
    // Another process has created it this very moment; which of the two was first makes no difference.
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new PayrunError(
      'failed',
      'folder_unwritable',
      `Cannot create ${options.path}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

/** Takes an empty file as ours, and refuses a file that belongs to something else. */
function claimFile(connection: SqliteDatabase.Database, options: OpenOptions): void {
  const applicationId = Number(connection.pragma('application_id', { simple: true }));
  if (applicationId === options.application_id) return;
  const tables = connection.prepare('select count(*) from sqlite_master').pluck().get() as bigint;
  if (applicationId === 0 && tables === 0n && options.create) {
    connection.pragma(`application_id = ${options.application_id}`);
    return;
  }
  throw new PayrunError('usage', 'ledger_foreign', `${options.path} is not a payrun ${options.noun}.`, {
    hint: 'Check [ledger] path in payrun.toml; payrun leaves files of other programs alone.',
  });
}

function setPragmas(connection: SqliteDatabase.Database, memory: boolean): void {
  for (const [name, wanted] of Object.entries(WRITER_PRAGMAS)) {
    if (memory && name === 'journal_mode') continue;
    connection.pragma(`${name} = ${wanted}`);
    const got = connection.pragma(name, { simple: true });
    if (got !== wanted) {
      throw new PayrunError(
        'failed',
        'pragma_refused',
        `SQLite answers ${name} = ${String(got)} where payrun needs ${String(wanted)}.`,
        {
          hint: 'The file system may not support what a ledger needs (a network share, for example).',
        },
      );
    }
  }
}

function openReader(path: string): SqliteDatabase.Database {
  const reader = new SqliteDatabase(path, { readonly: true, fileMustExist: true, timeout: 200 });
  reader.defaultSafeIntegers(true);
  reader.pragma('trusted_schema = 0');
  reader.pragma('temp_store = 2');
  return reader;
}

class SqliteConnections implements Database {
  readonly path: string;
  readonly #options: OpenOptions;
  readonly #writer: SqliteDatabase.Database;
  readonly #reader: SqliteDatabase.Database;
  readonly #writes: Statements;
  readonly #reads: Statements;
  /** The last transaction in the queue; the next one starts when it has ended. */
  #last: Promise<unknown> = Promise.resolve();
  #fatal: PayrunError | undefined;

  constructor(options: OpenOptions, writer: SqliteDatabase.Database, reader: SqliteDatabase.Database) {
    this.path = options.path;
    this.#options = options;
    this.#writer = writer;
    this.#reader = reader;
    this.#writes = new Statements(writer);
    this.#reads = writer === reader ? this.#writes : new Statements(reader);
  }

  async all<T>(sql: string, params: Params = {}): Promise<T[]> {
    return this.#read(() => this.#reads.prepare(sql).all(params) as T[]);
  }

  async get<T>(sql: string, params: Params = {}): Promise<T | undefined> {
    return this.#read(() => this.#reads.prepare(sql).get(params) as T | undefined);
  }

  async tuples<T extends readonly unknown[]>(sql: string, params: Params = {}): Promise<T[]> {
    return this.#read(() => this.#reads.prepare(sql).allValues(params) as unknown as T[]);
  }

  async values<T extends readonly unknown[]>(sql: string, params: Params = {}): Promise<T[]> {
    return this.#read(() => this.#reads.preparePlain(sql).allValues(params) as readonly unknown[] as T[]);
  }

  async #read<T>(work: () => T): Promise<T> {
    // In memory both connections are one: a read must not slip into another's open transaction.
    if (this.#reader === this.#writer) return this.#enqueue(async () => work());
    try {
      return await whileBusy(work);
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async *each<T>(sql: string, params: Params = {}): AsyncIterable<T> {
    if (this.#reader === this.#writer) {
      yield* await this.all<T>(sql, params);
      return;
    }
    const connection = openReader(this.path);
    try {
      yield* new Statements(connection).prepare(sql).iterate(params) as Iterable<T>;
    } catch (error) {
      throw this.#translate(error);
    } finally {
      connection.close();
    }
  }

  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    references: 'always' | 'at_end' = 'always',
  ): Promise<T> {
    if (references === 'always') return this.#enqueue(() => this.#transact(work));
    return this.#enqueue(() => this.#replaceTables(work));
  }

  /** The engine turns references off and on between transactions alone. */
  async #replaceTables<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#writer.pragma('foreign_keys = 0');
    try {
      return await this.#transact(async (tx) => {
        const result = await work(tx);
        const [broken] = this.#writer.pragma('foreign_key_check') as { table: string }[];
        if (broken) throw new Bug(`A row of ${broken.table} points to a missing row.`);
        return result;
      });
    } finally {
      this.#writer.pragma('foreign_keys = 1');
    }
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (this.#fatal) throw this.#fatal;
    try {
      await whileBusy(() => this.#writes.prepare('begin immediate').run({}));
      const result = await work(this.#open());
      this.#writes.prepare(this.#options.rehearse ? 'rollback' : 'commit').run({});
      return result;
    } catch (error) {
      if (this.#writer.inTransaction && !isFatal(error)) this.#writes.prepare('rollback').run({});
      throw this.#translate(error);
    }
  }

  #open(): Transaction {
    const statements = this.#writes;
    return {
      all: async <T>(sql: string, params: Params = {}) => statements.prepare(sql).all(params) as T[],
      get: async <T>(sql: string, params: Params = {}) =>
        statements.prepare(sql).get(params) as T | undefined,
      values: async <T extends readonly unknown[]>(sql: string, params: Params = {}) =>
        statements.preparePlain(sql).allValues(params) as readonly unknown[] as T[],
      tuples: async <T extends readonly unknown[]>(sql: string, params: Params = {}) =>
        statements.prepare(sql).allValues(params) as unknown as T[],
      run: async (sql, params = {}) => statements.prepare(sql).run(params),
      runMany: async (sql, rows) => {
        const statement = statements.prepare(sql);
        let changes = 0;
        for (const row of rows) changes += statement.run(row);
        return changes;
      },
      insertMany: async (table, columns, rows, same, unless_known) =>
        insertMany((sql) => statements.prepareMixed(sql), { table, columns, rows, same, unless_known }),
    };
  }

  #translate(error: unknown): unknown {
    if (error instanceof PayrunError || isOurs(error)) return error;
    const translated = storageError(error, this.#options);
    if (isFatal(error)) this.#fatal = translated;
    return translated;
  }

  async hasTable(name: string): Promise<boolean> {
    return (
      (await this.get("select 1 from sqlite_master where type = 'table' and name = :name", { name })) !==
      undefined
    );
  }

  async copyTo(path: string): Promise<void> {
    // One read transaction, and a file without the pages that deletions left behind.
    await this.#read(() => this.#reads.prepare('vacuum into :path').run({ path }));
  }

  async integrityProblems(depth: 'quick' | 'full' = 'quick'): Promise<string[]> {
    const pragma = depth === 'full' ? 'integrity_check' : 'quick_check';
    const found = await this.#read(() => ({
      // `ok` is the one row of a file without problems.
      check: this.#reader.pragma(`${pragma}(20)`) as Record<string, string>[],
      keys: this.#reader.pragma('foreign_key_check') as { table: string; parent: string }[],
    }));
    const damaged = found.check.map((row) => row[pragma] ?? '').filter((text) => text !== 'ok');
    return [
      ...damaged,
      ...found.keys
        .slice(0, 20)
        .map((row) => `a row of ${row.table} points to a missing row of ${row.parent}`),
    ];
  }

  async close(): Promise<void> {
    await this.#last;
    if (this.#reader !== this.#writer) this.#reader.close();
    this.#writer.close();
  }
}
