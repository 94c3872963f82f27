/** An older ledger with something of everything, opened by this payrun, which dies at each of its steps. */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { LEDGER_APPLICATION_ID, LEDGER_MIGRATIONS, openLedger } from '../../src/store/ledger-database.ts';
import { migrate } from '../../src/store/migrate.ts';
import { BATCH_SQL, BENEFICIARY_SQL, PAYOUT_SQL } from '../operations/seed-sql.ts';
import { Crash, Failpoints, mortalDatabase } from '../simulation/failpoints.ts';
import { FAST } from '../simulation/run.ts';

const NOW = '2026-11-24T00:00:00.000Z';
/** The last one whose rows no chain covered but entries and decisions. */
const OLD = 9;
const folder = mkdtempSync(join(FAST, 'payrun-migrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string) => ({ path, application_id: LEDGER_APPLICATION_ID, noun: 'ledger' });

const ROWS = [
  "insert into vault_keys (id, wrapped_data_key, wrapped_fingerprint_key, created_at) values (1, 'w', 'f', 't')",
  BENEFICIARY_SQL,
  "insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_at, checked_at) values (1, 'nxt', 'ben_1', 'f', 'verified', 't', 't')",
  "insert into approvals (id, batch_id, digest, row_count, amount_minor, actor, os_user, host, approved_at) values (1, 1, 'd', 2, 1, 'bert', 'b', 'h', 't')",
  "insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at) values (2, 1, 'nxt', 'p-2', 'ben_1', '{}', 's', 't')",
  "insert into sends (id, payout_id, attempt_no, kind, sent_at, answered_at, outcome, http_status) values (1, 2, 1, 'submit', 't', 't', 'rejected', 422)",
  "insert into sends (id, payout_id, attempt_no, kind, sent_at) values (2, 2, 1, 'look_up', 't')",
  "insert into status_events (id, payout_id, attempt_no, source, status, seen_at, state_before, state_after) values (1, 2, 1, 'look_up', 'FAILED', 't', 'submitting', 'failed')",
  "insert into statements (id, provider, profile, file_name, sha256, row_count, new_count, imported_at, imported_by) values (1, 'nxt', 'nxtbanking', 'report.csv', 's', 1, 1, 't', 'anna')",
  `insert into statement_lines (id, provider, content_sha256, occurrence, provider_reference, amount_minor, currency, status, status_word, cells) values (1, 'nxt', '${'ab'.repeat(32)}', 1, 'p-2', 100, 'INR', 'failed', 'FAILED', '{}')`,
  'insert into statement_rows (statement_id, line_no, line_id) values (1, 2, 1)',
];

async function olderLedger(path: string): Promise<void> {
  const database = await openDatabase({ ...file(path), create: true });
  await migrate(database, LEDGER_MIGRATIONS.slice(0, OLD), NOW);
  await database.transaction(async (tx) => {
    const [key = '', ...rest] = ROWS;
    await tx.run(key);
    await tx.run(rest[0] ?? '');
    await tx.run(BATCH_SQL, { provider: 'nxt', rows: 2 });
    for (const [id, state] of [
      [1, 'approved'],
      [2, 'failed'],
    ] as const) {
      await tx.run(PAYOUT_SQL, {
        ...{ id, reference_id: `p-${id}`, amount_minor: 100n, provider: 'nxt', state, position: 'available' },
        ...{ attempt_no: id - 1, hold_reason: null, provider_id: null, utr: null, fee_minor: null },
        ...{
          provider_reference: id === 1 ? null : 'p-2',
          tax_minor: null,
          submitted_at: null,
          paid_at: null,
        },
        returned_at: null,
      });
    }
    for (const row of rest.slice(1)) await tx.run(row);
  });
  await database.close();
}

let old: string;
let counts: string;
beforeAll(async () => {
  old = join(folder, 'old.db');
  await olderLedger(old);
});

/** A copy with its log, as the disk has both at this instant. */
function copy(from: string, to: string): string {
  for (const ending of ['', '-wal']) {
    rmSync(to + ending, { force: true });
    if (existsSync(from + ending)) copyFileSync(from + ending, to + ending);
  }
  return to;
}

async function complaintsAbout(path: string): Promise<string[]> {
  const database = await openLedger(path, NOW);
  try {
    const { problems, chain } = await verifyLedger(database);
    const damaged = await database.integrityProblems('full');
    const found = [...damaged, ...problems.map(({ message }) => message)];
    counts ??= await rowCounts(database);
    if ((await rowCounts(database)) !== counts) found.push(`rows differ: ${await rowCounts(database)}`);
    if (chain.length === 0n) found.push('nothing is on the chain');
    return found;
  } finally {
    await database.close();
  }
}

async function rowCounts(database: Database): Promise<string> {
  const tables = ['schema_migrations', 'beneficiaries', 'payouts', 'approvals', 'attempts', 'sends'];
  tables.push('status_events', 'statements', 'statement_lines', 'statement_rows', 'chain');
  const rows = await database.all<{ name: string; count: bigint }>(
    tables.map((name) => `select '${name}' as name, count(*) as count from ${name}`).join(' union all '),
  );
  return rows.map(({ name, count }) => `${name} ${count}`).join(', ');
}

test('everything that an older payrun wrote is taken up, and an edit of it is found from then on', async () => {
  const path = copy(old, join(folder, 'whole.db'));
  expect(await complaintsAbout(path)).toEqual([]);
  const database = await openLedger(path, NOW);
  await database.transaction((tx) => tx.run("update approvals set actor = 'anna' where id = 1"));
  const { problems } = await verifyLedger(database);
  await database.close();
  expect(problems.map(({ code }) => code)).toEqual(['record_changed']);
});

test('a death at any step leaves the old schema or a newer one, and the next start has everything', async () => {
  const died: string[] = [];
  for (let step = 1; ; step += 1) {
    const path = copy(old, join(folder, 'dying.db'));
    const left = join(folder, 'left.db');
    const database = await openDatabase(file(path));
    const points = new Failpoints(step, () => copy(path, left));
    const ended = await migrate(mortalDatabase(database, points), LEDGER_MIGRATIONS, NOW).then(
      () => 'whole',
      (error: unknown) => (error instanceof Crash ? error.message : `failed: ${String(error)}`),
    );
    await database.close();
    if (ended === 'whole') break;
    expect([step, ended, await complaintsAbout(left)]).toEqual([step, ended, []]);
    // A process that lived on has rolled back; it costs as much to look at, and differs less.
    if (step % 10 === 0) expect([step, ended, await complaintsAbout(path)]).toEqual([step, ended, []]);
    died.push(ended);
  }
  expect(died.length).toBeGreaterThan(60);
  expect(new Set(died)).toContain('write: chain');
});
