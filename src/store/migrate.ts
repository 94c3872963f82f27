/**
 * Numbered migrations, each in one transaction with its record, so that a crash leaves the old schema or the new
 * one. Two processes that open at once both end with the same schema; a database from a newer payrun is refused.
 */
import { createHash } from 'node:crypto';
import { PayrunError } from '../domain/errors.ts';
import type { Database, Transaction } from './database.ts';

/** `statements` is the file's whole text; `version` is the number in its name. */
export interface Migration {
  version: number;
  name: string;
  statements: string;
  /** What SQL cannot do, such as hashing; in the same transaction, after the statements. */
  complete?: (tx: Transaction) => Promise<void>;
  /** It puts tables in the place of others that are referred to. */
  replaces_tables?: boolean;
}

interface Applied {
  version: bigint;
  sha256: string;
}

export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  now: string,
): Promise<void> {
  // Where there is nothing to do, opening takes no write lock: a query need not wait for an import to end.
  if (!(await database.hasTable('schema_migrations'))) {
    await database.transaction((tx) =>
      tx.run(
        'create table if not exists schema_migrations (version integer primary key, name text not null, sha256 text not null, applied_at text not null) strict',
      ),
    );
  }
  const applied = await database.all<Applied>(
    'select version, sha256 from schema_migrations order by version',
  );
  refuseNewer(database, migrations, applied);
  for (const migration of migrations) {
    if (applied.some((row) => Number(row.version) === migration.version)) continue;
    await database.transaction(
      async (tx) => {
        // Recorded first and under the write lock, so that the second of two processes sees the first one's work.
        const done = await tx.run(
          'insert into schema_migrations (version, name, sha256, applied_at) values (:version, :name, :sha256, :now) on conflict (version) do nothing',
          { version: migration.version, name: migration.name, sha256: sha256(migration.statements), now },
        );
        if (done === 0) return;
        for (const statement of splitStatements(migration.statements)) await tx.run(statement);
        await migration.complete?.(tx);
      },
      migration.replaces_tables ? 'at_end' : 'always',
    );
  }
}

function refuseNewer(
  database: Database,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): void {
  const known = migrations.at(-1)?.version ?? 0;
  const newest = Number(applied.at(-1)?.version ?? 0);
  if (newest > known) {
    throw new PayrunError(
      'usage',
      'ledger_newer',
      `${database.path} has schema ${newest}; this payrun knows schemas up to ${known}.`,
      {
        hint: 'Install the payrun that wrote it, or a newer one. Nothing was changed.',
      },
    );
  }
  for (const migration of migrations) {
    const row = applied.find((each) => Number(each.version) === migration.version);
    if (row && row.sha256 !== sha256(migration.statements)) {
      throw new PayrunError(
        'usage',
        'ledger_foreign',
        `${database.path} was made with another migration ${migration.name} than this payrun has.`,
        {
          hint: 'It comes from a changed or unreleased payrun; open it with that one.',
        },
      );
    }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A migration's statements; one ends at a line's last `;`, or at `end;` where it is a trigger. */
export function splitStatements(text: string): string[] {
  const statements: string[] = [];
  let current = '';
  let inTrigger = false;
  for (const line of text.split('\n')) {
    if (current.trim() === '' && (line.trim() === '' || line.startsWith('--'))) continue;
    if (/^create trigger\b/i.test(line)) inTrigger = true;
    current += `${line}\n`;
    if (inTrigger ? /^end;\s*$/i.test(line) : /;\s*$/.test(line)) {
      statements.push(current.trim());
      current = '';
      inTrigger = false;
    }
  }
  if (current.trim() !== '') statements.push(current.trim());
  return statements;
}
