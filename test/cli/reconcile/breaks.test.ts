import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { changePayout, report, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { runPayrun } from '../run-payrun.ts';
import { CONFIG, createDesk, type Result } from './desk.ts';

const desk = createDesk();

describe('a break', () => {
  it('that a person resolves stays resolved until its values change, and can be reopened', async () => {
    const [one] = [seeded(1)] as const;
    await desk.seed(one);
    desk.write('report.csv', [reportRow(one, { fee: '9.99' })]);
    expect((await desk.reconcile('report.csv')).exit).toBe(3);
    const resolved = await desk.payrun(
      'break',
      'resolve',
      '1',
      '--reason',
      'fee_agreed',
      '--note',
      'new tariff',
      '--json',
    );
    expect(resolved.json().data).toMatchObject({
      state: 'resolved',
      reason: 'fee_agreed',
      resolved_by: 'meera',
      note: 'new tariff',
    });
    expect(await desk.reconcile()).toMatchObject({ exit: 0, breaks: { open: 0, closed: 0 } });
    expect(
      (await desk.payrun('break', 'resolve', '1', '--reason', 'other', '--json')).json().error.code,
    ).toBe('break_not_open');
    await desk.payrun('break', 'reopen', '1', '--json');
    expect(await desk.reconcile()).toMatchObject({ exit: 3, breaks: { open: 1, new: 0, carried: 1 } });
    await desk.payrun('break', 'resolve', '1', '--reason', 'fee_agreed', '--json');
    await changePayout(desk.database, one.reference_id, { fee_minor: 400n });
    expect(await desk.reconcile()).toMatchObject({ exit: 3, breaks: { open: 1, new: 1 } });
    const show = (await desk.payrun('break', 'show', '1', '--json')).json<
      Data & { history: Data[]; statement_line: Data }
    >();
    expect(show.data.history.map((each) => each.event)).toEqual([
      'opened',
      'resolved',
      'reopened',
      'resolved',
      'reopened',
    ]);
    expect(show.data.statement_line).toMatchObject({ file: 'report.csv', line: 2, cells: { fee: '9.99' } });
    expect(
      (await desk.database.all<{ action: string }>('select action from audit_events order by id')).map(
        (each) => each.action,
      ),
    ).toEqual(['break_resolved', 'break_reopened', 'break_resolved']);
  });

  it('that comes back after it was closed is opened again under its number', async () => {
    const [one] = [seeded(1)] as const;
    await desk.seed(one);
    desk.write('report.csv', [reportRow(one, { fee: '9.99' })]);
    await desk.reconcile('report.csv');
    await changePayout(desk.database, one.reference_id, { fee_minor: 999n });
    expect((await desk.reconcile()).breaks).toMatchObject({ open: 0, closed: 1 });
    await changePayout(desk.database, one.reference_id, { fee_minor: 350n });
    expect((await desk.reconcile()).breaks).toMatchObject({ open: 1, new: 1 });
    expect((await desk.breaks()).map((each) => each.break)).toEqual([1]);
  });

  it('that a return opens again has its age from that day, in business days with the bank’s holidays', async () => {
    desk.file('holidays.txt', '2026-11-25 # a bank holiday\n');
    desk.file('payrun.toml', `${CONFIG}[calendar]\nholidays_file = "holidays.txt"\n`);
    const [one, two] = [
      seeded(1),
      seeded(2, { state: 'pending', position: 'in_transit', paid_at: null }),
    ] as const;
    await desk.seed(one, two);
    // On Friday both are past the window; the report of the paid one closes it.
    expect((await desk.reconcile()).breaks.by_kind).toEqual({
      missing_on_statement: 1,
      in_transit_overdue: 1,
    });
    desk.write('report.csv', [reportRow(one)]);
    expect((await desk.reconcile('report.csv')).breaks).toMatchObject({ open: 1, closed: 1 });
    // It comes back on Monday. Tuesday is the window, Wednesday a holiday, and Thursday too late.
    const back = {
      state: 'returned',
      position: 'returned',
      returned_at: '2026-11-23T06:00:00.000Z',
    } as const;
    await changePayout(desk.database, one.reference_id, back);
    desk.now = '2026-11-24T06:00:00.000Z';
    expect(await desk.reconcile()).toMatchObject({ expected: 1, breaks: { open: 1 } });
    desk.now = '2026-11-26T06:00:00.000Z';
    expect((await desk.reconcile()).breaks).toMatchObject({ open: 2, new: 1, carried: 1 });
    expect(await desk.breaks()).toMatchObject([
      { kind: 'missing_on_statement', difference: '1000.01', opened_on: '2026-11-26', age_days: 0 },
      { kind: 'in_transit_overdue', opened_on: '2026-11-20', age_days: 3 },
    ]);
    desk.write('return.csv', [reportRow(one, { status: 'REVERSED' })]);
    expect((await desk.reconcile('return.csv')).breaks).toMatchObject({ open: 1, closed: 1 });
  });

  it('that does not exist, or has no number, says so', async () => {
    expect((await desk.payrun('break', 'show', '7', '--json')).json().error.code).toBe('break_unknown');
    expect((await desk.payrun('break', 'show', 'x', '--json')).exit).toBe(2);
    expect((await desk.payrun('break', 'resolve', '1', '--json')).exit).toBe(2);
  });
});

describe('lists and people', () => {
  it('page through breaks and statements, and stream them as csv', async () => {
    await desk.seed(seeded(1), seeded(2), seeded(3));
    await desk.reconcile();
    desk.write('empty.csv', []);
    await desk.payrun('statement', 'import', 'empty.csv');
    const first = (await desk.payrun('break', 'list', '--limit', '2', '--json')).json<{ next: string }>();
    expect(first.data.next).toBe('2');
    expect((await desk.breaks('--after', first.data.next)).map((each) => each.break)).toEqual([3]);
    const csv = (await desk.payrun('break', 'list', '--format', 'csv')).stdout.trim().split(/\r?\n/);
    expect(csv).toHaveLength(4);
    expect(csv[0]).toMatch(/^break,kind,reference_id,/);
    const statements = (await desk.payrun('statement', 'list', '--json')).json<{ items: Data[] }>();
    expect(statements.data.items[0]).toMatchObject({ statement: 1, file: 'empty.csv', lines: 0, from: null });
  });

  it('see the counts and the sums in a table', async () => {
    await desk.seed(seeded(1));
    const { stdout } = await desk.payrun('reconcile');
    expect(stdout).toContain('1 open break (1 new, 0 carried on)');
    expect(stdout).toContain('missing_on_statement');
    expect((await desk.payrun('break', 'show', '1')).stdout).toContain('Statement: no line.');
    expect((await desk.payrun('break', 'list')).stdout).toContain('missing_on_statement');
  });
});

describe('two files', () => {
  const OURS = 'reference_id,provider_id,utr,amount,currency,fee,tax,state\n';

  it('are compared without a ledger, configuration or key', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'payrun-against-'));
    const [one, two] = [seeded(1), seeded(2)];
    writeFileSync(
      join(bare, 'report.csv'),
      report([reportRow(one, { amount: '1.00' }), reportRow(seeded(9))]),
    );
    writeFileSync(
      join(bare, 'ours.csv'),
      `${OURS}${one.reference_id},,,1000.01,INR,,,paid\n${two.reference_id},,,1000.02,INR,,,paid\n`,
    );
    const ran = await runPayrun(['reconcile', 'report.csv', '--against', 'ours.csv', '--json'], {
      cwd: bare,
    });
    rmSync(bare, { recursive: true, force: true });
    expect(ran.exit).toBe(3);
    await expectMatchesSchema('reconcile', ran.json());
    const { data } = ran.json<Result & { items: Data[] } & Data>();
    expect(data).toMatchObject({ reconciliation: null, provider: null, matched: 1, breaks: { open: 3 } });
    expect(data.items.map((each) => [each.kind, each.reference_id, each.line])).toEqual([
      ['missing_on_statement', 'pay-000002', null],
      ['missing_in_ledger', 'pay-000009', 3],
      ['amount_differs', 'pay-000001', 2],
    ]);
    expect(data.totals[0]?.unexplained).toBe('0.00');
  });

  it('agree where ours states less', async () => {
    const payout = seeded(1);
    desk.write('report.csv', [reportRow(payout)]);
    desk.file('ours.csv', `provider_id,amount\n${payout.provider_id},1000.01\n`);
    expect(await desk.reconcile('report.csv', '--against', 'ours.csv')).toMatchObject({
      exit: 0,
      matched: 1,
    });
  });

  it('know the earlier attempts of a payout that was tried again', async () => {
    const payout = seeded(1);
    desk.write('report.csv', [
      reportRow(payout, { payout_id: 'po_a', status: 'FAILED', utr: '', fee: '', tax: '' }),
      reportRow(payout, { reference_id: 'pay-000001.r2' }),
    ]);
    desk.file(
      'ours.csv',
      'reference_id,provider_reference,amount,state\npay-000001,pay-000001.r2,1000.01,paid\n',
    );
    expect(await desk.reconcile('report.csv', '--against', 'ours.csv')).toMatchObject({
      exit: 0,
      matched: 2,
    });
  });

  it('are refused where ours is wrong', async () => {
    desk.write('report.csv', []);
    desk.file('ours.csv', 'reference_id,amount,state\na,1.005,paid\nb,1,gone\n');
    const ran = await desk.payrun('reconcile', 'report.csv', '--against', 'ours.csv', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows.map((row) => row.code)).toEqual(['amount_precision', 'state_unknown']);
    expect(ran.json().error.rows[1]?.message).toMatch(/ is no state of a payout; they are draft, .*paid, /);
  });
});

