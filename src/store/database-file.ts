/**
 * A database as a file among files: which one stands under a name now, and how to have it for oneself while it is
 * renamed. Two databases under one name within a moment would share one log, and that log would ruin both.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { storageError } from './engine-errors.ts';

// Long enough for a query that is just ending; who wants the file alone does not wait for work to end.
const PATIENCE_MS = 500;

/** Which file it is, whatever it is called; empty where there is none. */
export function fileAt(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : '';
}

/**
 * How many names the file has. Each name of a hard link would have a log and a lock of its own, and two processes that
 * came by two of them would ruin the file for each other. 1 where there is no file yet.
 */
export function namesOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.nlink ?? 1;
}

/**
 * Where what belongs to a database stands beside it. By the file's own name, so that a process that comes by a
 * symbolic link meets the same lock and the same rate; where there is no file, by the name given.
 */
export function besideDatabase(path: string, suffix: '.lock' | '.rate'): string {
  return (existsSync(path) ? realpathSync(path) : path) + suffix;
}

/**
 * Makes a database one single file that nobody else has open, and keeps everybody out until `release`. Null: another
 * process has it open. A file that is no sound database is taken as it is.
 */
export function takeAlone(path: string): { release(): void } | null {
  const connection = new SqliteDatabase(path, { timeout: PATIENCE_MS, fileMustExist: true });
  try {
    // Leaving WAL mode folds the log into the file, and is refused while another connection is open.
    connection.pragma('journal_mode = delete');
    connection.exec('begin exclusive');
    return { release: () => connection.close() };
  } catch (error) {
    connection.close();
    const code = error instanceof SqliteDatabase.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_BUSY')) return null;
    if (/^SQLITE_(CORRUPT|NOTADB|IOERR)/.test(code)) return { release: () => undefined };
    throw storageError(error, { path, noun: 'ledger' });
  }
}
