import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Database, isConstraintViolation } from '../../src/store/database.ts';
import { postEntries } from '../../src/store/ledger.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { tempFolder } from './folder.ts';
import { insertPayouts, moveEntries } from './ledger-rows.ts';

async function ledger(): Promise<Database> {
  const database = await openLedger(join(tempFolder(), 'payrun.db'), '2026-11-20T10:00:00.000Z', {
    create: true,
  });
  onTestFinished(() => database.close());
  await insertPayouts(database, ['paid', 'paid']);
  await database.transaction((tx) => postEntries(tx, moveEntries(1, 'available', 'paid')));
  await database.transaction(async (tx) => {
    await tx.run(
      `insert into audit_events (id, at, actor, os_user, host, action, subject_kind, subject, details)
       values (1, 't', 'anna', 'anna', 'h', 'payout_resolved', 'payout', 'p-1', '{}')`,
    );
    await tx.run(
      `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at)
       values (1, 1, 'nxt', 'p-1', 'bene_1', '{"amount":1500}', 'sha', 't')`,
    );
    await tx.run(
      `insert into statements (id, provider, profile, file_name, sha256, row_count, new_count, imported_at, imported_by)
       values (1, 'nxt', 'nxtbanking', 'report.csv', 'sha', 1, 1, 't', 'anna')`,
    );
    await tx.run(
      `insert into statement_lines (id, provider, content_key, content_sha256, occurrence, amount_minor, currency, status,
         status_word, cells)
       values (1, 'nxt', x'00112233445566778899aabbccddeeff', 'sha', 1, 1500, 'INR', 'success', 'SUCCESS', '{}')`,
    );
    await tx.run('insert into statement_rows (statement_id, line_no, line_id) values (1, 2, 1)');
    await tx.run(
      `insert into former_accounts (id, beneficiary_id, fingerprint, name, destination_kind, account_sealed, account_masked,
         ifsc, from_at, until_at)
       select 1, min(id), 'f', 'Asha', 'bank_account', 'sealed', '••••1111', 'HDFC0000001', 't', 'u' from beneficiaries`,
    );
    await tx.run(
      `insert into statement_withdrawals (id, statement_id, withdrawn_at, withdrawn_by, withdrawn_reason)
       values (1, 1, 't', 'anna', 'wrong')`,
    );
    await tx.run('insert into attempt_accounts (payout_id, attempt_no, former_id) values (1, 1, 1)');
  });
  return database;
}

const refusalOf = (database: Database, sql: string) =>
  database
    .transaction((tx) => tx.run(sql))
    .then(
      (rows) => `changed ${rows} rows`,
      (error: unknown) =>
        isConstraintViolation(error) ? (error as Error).message : `other: ${String(error)}`,
    );

describe('the database itself refuses', () => {
  test.each([
    ["update journal_entries set description = 'other'", 'journal entries are never changed'],
    ["update journal_entries set booked_on = '2026-01-01' where id = 1", 'journal entries are never changed'],
    ['delete from journal_entries', 'journal entries are never deleted'],
    [
      'update postings set amount_minor = amount_minor + 1 where posting_no = 1',
      'postings are never changed',
    ],
    ['delete from postings where entry_id = 1', 'postings are never deleted'],
    ["update audit_events set actor = 'bob'", 'the audit log is never changed'],
    ['delete from audit_events', 'the audit log is never deleted'],
    ["update chain set hash = 'x' where seq = 1", 'the chain is never changed'],
    ['delete from chain', 'the chain is never deleted'],
    ['update statement_lines set amount_minor = 1', 'the lines of a statement are never changed'],
    ['delete from statement_lines', 'the lines of a statement are never deleted'],
    ['update statement_rows set line_no = 9', 'the lines of a statement are never changed'],
    ['delete from statement_rows', 'the lines of a statement are never deleted'],
    ['update attempts set body = \'{"amount":15000}\'', 'with the bytes it was stored with'],
    ["update attempts set provider_reference = 'p-9'", 'with the bytes it was stored with'],
    ["update attempts set provider_beneficiary_id = 'bene_9'", 'with the bytes it was stored with'],
    ["update former_accounts set account_masked = '••••9'", 'a former account is never changed'],
    ["update former_accounts set bank_name = 'x'", 'a former account is never changed'],
    ['delete from former_accounts', 'a former account is never deleted'],
    ["update statement_withdrawals set withdrawn_by = 'bob'", 'who withdrew a statement is never changed'],
    ["update statement_withdrawals set withdrawn_reason = 'x'", 'who withdrew a statement is never changed'],
    ['delete from statement_withdrawals', 'who withdrew a statement is never deleted'],
    ['update attempt_accounts set former_id = null', 'an attempt keeps the account that it went to'],
    ['delete from attempt_accounts', 'an attempt keeps the account that it went to'],
  ])('%s', async (sql, words) => {
    expect(await refusalOf(await ledger(), sql)).toContain(words);
  });

  test('the same to a hand in another program', async () => {
    const { path } = await ledger();
    const other = new SqliteDatabase(path);
    onTestFinished(() => {
      other.close();
    });
    expect(() => other.exec('delete from postings')).toThrow('postings are never deleted');
    expect(() => other.exec("update chain set hash = 'x'")).toThrow('the chain is never changed');
  });

  test.each([
    [
      'a second payout under a reference that differs only in its letters',
      "insert into payouts (reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, created_at, updated_at) values ('P-1', 1, 9, 9, 1, 1, 'INR', 'IMPS', 'a', 'nxt', 'draft', 't', 't')",
    ],
    [
      'a second attempt under one reference',
      "insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at) values (2, 1, 'nxt', 'P-1', 'b', '{}', 's', 't')",
    ],
    ['one provider_id for two payouts', "update payouts set provider_id = 'pout_1'"],
    ['an amount of nothing', 'update payouts set amount_minor = 0 where id = 1'],
    ['a state without its position', "update payouts set state = 'pending' where id = 1"],
    [
      'failed money that is still in transit',
      "update payouts set state = 'failed', position = 'in_transit' where id = 1",
    ],
    ['a state that nobody knows', "update payouts set state = 'done' where id = 1"],
    ['held for no reason', "update payouts set state = 'held' where id = 1"],
    [
      'the same event of the same attempt twice',
      "insert into journal_entries (event, payout_id, attempt_no, cycle, booked_on, recorded_at, description, actor) values ('paid', 1, 1, 1, 'd', 't', 'x', 'a')",
    ],
    ['a posting of nothing', "insert into postings values (1, 9, 1, 0, 'INR')"],
    ['a posting to an account that is not there', "insert into postings values (1, 9, 99, 1, 'INR')"],
    ['an amount as text', "update payouts set amount_minor = 'many' where id = 1"],
  ])('%s', async (_what, sql) => {
    expect(await refusalOf(await ledger(), sql)).toMatch(/constraint failed|cannot store/i);
  });
});
