import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '../../src/operations/verify-chain.ts';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { recordAudit } from '../../src/store/audit.ts';
import { chainHash, chainHead } from '../../src/store/chain.ts';
import type { Database } from '../../src/store/database.ts';
import { postEntries } from '../../src/store/ledger.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { handEntry, insertPayouts, moveEntries } from '../store/ledger-rows.ts';

let folder: string;
let path: string;
let database: Database;

/** Three payouts, an entry by hand, two decisions. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-verify-'));
  path = join(folder, 'payrun.db');
  database = await openLedger(path, '2026-11-20T00:00:00.000Z', { create: true });
  await insertPayouts(database, ['paid', 'in_transit', 'available']);
  await audit('batch_approved');
  await database.transaction((tx) =>
    postEntries(tx, [handEntry('J1', 'assets:providers:nxt:available', 'assets:bank:hdfc', 900000n)]),
  );
  await database.transaction((tx) =>
    postEntries(tx, [...moveEntries(1, 'available', 'paid'), ...moveEntries(2, 'available', 'in_transit')]),
  );
  await audit('payout_resolved');
  await database.transaction((tx) =>
    postEntries(tx, [
      ...moveEntries(3, 'available', 'in_transit'),
      ...moveEntries(3, 'in_transit', 'available'),
    ]),
  );
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

function audit(action: string): Promise<bigint> {
  return database.transaction((tx) =>
    recordAudit(tx, {
      at: '2026-11-20T10:00:00.000Z',
      actor: { name: 'anna', os_user: 'anna', host: 'desk' },
      action,
      subject_kind: 'batch',
      subject: 'salary',
      details: { rows: 3 },
    }),
  );
}

/** As someone with the file and a database tool: triggers dropped, foreign keys off. */
function tamper(...statements: string[]): void {
  const connection = new SqliteDatabase(path);
  connection.pragma('foreign_keys = off');
  const triggers = connection
    .prepare("select name from sqlite_master where type = 'trigger'")
    .pluck()
    .all() as string[];
  for (const trigger of triggers) connection.exec(`drop trigger ${trigger}`);
  for (const statement of statements) connection.exec(statement);
  connection.close();
}

const codes = async () =>
  (await verifyLedger(database)).problems.map(({ code, entry }) =>
    entry === null ? code : `${code} ${entry}`,
  );

test('books that nobody touched have no problems, and the same head as the chain', async () => {
  const verified = await verifyLedger(database);
  expect(verified.problems).toEqual([]);
  expect([verified.entries, verified.postings, verified.audit_events]).toEqual([6n, 12n, 2n]);
  expect(verified.chain).toEqual(await chainHead(database));
  // Six entries and two decisions, six accounts, and what the payouts stand on: three of them, a batch, a beneficiary.
  expect(verified.chain.length).toBe(17n);
});

test('an empty ledger has no problems', async () => {
  const empty = await openLedger(join(folder, 'empty.db'), '2026-11-20T00:00:00.000Z', { create: true });
  const verified = await verifyLedger(empty);
  expect(verified.problems).toEqual([]);
  expect(verified.chain).toEqual({ length: 0n, head: '0'.repeat(64) });
  await empty.close();
});

test('a chain of several pages is walked to its end', async () => {
  const many = Array.from({ length: 4500 }, (_, index) => handEntry(`M${index}`, 'assets:a', 'assets:b', 1n));
  await database.transaction((tx) => postEntries(tx, many));
  const seen: number[] = [];
  const verified = await verifyLedger(database, (done) => seen.push(done));
  expect(verified.problems).toEqual([]);
  expect(verified.entries).toBe(4506n);
  // The chain, then twice the payouts and once the beneficiary.
  expect(seen.at(-1)).toBeGreaterThanOrEqual(4508);
  expect([...seen].sort((a, b) => a - b)).toEqual(seen);
});

test('an entry whose text needs escapes is proven by its columns, and an edit of it is found', async () => {
  const hostile = { ...handEntry('H"1', 'assets:a', 'assets:b', 1n), description: 'a "gift"\\\n\u0001' };
  const shifted = { ...handEntry('H2', 'assets:a', 'assets:b', 1n), description: 'd","e', actor: 'f' };
  const id = (await database.transaction((tx) => postEntries(tx, [hostile, shifted])))[0] ?? 0n;
  expect(await codes()).toEqual([]);
  // One text in two columns, cut in another place.
  tamper(`update journal_entries set description = 'd', actor = 'e","f' where id = ${id + 1n}`);
  expect(await codes()).toEqual([`chain_hash ${id + 1n}`]);
});

