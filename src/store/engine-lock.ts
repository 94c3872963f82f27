/** A lock between processes that is let go of however its holder ends; what of it is SQLite's stands here. */
import { closeSync, openSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';
import { sqliteCode } from './engine-errors.ts';

const LOCK_GLANCE_MS = 100;

/** A connection that nobody refers to is closed by the garbage collector, and its lock would go with it unnoticed. */
const locksHeld = new Set<SqliteDatabase.Database>();

/**
 * A lock beside a file that dies with its process: an exclusive transaction on a small database of its own, which the
 * operating system lets go of also after a kill -9, and keeps while the process is only stopped. Null: another has it.
 */
export function tryLock(path: string): { release(): void } | null {
  // 0600 like the ledger beside it.
  closeSync(openSync(path, 'a', 0o600));
  // Two that try at the same instant can each find the other's glance at the file and both give up; a holder stays.
  const connection = new SqliteDatabase(path, { timeout: LOCK_GLANCE_MS });
  try {
    // Not WAL: there, readers and one writer share the file, and the lock would exclude nobody.
    connection.pragma('journal_mode = delete');
    connection.exec('begin exclusive');
    locksHeld.add(connection);
    return {
      release: () => {
        locksHeld.delete(connection);
        connection.close();
      },
    };
  } catch (error) {
    connection.close();
    if (sqliteCode(error).startsWith('SQLITE_BUSY')) return null;
    throw error;
  }
}
