/**
 * What the engine's errors mean for a ledger: wait and try again, stop using the file, or tell a person. Nothing that
 * could have reached the disk is ever taken for undone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { PayrunError } from '../domain/errors.ts';

// How long a writer waits for other processes' transactions, which are short by design.
const BUSY_LIMIT_MS = 60_000;

/** Tries again while another process holds the write lock, and lets the event loop run meanwhile. */
export async function whileBusy<T>(work: () => T): Promise<T> {
  const started = performance.now();
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    try {
      return work();
    } catch (error) {
      if (!sqliteCode(error).startsWith('SQLITE_BUSY')) throw error;
      if (performance.now() - started > BUSY_LIMIT_MS) {
        throw new PayrunError(
          'failed',
          'ledger_busy',
          `Another process has kept the ledger locked for ${BUSY_LIMIT_MS / 1000} seconds.`,
          {
            hint: 'Look for a stuck payrun or a database tool with an open transaction, and run this again.',
            cause: error,
          },
        );
      }
    }
    await sleep(wait * (0.5 + Math.random() / 2));
  }
}

export function sqliteCode(error: unknown): string {
  return error instanceof SqliteDatabase.SqliteError ? error.code : '';
}

export function storageError(cause: unknown, options: { path: string; noun: string }): PayrunError {
  const code = sqliteCode(cause);
  const what = `${options.noun} ${options.path}`;
  if (code === 'SQLITE_NOTADB') {
    return new PayrunError('usage', 'ledger_foreign', `${options.path} is not a payrun ${options.noun}.`, {
      cause,
    });
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new PayrunError(
      'failed',
      'ledger_damaged',
      `The ${what} is damaged: ${(cause as Error).message}.`,
      {
        hint: 'Nothing was sent. Restore a backup and compare it with the provider before submitting.',
        cause,
      },
    );
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code === 'SQLITE_PERM') {
    return new PayrunError(
      'failed',
      'folder_unwritable',
      `The ${what} cannot be written: ${(cause as Error).message}.`,
      {
        hint: 'The file and its folder must be writable: SQLite keeps its log beside the file. To read a ledger that stays as it is, copy it into a folder of your own.',
        cause,
      },
    );
  }
  return new PayrunError(
    'failed',
    'ledger_io',
    `The ${what} could not be read or written: ${(cause as Error).message} (${code || 'no code'}).`,
    {
      hint: 'payrun stopped at once; everything confirmed before is on disk. Free space or repair the disk, then run the same command again.',
      cause,
    },
  );
}

/** Errors after which it cannot be known what is on disk: the process has to stop using the file. */
export function isFatal(error: unknown): boolean {
  return /^SQLITE_(IOERR|FULL|CORRUPT|NOTADB|READONLY|CANTOPEN)/.test(sqliteCode(error));
}

/** What says nothing about the disk: errors of our own code, SQL that the engine does not understand, refused rows. */
export function isOurs(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === '' || code === 'SQLITE_ERROR' || code.startsWith('SQLITE_CONSTRAINT');
}