describe('what was changed behind payrun’s back is found', () => {
  test.each([
    ['a description', "update journal_entries set description = 'gift' where id = 1", ['chain_hash 1']],
    ['who did it', "update journal_entries set actor = 'bert' where id = 2", ['chain_hash 2']],
    [
      'a day',
      "update journal_entries set booked_on = '2026-11-18' where id = 1",
      ['chain_hash 1', 'balance_differs', 'balance_differs', 'balance_differs', 'balance_differs'],
    ],
    [
      'an amount',
      'update postings set amount_minor = amount_minor + 1 where entry_id = 1 and posting_no = 1',
      ['chain_hash 1', 'entry_unbalanced 1', 'balance_differs'],
    ],
    [
      'an amount on both sides',
      'update postings set amount_minor = amount_minor * 2 where entry_id = 1',
      ['chain_hash 1', 'balance_differs', 'balance_differs'],
    ],
    [
      'an account',
      "update postings set account_id = (select id from accounts where name = 'assets:bank:hdfc') where entry_id = 3 and posting_no = 1",
      ['chain_hash 3', 'balance_differs', 'balance_differs', 'payout_position'],
    ],
    [
      'the name of an account',
      "update accounts set name = 'assets:bank:mine' where name = 'assets:bank:hdfc'",
      ['chain_hash 1', 'record_changed'],
    ],
    ['a decision', "update audit_events set actor = 'bert' where id = 2", ['chain_hash']],
    [
      'a stored balance',
      'update account_days set debit_minor = debit_minor + 1 where rowid = 1',
      ['balance_differs'],
    ],
    ['a stored balance that is gone', 'delete from account_days where rowid = 1', ['balance_differs']],
    [
      'a state',
      "update payouts set state = 'paid', position = 'paid' where id = 2",
      ['record_changed', 'payout_position'],
    ],
    [
      'an entry that is gone',
      'delete from journal_entries where id = 1',
      ['chain_item_missing 1', 'posting_orphaned', 'balance_differs', 'balance_differs'],
    ],
    ['a decision that is gone', 'delete from audit_events where id = 1', ['chain_item_missing']],
    [
      'postings that are gone',
      'delete from postings where entry_id = 1',
      ['chain_hash 1', 'entry_postings_missing 1', 'balance_differs', 'balance_differs'],
    ],
    [
      'a place of the chain that is gone',
      "delete from chain where kind = 'entry' and item_id = 1",
      ['chain_gap', 'chain_hash', 'chain_item_extra 1', 'balance_differs', 'balance_differs'],
    ],
    [
      'an entry that payrun did not write',
      "insert into journal_entries (id, event, booked_on, recorded_at, description, actor) values (7, 'recorded', '2026-11-20', 't', '', 'bert')",
      ['chain_item_extra 7'],
    ],
    [
      'the order',
      "update chain set item_id = 5 - item_id where kind = 'entry' and item_id in (2, 3)",
      ['chain_hash 3', 'chain_hash 2'],
    ],
  ])('%s', async (_what, statement, expected) => {
    tamper(statement);
    expect(await codes()).toEqual(expected);
  });

  test('entries that were cut off with everything that speaks of them are missed by the head that was kept', async () => {
    const kept = (await chainHead(database)).head;
    const rows = await database.all<{ seq: bigint; kind: 'entry' | 'audit'; item_id: bigint }>(
      'select seq, kind, item_id from chain order by seq',
    );
    expect(rows.slice(-2)).toMatchObject([
      { kind: 'entry', item_id: 5n },
      { kind: 'entry', item_id: 6n },
    ]);
    // Cut off the last two entries with everything that speaks of them.
    tamper(
      'delete from postings where entry_id in (5, 6)',
      'delete from journal_entries where id in (5, 6)',
      "delete from chain where kind = 'entry' and item_id in (5, 6)",
      `update account_days set debit_minor = debit_minor - 150000, credit_minor = credit_minor - 150000, posting_count = posting_count - 2
       where booked_on = '2026-11-20' and account_id in (select id from accounts where name like 'assets:providers:%')`,
    );
    expect(await codes()).toEqual([]);
    const found = await verifyChain(database, { from: kept });
    expect(found.problems.map((problem) => problem.code)).toEqual(['head_unknown']);
  });

  test('an earlier head that is on the chain is no problem', async () => {
    const kept = (await chainHead(database)).head;
    await audit('batch_approved');
    const verified = await verifyChain(database, { from: kept });
    expect(verified.problems).toEqual([]);
    expect(verified.chain.length - (verified.from_seq ?? 0n)).toBe(1n);
  });
});

test('a hash covers the hash before it, the kind, the item and its text', () => {
  const hash = chainHash('00', 'entry', 1n, '[]');
  expect(hash).toMatch(/^[0-9a-f]{64}$/);
  for (const other of [
    chainHash('01', 'entry', 1n, '[]'),
    chainHash('00', 'audit', 1n, '[]'),
    chainHash('00', 'entry', 2n, '[]'),
    chainHash('00', 'entry', 1n, '[1]'),
  ]) {
    expect(other).not.toBe(hash);
  }
});
