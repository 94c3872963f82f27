/** Which SQLite and which driver are installed here, and whether they can keep a ledger. */
import { createRequire } from 'node:module';
import SqliteDatabase from 'better-sqlite3';
import { PayrunError } from '../domain/errors.ts';

// The WAL-reset bug could corrupt a database that two processes write, up to 3.51.2.
const OLDEST_SQLITE = [3, 51, 3] as const;

/** The engine and its driver, as they are installed here; loading them is itself the proof that they fit this Node. */
export function engineVersions(): { sqlite: string; driver: string } {
  const connection = new SqliteDatabase(':memory:');
  try {
    const sqlite = connection.prepare('select sqlite_version()').pluck().get() as string;
    return { sqlite, driver: driverVersion() };
  } finally {
    connection.close();
  }
}

/** Empty where the package cannot be found beside this file, as in a bundle that was put elsewhere. */
function driverVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)('better-sqlite3/package.json') as { version: string };
    return version;
  } catch {
    return '';
  }
}

export function checkSqliteVersion(connection: SqliteDatabase.Database): void {
  const version = connection.prepare('select sqlite_version()').pluck().get() as string;
  const parts = version.split('.').map(Number);
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0;
    if (part > oldest) return;
    if (part < oldest) {
      throw new PayrunError(
        'usage',
        'sqlite_too_old',
        `SQLite ${version} is older than ${OLDEST_SQLITE.join('.')}, which payrun needs.`,
        {
          hint: 'Install payrun again, so that better-sqlite3 brings its own SQLite.',
        },
      );
    }
  }
}
