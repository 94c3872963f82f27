/** Whoever has the file and a database tool edits one value or row; verification has to find each such edit. */
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { verifyLedger } from '../../../src/operations/verify-ledger.ts';
import { Chance } from '../../../src/sandbox/chance.ts';
import { openLedger } from '../../../src/store/ledger-database.ts';
import { openTill, sandboxFor, type Till } from '../batch/till.ts';

const EDITS = Number(process.env.EDITS ?? 60);
const SEED = Number(process.env.EDITS_SEED ?? 1);

/** Nobody believes what these say; docs/guarantees.md tells why. */
const NO_EVIDENCE = new Set([
  'schema_migrations',
  'runners',
  'rate_slots',
  'sync_marks',
  'matches',
  'page_matches',
  'statement_lines.superseded_by',
  'payouts.checked_at',
]);

async function run(till: Till, ...args: string[]) {
  const ran = await till.payrun(...args, '--json');
  expect([0, 3, 6], `${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toContain(ran.exit);
  return ran;
}

/** A ledger in which something of everything has happened. Answers the path of a copy that stands by itself. */
async function livedLedger(): Promise<string> {
  const sandbox = await sandboxFor();
  const till = await openTill({ url: sandbox.url });
  const { folder } = till.office;
  await till.importBatch(
    'nov',
    'beneficiary_ref,amount,reference_id,tags\nasha,100.00,a-1,team=ops\nclosed,250.00,a-2,\nchand,75.00,a-3,\n',
  );
  await run(till, 'batch', 'submit', 'nov', '--wait', '10s', '--yes');
  await run(till, 'payout', 'retry', 'a-2', '--yes');
  await run(till, 'payout', 'sync', '--wait', '10s');
  await till.payrun('provider', 'report', 'nxt', '--date', 'today', '-o', 'report.csv');
  const report = readFileSync(join(folder, 'report.csv'), 'utf8');
  till.office.write('report.csv', report.replace(',75.00,', ',76.00,'));
  await run(till, 'reconcile', 'report.csv');
  await run(till, 'break', 'resolve', '1', '--reason', 'provider_error', '--note', 'asked them');
  till.office.write(
    'hand.csv',
    'entry_ref,date,account,debit,credit,currency,description\nJ1,2026-11-20,assets:bank:one,5.00,,INR,in\nJ1,2026-11-20,equity:opening-balances,,5.00,INR,in\n',
  );
  await run(till, 'ledger', 'record', 'hand.csv');
  till.office.write(
    'bank.csv',
    'Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance\n20/11/26,IN,1,20/11/26,,5.00,5.00\n20/11/26,CHRG,,20/11/26,1.00,,4.00\n',
  );
  await run(till, 'reconcile', 'bank.csv', '--account', 'assets:bank:one');
  await run(till, 'beneficiary', 'show', 'asha', '--reveal', '--reason', 'a test');
  till.office.write(
    'moved.csv',
    'beneficiary_ref,name,account_number,ifsc\nasha,Asha Rao,100000044444,HDFC0000001\n',
  );
  await run(till, 'beneficiary', 'import', 'moved.csv', '--allow-changes');
  await run(till, 'key', 'rotate');
  await run(till, 'ledger', 'backup', 'copy.db');
  return join(folder, 'copy.db');
}

interface Column {
  table: string;
  name: string;
  type: string;
  notnull: bigint;
}

function columnsOf(path: string): Column[] {
  const database = new SqliteDatabase(path, { readonly: true });
  const tables = database
    .prepare("select name from sqlite_master where type = 'table' order by name")
    .pluck()
    .all() as string[];
  const columns = tables
    .filter((table) => !NO_EVIDENCE.has(table))
    .filter((table) => database.prepare(`select count(*) from ${table}`).pluck().get() !== 0)
    .flatMap((table) =>
      (database.pragma(`table_info(${table})`) as Omit<Column, 'table'>[]).map((each) => ({
        ...each,
        table,
      })),
    );
  database.close();
  return columns.filter(({ table, name }) => !NO_EVIDENCE.has(`${table}.${name}`));
}

/** Answers what it did, or null where the engine itself refused it. */
function edit(path: string, column: Column, chance: Chance): string | null {
  const { table, name, type, notnull } = column;
  const database = new SqliteDatabase(path);
  try {
    database.pragma('foreign_keys = off');
    database.pragma('ignore_check_constraints = on');
    const triggers = database.prepare("select name from sqlite_master where type = 'trigger'").pluck().all();
    for (const trigger of triggers) database.exec(`drop trigger ${String(trigger)}`);
    // Some tables have no number of their own for a row, but a key of several columns.
    const key = keyOf(database, table);
    const keys = database
      .prepare(`select ${key.join(', ')} from ${table}`)
      .raw()
      .all() as number[][];
    const row = keys[number(chance) % keys.length] ?? [];
    const where = `where ${key.map((part) => `${part} = ?`).join(' and ')}`;
    if (number(chance) % 20 === 0) {
      database.prepare(`delete from ${table} ${where}`).run(row);
      return `delete from ${table}, row ${row}`;
    }
    const before = database.prepare(`select ${name} from ${table} ${where}`).pluck().get(row);
    const after = otherThan(before, type, notnull !== 0n && Number(notnull) !== 0, chance);
    database.prepare(`update ${table} set ${name} = ? ${where}`).run(after, ...row);
    return `${table}.${name} of row ${row}: ${String(before)} → ${String(after)}`;
  } catch (error) {
    if (error instanceof SqliteDatabase.SqliteError) return null;
    throw error;
  } finally {
    database.close();
  }
}

function keyOf(database: SqliteDatabase.Database, table: string): string[] {
  const made = database.prepare('select sql from sqlite_master where name = ?').pluck().get(table);
  if (!/without rowid/i.test(String(made))) return ['rowid'];
  const columns = database.pragma(`table_info(${table})`) as { name: string; pk: number }[];
  return columns.filter(({ pk }) => pk > 0).map(({ name }) => name);
}

function otherThan(
  before: unknown,
  type: string,
  required: boolean,
  chance: Chance,
): string | number | Buffer | null {
  if (before instanceof Buffer) return Buffer.from(before.map((byte, at) => (at === 0 ? byte ^ 1 : byte)));
  const gone = before !== null && !required && number(chance) % 3 === 0;
  if (gone) return null;
  if (type.toUpperCase() === 'INTEGER') return typeof before === 'number' ? before + 1 : 7;
  return `${before === null ? '' : String(before)}x`;
}

function number(chance: Chance): number {
  return Number.parseInt(chance.hex(1), 16);
}

test('every single edit of evidence is found', { timeout: 120_000 + EDITS * 200 }, async () => {
  const whole = await livedLedger();
  const columns = columnsOf(whole);
  expect(new Set(columns.map(({ table }) => table)).size).toBeGreaterThan(15);
  const chance = new Chance(SEED);
  const edited = `${whole}.edited`;
  const missed: string[] = [];
  for (let tried = 0; tried < EDITS; ) {
    for (const end of ['', '-wal', '-shm']) rmSync(edited + end, { force: true });
    copyFileSync(whole, edited);
    const column = columns[number(chance) % columns.length];
    const done = column && edit(edited, column, chance);
    if (!done) continue;
    tried += 1;
    if (!(await isFound(edited))) missed.push(done);
  }
  expect(missed).toEqual([]);
});

async function isFound(path: string): Promise<boolean> {
  const database = await openLedger(path, '2026-11-24T00:00:00.000Z');
  try {
    return (await verifyLedger(database)).problems.length > 0;
  } finally {
    await database.close();
  }
}
