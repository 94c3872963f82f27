/** The ledger's file: its mark, its migrations, opening and creating it. */
import { type Database, openDatabase } from './database.ts';
import { type Migration, migrate } from './migrate.ts';
import ledgerSql from './migrations/sqlite/0001_ledger.sql';
import reconciliationSql from './migrations/sqlite/0002_reconciliation.sql';
import webhooksSql from './migrations/sqlite/0003_webhooks.sql';
import booksSql from './migrations/sqlite/0004_books.sql';
import lineKindsSql from './migrations/sqlite/0005_line_kinds.sql';
import bulkMatchesSql from './migrations/sqlite/0006_bulk_matches.sql';
import breakEntriesSql from './migrations/sqlite/0007_break_entries.sql';
import tagsSql from './migrations/sqlite/0008_tags.sql';
import openAmountsSql from './migrations/sqlite/0009_open_amounts.sql';
import signedApprovalsSql from './migrations/sqlite/0010_signed_approvals.sql';
import largeStatementsSql from './migrations/sqlite/0011_large_statements.sql';
import evidenceSql from './migrations/sqlite/0012_evidence.sql';
import lineKeysSql from './migrations/sqlite/0013_line_keys.sql';
import statementPagesSql from './migrations/sqlite/0014_statement_pages.sql';
import formerAccountsSql from './migrations/sqlite/0015_former_accounts.sql';
import statementProofsSql from './migrations/sqlite/0016_statement_proofs.sql';
import withdrawalsSql from './migrations/sqlite/0017_statement_withdrawals.sql';
import { recordEverything, takeUpRecords } from './records.ts';

/** "payr" in ASCII, in the header of every payrun ledger. */
export const LEDGER_APPLICATION_ID = 0x70617972;

export const LEDGER_MIGRATIONS: readonly Migration[] = [
  { version: 1, name: '0001_ledger', statements: ledgerSql },
  { version: 2, name: '0002_reconciliation', statements: reconciliationSql },
  { version: 3, name: '0003_webhooks', statements: webhooksSql },
  { version: 4, name: '0004_books', statements: booksSql },
  { version: 5, name: '0005_line_kinds', statements: lineKindsSql },
  { version: 6, name: '0006_bulk_matches', statements: bulkMatchesSql },
  { version: 7, name: '0007_break_entries', statements: breakEntriesSql },
  { version: 8, name: '0008_tags', statements: tagsSql },
  { version: 9, name: '0009_open_amounts', statements: openAmountsSql },
  { version: 10, name: '0010_signed_approvals', statements: signedApprovalsSql },
  { version: 11, name: '0011_large_statements', statements: largeStatementsSql },
  { version: 12, name: '0012_evidence', statements: evidenceSql, complete: recordEverything },
  { version: 13, name: '0013_line_keys', statements: lineKeysSql, replaces_tables: true },
  { version: 14, name: '0014_statement_pages', statements: statementPagesSql },
  {
    version: 15,
    name: '0015_former_accounts',
    statements: formerAccountsSql,
    complete: (tx) => takeUpRecords(tx, 'attempt_account'),
  },
  { version: 16, name: '0016_statement_proofs', statements: statementProofsSql },
  { version: 17, name: '0017_statement_withdrawals', statements: withdrawalsSql },
];

const FILE = { application_id: LEDGER_APPLICATION_ID, noun: 'ledger' };

/** For a thread of a process that has it open, and so has migrated it. */
export function openLedgerAsItIs(path: string): Promise<Database> {
  return openDatabase({ ...FILE, path });
}

/** `now` is recorded with the migrations that are applied. */
export async function openLedger(
  path: string,
  now: string,
  options: { create?: boolean; rehearse?: boolean } = {},
): Promise<Database> {
  const file = { ...FILE, path };
  const database = await openDatabase({ ...file, create: options.create ?? false });
  try {
    await migrate(database, LEDGER_MIGRATIONS, now);
    if (!options.rehearse) return database;
    await database.close();
    return await openDatabase({ ...file, rehearse: true });
  } catch (error) {
    await database.close();
    throw error;
  }
}
