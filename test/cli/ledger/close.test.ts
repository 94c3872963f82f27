import { describe, expect, test } from 'vitest';
import { isConstraintViolation } from '../../../src/store/database.ts';
import { postEntries } from '../../../src/store/ledger.ts';
import { recordRows } from '../../../src/store/records.ts';
import { insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { runPayrun } from '../run-payrun.ts';

const CONFIG =
  '[providers.nxt]\nkind = "nxtbanking"\nbase_url = "http://127.0.0.1:9"\napi_key = { env = "K" }\napi_secret = { env = "S" }\n';

const opening = (ref: string, day: string, amount = '1000.00') =>
  `entry_ref,date,account,debit,credit,currency,description\n${ref},${day},assets:providers:nxt:available,${amount},,INR,x\n${ref},${day},assets:bank:hdfc,,${amount},INR,x\n`;

/** Three payouts of 1000.00 and a deposit of 1000.00 on 1 November: one is paid, one is in transit until the 20th. */
async function books(): Promise<Office> {
  const office = await openOffice();
  office.write('payrun.toml', CONFIG);
  await record(office, opening('OB-1', '2026-11-01'));
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'paid', 'available']);
    await database.transaction((tx) =>
      postEntries(tx, [
        ...moveEntries(1, 'available', 'paid', { booked_on: '2026-11-10' }),
        ...moveEntries(2, 'available', 'in_transit', { booked_on: '2026-11-10' }),
        ...moveEntries(2, 'in_transit', 'paid', { booked_on: '2026-11-20' }),
      ]),
    );
  });
  return office;
}

async function record(office: Office, csv: string) {
  office.write('entries.csv', csv);
  return office.payrun('ledger', 'record', 'entries.csv', '--json');
}

async function balance(office: Office, asOf: string): Promise<string> {
  const account = 'assets:providers:nxt:available';
  const ran = await office.payrun('ledger', 'balances', '--account', account, '--as-of', asOf, '--json');
  return ran.json<{ items: { balance: string }[] }>().data.items[0]?.balance ?? 'none';
}

const close = (office: Office, through: string, stated: string, ...more: string[]) =>
  office.payrun(
    'ledger',
    'close',
    '--through',
    through,
    '--provider',
    'nxt',
    '--balance',
    stated,
    '--json',
    ...more,
  );

