/**
 * Every step at which a process can die while it submits, by name, and a death at any of them: what the disk holds at
 * that instant is copied, and from then on nothing that the dead process still does has an effect on anybody.
 */
import type { Database, Transaction } from '../../src/store/database.ts';

/** The steps of the protocol. A campaign that never dies at one of them does not cover it, and says so. */
export const FAILPOINTS = [
  'transaction: before it begins',
  'transaction: begun',
  'write: payouts',
  'write: attempts',
  'write: sends',
  'write: accounts',
  'write: journal_entries',
  'write: postings',
  'write: account_days',
  'write: chain',
  'write: status_events',
  'write: sync_marks',
  'transaction: before it commits',
  'transaction: committed',
  'submit: before the call',
  'submit: executed',
  'submit: before the answer',
  'look-up: before the call',
  'look-up: before the answer',
  'balance: before the call',
  'balance: before the answer',
  'list: before the call',
  'list: before the answer',
] as const;

export class Crash extends Error {
  override name = 'Crash';
}

/** A process that stands still, as after SIGSTOP, while `meanwhile` happens. */
export interface Pause {
  /** The number of the step, from 1. In the midst of a transaction nothing pauses: the file would stay locked. */
  at: number;
  meanwhile(): Promise<void>;
}

/** What watches a process as it goes: it may let it pass, stop it, or end it. */
export interface Steps {
  /** A step at which a process can also be stopped. */
  pass(point: string): Promise<void>;
  /** A step within a transaction, at which nothing can stand still. */
  hit(point: string): void;
  /** For what is no step of its own, and yet must not happen after death. */
  alive(): void;
}

/** Steps are counted within one process; it dies at the one of this number, from 1, or at the first of this name. */
export class Failpoints implements Steps {
  readonly trace: string[] = [];
  dead = false;
  readonly #dieAt: number | string | null;
  readonly #onDeath: () => void;
  readonly #pause: Pause | null;
  readonly #onStep: ((step: number, point: string) => void) | null;
  #standstill: Promise<void> | undefined;

  /** `onStep` is called at each step, as `onDeath` at the last, and the process lives on. */
  constructor(
    dieAt: number | string | null,
    onDeath: () => void,
    pause: Pause | null = null,
    onStep: ((step: number, point: string) => void) | null = null,
  ) {
    this.#dieAt = dieAt;
    this.#onDeath = onDeath;
    this.#pause = pause;
    this.#onStep = onStep;
  }

  /** A step at which a process can also be stopped; whatever else it does stops at its next one. */
  async pass(point: string): Promise<void> {
    this.hit(point);
    if (this.trace.length === this.#pause?.at) this.#standstill = this.#pause.meanwhile();
    await this.#standstill;
  }

  hit(point: string): void {
    if (this.dead) throw new Crash('dead already');
    this.trace.push(point);
    this.#onStep?.(this.trace.length, point);
    if (this.trace.length !== this.#dieAt && point !== this.#dieAt) return;
    this.#onDeath();
    this.dead = true;
    throw new Crash(point);
  }

  alive(): void {
    if (this.dead) throw new Crash('dead already');
  }
}

/** The database as a process has it that may die at each transaction and each write. */
export function mortalDatabase(database: Database, points: Steps): Database {
  return {
    path: database.path,
    all: async (sql, params) => {
      points.alive();
      return database.all(sql, params);
    },
    get: async (sql, params) => {
      points.alive();
      return database.get(sql, params);
    },
    tuples: async (sql, params) => {
      points.alive();
      return database.tuples(sql, params);
    },
    values: async (sql, params) => {
      points.alive();
      return database.values(sql, params);
    },
    each: (sql, params) => database.each(sql, params),
    transaction: async (work, references) => {
      await points.pass('transaction: before it begins');
      const result = await database.transaction(async (tx) => {
        points.hit('transaction: begun');
        const done = await work(mortalTransaction(tx, points));
        points.hit('transaction: before it commits');
        return done;
      }, references);
      await points.pass('transaction: committed');
      return result;
    },
    hasTable: (name) => database.hasTable(name),
    integrityProblems: (depth) => database.integrityProblems(depth),
    copyTo: (path) => database.copyTo(path),
    close: () => database.close(),
  };
}

function mortalTransaction(tx: Transaction, points: Steps): Transaction {
  const write = (table: string) => points.hit(`write: ${table}`);
  return {
    all: (sql, params) => {
      // `update … returning` asks and writes.
      if (tableOf(sql) !== 'nothing') write(tableOf(sql));
      return tx.all(sql, params);
    },
    get: (sql, params) => tx.get(sql, params),
    values: (sql, params) => tx.values(sql, params),
    tuples: (sql, params) => tx.tuples(sql, params),
    run: (sql, params) => {
      write(tableOf(sql));
      return tx.run(sql, params);
    },
    runMany: (sql, rows) => {
      write(tableOf(sql));
      return tx.runMany(sql, rows);
    },
    insertMany: (table, ...values) => {
      write(table);
      return tx.insertMany(table, ...values);
    },
  };
}

export function tableOf(sql: string): string {
  return /(?:insert into|update|delete from)\s+(\w+)/i.exec(sql)?.[1] ?? 'nothing';
}