describe('a profile of one’s own', () => {
  it('reads other columns, dates, marks and words', async () => {
    await desk.seed(seeded(1));
    desk.file(
      'payrun.toml',
      `${CONFIG}
[statements.mybank]
delimiter = ";"
decimal_mark = ","
date_format = "DD/MM/YYYY HH:mm"
currency = "INR"
skip_lines = 1
columns = { provider_reference = "Our Ref", utr = "Bank Ref", amount = "Amount", status = "Result", completed_at = "When" }
status = { success = ["Done"], failed = ["Bounced"] }
`,
    );
    desk.file(
      'bank.csv',
      'Account statement\nOur Ref;Bank Ref;Amount;Result;When\npay-000001;utr 000000001;1000,01;done;18/11/2026 11:30\n',
    );
    const ran = await desk.payrun('reconcile', 'bank.csv', '--json');
    expect(ran.json<Result & Data>().data).toMatchObject({
      statements: [{ profile: 'mybank', lines: 1 }],
      matched: 1,
      breaks: { open: 0 },
      coverage: { from: '2026-11-18' },
    });
  });

  it('that is wrong is refused with its place', async () => {
    desk.file(
      'payrun.toml',
      `${CONFIG}\n[statements.mybank]\ncolumns = { amount = "A" }\ndate_format = "DD/MM"\n`,
    );
    const ran = await desk.payrun('reconcile', '--json');
    expect(ran.exit).toBe(2);
    expect(ran.json().error.message).toContain('[statements.mybank] date_format');
  });
});
