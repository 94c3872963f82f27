/** Whoever edits what the ledger keeps by the page is found, as is who edits what was made of it. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import { reconcile } from '../../src/operations/reconcile.ts';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { report, reportRow, seeded, seedPayouts } from './seed-payouts.ts';

const NOW = '2026-11-20T06:00:00.000Z';
const profiles = loadProfiles({}, '');
const reading = {
  provider: 'nxt',
  profile: null,
  profiles,
  expected_profile: profileOfKind('nxtbanking', profiles),
  time_zone: 'Asia/Kolkata',
};
const terms = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};

const actor = { name: 'tester', os_user: 'tester', host: 'host' };
const payouts = Array.from({ length: 10 }, (_, index) => seeded(index + 1));
const folder = mkdtempSync(join(tmpdir(), 'payrun-pages-'));
const whole = join(folder, 'payrun.db');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const database = await openLedger(whole, NOW, { create: true });
  await seedPayouts(database, 'nxt', payouts);
  const rows = payouts.map((payout, index) => reportRow(payout, index === 3 ? { amount: '1.00' } : {}));
  const path = join(folder, 'report.csv');
  writeFileSync(path, report(rows).replaceAll('.000Z', 'Z'));
  const deps = { database, actor, now: () => NOW };
  const found = await reconcile(deps, [{ name: 'report.csv', path }], reading, terms);
  expect([...found.by_kind]).toEqual([['amount_differs', 1]]);
  await database.close();
});

async function problemsAfter(edit: string): Promise<string[]> {
  const path = `${whole}.edited`;
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  copyFileSync(whole, path);
  const file = new SqliteDatabase(path);
  file.pragma('foreign_keys = off');
  for (const trigger of file.prepare("select name from sqlite_master where type = 'trigger'").pluck().all())
    file.exec(`drop trigger ${String(trigger)}`);
  expect(file.prepare(edit).run().changes, edit).toBeGreaterThan(0);
  file.close();
  const database = await openLedger(path, NOW);
  const { problems } = await verifyLedger(database);
  await database.close();
  // The payouts of this test have no entries.
  return problems.map(({ code }) => code).filter((code) => code !== 'payout_position');
}

test('a ledger that nobody edited has no problem, and all but one of its lines are no rows', async () => {
  expect(await problemsAfter("update page_matches set matched = x'00'")).toEqual([]);
  const file = new SqliteDatabase(whole, { readonly: true });
  expect(file.prepare('select id, amount_minor from statement_lines').raw().all()).toEqual([[4, 100]]);
  expect(file.prepare('select first_id, line_count from statement_pages').raw().all()).toEqual([[1, 10]]);
  file.close();
});

const TEXT = 'cast(lines as text)';

test.each([
  `update statement_pages set lines = cast(replace(${TEXT}, '1000.07', '1000.70') as blob)`,
  `update statement_pages set lines = cast(${TEXT} || '12,x' as blob)`,
  'update statement_pages set first_id = first_id + 1000',
  'update statement_pages set line_count = line_count - 1',
  'update statement_pages set statement_id = 7',
  'delete from statement_pages',
  'update line_keys set content_key = zeroblob(16) where line_id = 9',
  'update line_keys set line_id = 100 where line_id = 9',
  'delete from line_keys where line_id = 9',
  'insert into line_keys (content_key, line_id) values (zeroblob(16), 9)',
  'update statements set page_form = null',
  "update statements set page_form = 'x'",
  "update statements set page_form = '{}'",
  `update statements set page_form = replace(page_form, '"INR"', '"USD"')`,
  'update statement_lines set amount_minor = 100001',
  "update statement_lines set cells = '{}'",
  "update statement_lines set provider = 'other'",
  'update statement_lines set id = 5',
  'update statement_rows set line_no = 77',
  'delete from statement_rows',
])('%s', async (edit) => {
  expect(await problemsAfter(edit)).not.toEqual([]);
});

test.each([
  'path',
  'bytes',
])('another file that writes the same amounts otherwise, by its %s, changes nothing', async (way) => {
  const path = `${whole}.again`;
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  copyFileSync(whole, path);
  const database = await openLedger(path, NOW);
  const deps = { database, actor, now: () => NOW };
  const rows = payouts.map((payout) =>
    reportRow(payout, { amount: `0${Number(payout.amount_minor) / 100}` }),
  );
  const bytes = Buffer.from(report(rows).replaceAll('.000Z', 'Z'));
  writeFileSync(`${path}.csv`, bytes);
  const input = way === 'path' ? { path: `${path}.csv` } : { bytes };
  const found = await reconcile(deps, [{ name: 'again.csv', ...input }], reading, terms);
  expect(found.statements).toMatchObject([{ lines: 10, new_lines: 1 }]);
  const { problems } = await verifyLedger(database);
  await database.close();
  expect(problems.filter(({ code }) => code !== 'payout_position')).toEqual([]);
});

test('a large statement of an account is looked at line by line, as a small one is', async () => {
  const path = `${whole}.account`;
  const bytes = Buffer.from(report(payouts.map((payout) => reportRow(payout))).replaceAll('.000Z', 'Z'));
  writeFileSync(`${path}.csv`, bytes);
  const found: unknown[] = [];
  for (const input of [{ path: `${path}.csv` }, { bytes }]) {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    copyFileSync(whole, path);
    const database = await openLedger(path, NOW);
    const deps = { database, actor, now: () => NOW };
    const wanted = { open_breaks: false, account: true };
    const of = { ...reading, provider: 'assets:bank:one' };
    found.push(await reconcile(deps, [{ name: 'bank.csv', ...input }], of, terms, wanted));
    await database.close();
  }
  expect(found[0]).toMatchObject({ open: 10 });
  expect(found[0]).toEqual(found[1]);
});

test('a large file that repeats lines which are rows takes in those that are new', async () => {
  const path = `${whole}.rows`;
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  copyFileSync(whole, path);
  const database = await openLedger(path, NOW);
  const deps = { database, actor, now: () => NOW };
  const other = { ...reading, provider: 'other' };
  const bytes = (rows: readonly string[]) => Buffer.from(report(rows).replaceAll('.000Z', 'Z'));
  const rows = payouts.map((payout) => reportRow(payout));
  const small = { name: 'small.csv', bytes: bytes(rows.slice(2)) };
  await reconcile(deps, [small], other, terms);
  writeFileSync(`${path}.csv`, bytes(rows));
  const found = await reconcile(deps, [{ name: 'large.csv', path: `${path}.csv` }], other, terms);
  expect(found.statements).toMatchObject([{ lines: 10, new_lines: 2 }]);
  const { problems } = await verifyLedger(database);
  await database.close();
  expect(problems.filter(({ code }) => code !== 'payout_position')).toEqual([]);
});