describe('ledger close', () => {
  test('takes yesterday and today as the days that they are in the ledger’s time zone', async () => {
    const office = await openOffice();
    office.write('payrun.toml', CONFIG);
    await record(office, opening('OB-1', '2026-11-01'));
    // In India it is the 21st already.
    const now = () => new Date('2026-11-20T19:00:00.000Z');
    const payrun = (...args: string[]) => runPayrun([...args, '--json'], { cwd: office.folder, now });
    const closed = await payrun('ledger', 'close', '--through', 'yesterday', '--balance', '1000.00');
    expect(closed.json().data).toMatchObject({ closed: true, through: '2026-11-20' });
    const days = await payrun('audit', 'log', '--since', 'today', '--until', 'today');
    expect(days.json<{ items: { action: string }[] }>().data.items.map(({ action }) => action)).toEqual([
      'ledger_closed',
    ]);
    const none = await payrun('payout', 'list', '--since', 'yesterday', '--until', 'yesterday');
    expect(none.json().data).toEqual({ items: [], next: null });
    const tomorrow = await payrun('ledger', 'close', '--through', 'tomorrow', '--balance', '1000.00');
    expect(tomorrow.json().error.message).toContain('today or yesterday');
  });

  test('without an opening balance says that it is what is missing, and how it is recorded', async () => {
    const office = await openOffice();
    office.write('payrun.toml', CONFIG);
    await record(office, opening('OB-1', '2026-11-01').replaceAll(':nxt:', ':other:'));
    const ran = await office.payrun(
      'ledger',
      'close',
      '--through',
      '2026-11-19',
      '--balance',
      '5',
      '--currency',
      'INR',
    );
    expect([ran.exit, ran.stderr]).toEqual([
      3,
      expect.stringContaining(
        'no opening balance was recorded on assets:providers:nxt:available. Record it with `payrun ledger record`',
      ),
    ]);
  });

  test('closes where both figures agree, and lists what was in transit', async () => {
    const office = await books();
    const ran = await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('ledger close', ran.json());
    const { data } = ran.json<{ items: { reference_id: string; since: string }[]; in_transit: string }>();
    expect(data).toMatchObject({ closed: true, difference: '0.00', in_transit_difference: '0.00' });
    expect(data.items.map((item) => [item.reference_id, item.since])).toEqual([['p-2', '2026-11-10']]);
    expect(data.in_transit).not.toBe('0.00');
    const log = await office.payrun('audit', 'log', '--json');
    expect(log.stdout).toContain('ledger_closed');
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  });

  test('on a difference names both figures, and closes nothing', async () => {
    const office = await books();
    const has = await balance(office, '2026-11-15');
    const ran = await close(office, '2026-11-15', '7.25');
    expect(ran.exit).toBe(3);
    await expectMatchesSchema('ledger close', ran.json());
    expect(ran.json().data).toMatchObject({ closed: false, balance: '7.25', ledger_available: has });
    expect((await record(office, opening('OB-2', '2026-11-02'))).exit).toBe(0);
  });

  test('finds money in transit that no payout explains', async () => {
    const office = await books();
    const csv = opening('T-1', '2026-11-12', '5.00').replaceAll(':nxt:available', ':nxt:in-transit');
    expect((await record(office, csv)).exit).toBe(0);
    const ran = await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    expect(ran.exit).toBe(3);
    expect(ran.json().data).toMatchObject({
      closed: false,
      difference: '0.00',
      in_transit_difference: '5.00',
    });
  });

  test('refuses entries by hand on a closed day, each with its line, and takes those of the next', async () => {
    const office = await books();
    await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    const closed = await record(office, opening('OB-2', '2026-11-15'));
    expect(closed.exit).toBe(4);
    expect(closed.json().error.rows).toMatchObject([{ line: 2, column: 'date', code: 'period_closed' }]);
    expect((await record(office, opening('OB-3', '2026-11-16'))).exit).toBe(0);
    // Accounts that are not the provider's stay open.
    const elsewhere = opening('OB-4', '2026-11-15').replaceAll(
      'assets:providers:nxt:available',
      'expenses:rent',
    );
    expect((await record(office, elsewhere)).exit).toBe(0);
  });

  test('books what happened to a payout on the first open day, and the closed balance stays', async () => {
    const office = await books();
    const has = await balance(office, '2026-11-20');
    await close(office, '2026-11-20', has);
    await office.ledger(async (database) => {
      const late = moveEntries(3, 'available', 'in_transit', { booked_on: '2026-11-18' });
      const ids = await database.transaction((tx) => postEntries(tx, late));
      const [entry] = await database.all<{ booked_on: string; description: string }>(
        'select booked_on, description from journal_entries where id = :id',
        { id: ids[0] ?? 0n },
      );
      expect(entry?.booked_on).toBe('2026-11-21');
      expect(entry?.description).toContain('2026-11-18');
      await database.transaction(async (tx) => {
        await tx.run(
          "update payouts set state = 'pending', position = 'in_transit', attempt_no = 1 where id = 3",
        );
        await recordRows(tx, 'payout', [3n]);
      });
    });
    expect(await balance(office, '2026-11-20')).toBe(has);
    expect(await balance(office, '2026-11-21')).not.toBe(has);
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  });

  test('is never taken back: neither a second time nor for an earlier day', async () => {
    const office = await books();
    await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    for (const day of ['2026-11-15', '2026-11-14']) {
      const again = await close(office, day, await balance(office, day));
      expect(again.json().error.code).toBe('period_closed');
    }
    expect((await close(office, '2026-11-16', await balance(office, '2026-11-16'))).exit).toBe(0);
  });

  test('the database itself keeps closed days and closings', async () => {
    const office = await books();
    await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    await office.ledger(async (database) => {
      for (const sql of [
        'update account_days set debit_minor = debit_minor + 1',
        `insert into account_days (account_id, currency, booked_on, debit_minor, credit_minor, posting_count)
         select id, 'INR', '2026-11-03', 1, 0, 1 from accounts where name = 'assets:providers:nxt:available'`,
        "update closings set through = '2026-01-01'",
        'delete from closings',
      ]) {
        const refused = await database.transaction((tx) => tx.run(sql)).catch((error: unknown) => error);
        expect(isConstraintViolation(refused), sql).toBe(true);
      }
    });
  });

  test('a balance that was changed behind a closing shows in ledger verify', async () => {
    const office = await books();
    await close(office, '2026-11-15', await balance(office, '2026-11-15'));
    await office.ledger((database) =>
      database.transaction(async (tx) => {
        await tx.run('drop trigger closed_days_stay');
        await tx.run('update account_days set debit_minor = debit_minor + 1 where debit_minor > 0');
      }),
    );
    const ran = await office.payrun('ledger', 'verify', '--json');
    expect(ran.exit).toBe(3);
    const codes = ran.json<{ problems: { code: string }[] }>().data.problems.map((problem) => problem.code);
    expect(codes).toContain('closing_differs');
  });

  test('a day that has not begun, or an amount that is none, is wrong usage', async () => {
    const office = await books();
    expect((await close(office, '2999-01-01', '1')).json().error.code).toBe('option_invalid');
    expect((await close(office, '2026-11-15', '1,000')).json().error.code).toBe('option_invalid');
  });

  test('a rehearsal proves, and closes nothing', async () => {
    const office = await books();
    const has = await balance(office, '2026-11-15');
    expect((await close(office, '2026-11-15', has, '--dry-run')).exit).toBe(0);
    expect((await close(office, '2026-11-15', has)).exit).toBe(0);
  });
});
