/** A large statement is read in one thread and the payouts in another, where payrun runs as a bundle. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLedger } from '../../src/store/ledger-database.ts';
import { BIN, runPayrun } from '../cli/run-payrun.ts';
import { report, reportRow, seeded, seedPayouts } from '../operations/seed-payouts.ts';
import { ENV, startIn } from './shop.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAYOUTS = 8_000;
const folder = mkdtempSync(join(tmpdir(), 'payrun-large-statement-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Long names make a file large that has few rows. */
const LONG = 'b'.repeat(250);

beforeAll(async () => {
  await runPayrun(['init'], { cwd: folder, env: ENV });
  const database = await openLedger(join(folder, 'payrun.db'), '2026-11-20T06:00:00.000Z');
  const payouts = Array.from({ length: PAYOUTS }, (_, index) => seeded(index + 1));
  await seedPayouts(database, 'nxtbanking', payouts);
  await database.close();
  const rows = payouts.map((payout, index) => {
    // A line of each kind: missing, another amount, another reference of the rail, twice, in quotes, unnamed.
    if (index === 10) return null;
    const changes = { ...(index === 20 && { amount: '7.00' }), ...(index === 30 && { utr: 'OTHER' }) };
    const row = reportRow(payout, changes)
      .replaceAll('.000Z', 'Z')
      .replace('ben_1', `${LONG}${index % 7},${LONG}`);
    if (index === 40) return `${row}\r\n${row}`;
    if (index === 5_000) return row.replace('INR', '"INR"');
    return index === 60 ? row.replace(/^[^,]*,[^,]*,[^,]*/, ',,') : row;
  });
  const lines = rows.filter((row) => row !== null);
  writeFileSync(
    join(folder, 'report.csv'),
    report(lines).replace('beneficiary_id', 'beneficiary_id,remarks'),
  );
}, 120_000);

/** A copy of the ledger and its file. */
function office(name: string): string {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  for (const part of ['payrun.db', 'payrun.key', 'payrun.toml', 'report.csv'])
    cpSync(join(folder, part), join(cwd, part));
  return cwd;
}

/** Lines that chance leaves to be looked at one by one are more or less; what is said of them is not. */
function left(cwd: string): unknown[] {
  const database = new SqliteDatabase(join(cwd, 'payrun.db'), { readonly: true });
  try {
    return [
      'select row_count, new_count, from_on, to_on, lines_sha256 from statements',
      'select kind, reference_id, line_id, state from breaks order by kind, reference_id, line_id',
      'select content_key, line_id from line_keys order by content_key',
      'select matched_count, open_count, unexplained from reconciliations',
    ].map((sql) => database.prepare(sql).raw().all());
  } finally {
    database.close();
  }
}

test('is reconciled with threads as it is without, and the same file again finds the same', async () => {
  const [threaded, plain] = [office('threaded'), office('plain')];
  for (const args of [
    ['reconcile', 'report.csv', '--json'],
    ['reconcile', '--json'],
  ]) {
    const ended = await startIn(threaded, [process.execPath, BIN, ...args], {}).done;
    const ran = await runPayrun(args, { cwd: plain, env: ENV });
    expect([ended.exit, JSON.parse(ended.stdout)]).toEqual([ran.exit, ran.json()]);
    expect(ran.exit).toBe(3);
    expect(left(threaded)).toEqual(left(plain));
  }
}, 120_000);

test.each([
  'statement-thread',
  'payout-side-thread',
])('where the thread %s cannot begin, nothing is taken in', async (thread) => {
  const broken = mkdtempSync(join(tmpdir(), 'payrun-broken-'));
  try {
    for (const part of ['bin', 'dist']) cpSync(join(ROOT, part), join(broken, part), { recursive: true });
    for (const part of ['node_modules', 'package.json']) symlinkSync(join(ROOT, part), join(broken, part));
    rmSync(join(broken, `dist/${thread}.js`));
    const cwd = office(thread);
    const bin = join(broken, 'bin/payrun.js');
    const ended = await startIn(cwd, [process.execPath, bin, 'reconcile', 'report.csv', '--json'], {}).done;
    expect([ended.exit, ended.stdout]).toEqual([70, expect.stringContaining(thread)]);
    expect(left(cwd)).toEqual([[], [], [], []]);
  } finally {
    rmSync(broken, { recursive: true, force: true });
  }
}, 120_000);
