/** Whoever has the file and a database tool, and cleans up behind themselves, is told of by the front door. */
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, test } from 'vitest';
import { payoutsOf, submit, withBatch } from '../../independent/office.ts';
import { openOffice } from '../beneficiary/office.ts';

const ENTRIES = `entry_ref,date,account,debit,credit,currency,description
J1,2026-11-20,assets:bank:one,5.00,,INR,in
J1,2026-11-20,equity:opening-balances,,5.00,INR,in
J2,2026-11-21,assets:bank:one,7.00,,INR,in
J2,2026-11-21,equity:opening-balances,,7.00,INR,in
`;

/** Takes the triggers away, changes what it likes, and puts them back as they were. */
function edit(path: string, statement: string): void {
  const database = new SqliteDatabase(path);
  const triggers = database.prepare("select name, sql from sqlite_master where type = 'trigger'").all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of triggers) database.exec(`drop trigger ${name}`);
  expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
  for (const { sql } of triggers) database.exec(sql);
  database.close();
}

test('the amount of a posting that was edited outside is named by ledger verify and audit verify: exit 3', async () => {
  const office = await openOffice();
  office.write('hand.csv', ENTRIES);
  expect((await office.payrun('ledger', 'record', 'hand.csv')).exit).toBe(0);
  expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  const { head } = (await office.payrun('audit', 'head', '--json')).json<{ head: string }>().data;
  // On both sides, so that the entry balances, and in the balances that are kept.
  const path = join(office.folder, 'payrun.db');
  edit(path, 'update postings set amount_minor = amount_minor * 10 where entry_id = 2');
  edit(
    path,
    "update account_days set debit_minor = debit_minor * 10, credit_minor = credit_minor * 10 where booked_on = '2026-11-21'",
  );
  for (const words of [
    ['ledger', 'verify'],
    ['audit', 'verify', '--from', head],
  ]) {
    const ran = await office.payrun(...words, '--json');
    expect([words.join(' '), ran.exit]).toEqual([words.join(' '), 3]);
    const { problems } = ran.json<{ problems: { code: string; message: string; entry: number | null }[] }>()
      .data;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ code: 'chain_hash', entry: 2 });
    expect(problems[0]?.message).toContain('Entry 2 is not what it was when it was written');
    const shown = await office.payrun(...words);
    expect([shown.exit, shown.stdout]).toEqual([3, expect.stringContaining('Entry 2 is not what it was')]);
  }
});

test('an approval, a reveal and a draft that were edited outside are named likewise', async () => {
  const office = await openOffice();
  office.write(
    'people.csv',
    'beneficiary_ref,name,account_number,ifsc\nasha,Asha Rao,100000011111,HDFC0000001\n',
  );
  office.write('one.csv', 'beneficiary_ref,amount\nasha,100.00\n');
  await office.payrun('beneficiary', 'import', 'people.csv');
  await office.payrun('batch', 'import', 'one.csv', '--name', 'one');
  await office.payrun('batch', 'approve', 'one', '--as', 'bert');
  await office.payrun('beneficiary', 'show', 'asha', '--reveal', '--reason', 'a test');
  expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  const path = join(office.folder, 'payrun.db');
  edit(path, "update approvals set actor = 'anna'");
  edit(path, "delete from audit_events where action = 'beneficiary_revealed'");
  edit(path, 'update payouts set amount_minor = 99900');
  const { data } = (await office.payrun('ledger', 'verify', '--json')).json<{
    problems: { code: string; message: string }[];
  }>();
  expect(data.problems.map(({ code }) => code).sort()).toEqual([
    'batch_rows_changed',
    'chain_item_missing',
    'record_changed',
  ]);
  expect(data.problems.map(({ message }) => message).join('\n')).toMatch(
    /Approval 1 is not what payrun wrote|batch one are not those that were imported/,
  );
});

test('the bytes of an attempt that were edited outside are named with the payouts that they were sent for', async () => {
  const office = await withBatch(2, {}, [1]);
  await office.ask(...submit('--wait', '5s'));
  const [first, second] = (await payoutsOf(office)).map((payout) => payout.reference_id);
  edit(join(office.folder, 'payrun.db'), "update attempts set body = '{}' where payout_id = 1");
  const verified = await office.ask('ledger', 'verify', '--json');
  const { problems } = verified.json<{ problems: { code: string; message: string }[] }>().data;
  expect([verified.exit, new Set(problems.map(({ code }) => code))]).toEqual([
    3,
    new Set(['record_changed']),
  ]);
  // A question about its status was asked for the same attempt.
  for (const { message } of problems) expect(message).toContain(`${first}`);
  expect(problems[0]?.message).toBe(
    `Send 1 to 2, or its attempt (of ${first}, ${second}): what stands there is not what payrun wrote, it was changed.`,
  );
});
