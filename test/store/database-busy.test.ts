import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { script, tempFolder } from './folder.ts';

const NOW = '2026-11-20T10:00:00.000Z';

async function open(path: string): Promise<Database> {
  const database = await openDatabase({ path, application_id: 7, noun: 'ledger', create: true });
  onTestFinished(() => database.close());
  return database;
}

async function openWithTable(): Promise<Database> {
  const database = await open(join(tempFolder(), 'a.db'));
  await database.transaction((tx) => tx.run('create table t (id integer primary key, v text) strict'));
  return database;
}

async function refusal(work: Promise<unknown>): Promise<PayrunError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PayrunError)) throw new Error(`no refusal but ${String(error)}`);
  return error;
}

const ids = (database: Database) =>
  database.all<{ id: bigint }>('select id from t order by id').then((rows) => rows.map((row) => row.id));

describe('another process that holds the write lock', () => {
  const holder = `
    const { default: Sqlite } = await import('better-sqlite3');
    const connection = new Sqlite(process.argv[1]);
    connection.exec('begin immediate');
    console.log('held');
    setTimeout(() => { connection.exec('commit'); connection.close(); }, Number(process.argv[2]));`;

  test('is waited for without an error, and the event loop runs on', async () => {
    const database = await openWithTable();
    const other = script(holder, [database.path, '1000']);
    expect(await other.firstLine).toBe('held');
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const started = performance.now();
    await Promise.all(
      [1, 2, 3].map((id) => database.transaction((tx) => tx.run('insert into t (id) values (:id)', { id }))),
    );
    const waited = performance.now() - started;
    delay.disable();
    expect(waited).toBeGreaterThan(300);
    expect(delay.max / 1e6).toBeLessThan(250);
    expect(await ids(database)).toEqual([1n, 2n, 3n]);
    expect((await other.done).code).toBe(0);
  });

  test('keeps nobody from reading, nor from opening', async () => {
    const path = join(tempFolder(), 'payrun.db');
    const first = await openLedger(path, NOW, { create: true });
    onTestFinished(() => first.close());
    const other = script(holder, [path, '60000']);
    expect(await other.firstLine).toBe('held');
    const second = await openLedger(path, NOW);
    onTestFinished(() => second.close());
    expect(await second.all('select * from payouts')).toEqual([]);
  });
});

test('after a storage error nothing more is written by this process', async () => {
  const database = await openWithTable();
  await database.transaction((tx) => tx.run('insert into t (id) values (1)'));
  await database.transaction((tx) => tx.all('pragma max_page_count = 5'));
  const full = await refusal(
    database.transaction((tx) =>
      tx.runMany(
        'insert into t (id, v) values (:id, :v)',
        Array.from({ length: 500 }, (_, id) => ({ id: id + 10, v: 'x'.repeat(500) })),
      ),
    ),
  );
  expect(full).toMatchObject({ kind: 'failed', code: 'ledger_io' });
  expect(await refusal(database.transaction((tx) => tx.run('insert into t (id) values (2)')))).toBe(full);
  const again = await open(database.path);
  expect(await again.all('select id from t')).toEqual([{ id: 1n }]);
});
