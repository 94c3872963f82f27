import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { changePayout, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { createDesk } from './desk.ts';

const desk = createDesk();

describe('reconciling a report', () => {
  it('that agrees finds nothing, and again nothing', async () => {
    const payouts = [seeded(1), seeded(2)];
    await desk.seed(...payouts);
    desk.write(
      'report.csv',
      payouts.map((payout) => reportRow(payout)),
    );
    const first = await desk.reconcile('report.csv');
    expect(first).toMatchObject({ exit: 0, matched: 2, expected: 0, breaks: { open: 0, by_kind: {} } });
    expect(first.coverage).toEqual({ from: '2026-11-18', to: '2026-11-18', missing_days: [] });
    expect(first.totals[0]).toMatchObject({ differences: '0.00', unexplained: '0.00' });
    const again = await desk.reconcile('report.csv');
    expect(again.statements[0]).toMatchObject({ lines: 2, already_imported: true });
    expect(again.matched).toBe(2);
  });

  it('lists each difference once, with both values', async () => {
    const [one, two, three, four, five] = [seeded(1), seeded(2), seeded(3), seeded(4), seeded(5)] as const;
    await desk.seed(one, two, three, four, five);
    desk.write('report.csv', [
      reportRow(one, { amount: '1000.00', utr: 'OTHER' }),
      reportRow(two, { fee: '9.99' }),
      reportRow(three),
      reportRow(three),
      reportRow(four, { payout_id: 'alien', reference_id: 'alien' }),
      reportRow(five, { status: 'PARKED' }),
    ]);
    const found = await desk.reconcile('report.csv');
    expect(found.exit).toBe(3);
    expect(found.breaks).toMatchObject({ open: 7, new: 7, carried: 0, closed: 0 });
    expect(found.breaks.by_kind).toEqual({
      missing_on_statement: 1,
      missing_in_ledger: 1,
      amount_differs: 1,
      status_differs: 1,
      utr_differs: 1,
      fee_differs: 1,
      duplicate_on_statement: 1,
    });
    expect(found.totals[0]?.unexplained).toBe('0.00');
    const [amount] = await desk.breaks('--kind', 'amount_differs');
    expect(amount).toMatchObject({
      reference_id: 'pay-000001',
      ledger: '1000.01',
      statement: '1000.00',
      difference: '-0.01',
      line: 2,
      state: 'open',
      age_days: 0,
    });
    const [fee] = await desk.breaks('--kind', 'fee_differs');
    expect(fee).toMatchObject({ ledger: '3.50', statement: '9.99', difference: '6.49' });
  });

  it('again carries the breaks under their numbers, older by business days', async () => {
    await desk.seed(seeded(1));
    await desk.reconcile();
    const [before] = await desk.breaks();
    desk.now = '2026-11-24T06:00:00.000Z';
    expect((await desk.reconcile()).breaks).toMatchObject({ open: 1, new: 0, carried: 1 });
    expect(await desk.breaks()).toEqual([{ ...before, age_days: 2 }]);
  });

  it('of the next day closes what the first left open, and shows each line once', async () => {
    const [one, two] = [seeded(1), seeded(2)] as const;
    await desk.seed(one, two);
    desk.write('wednesday.csv', [reportRow(one)]);
    expect((await desk.reconcile('wednesday.csv')).breaks.by_kind).toEqual({ missing_on_statement: 1 });
    desk.write('week.csv', [reportRow(two), reportRow(one)]);
    const found = await desk.reconcile('week.csv');
    expect(found).toMatchObject({ exit: 0, matched: 2, breaks: { open: 0, closed: 1 } });
    expect((await desk.breaks('--state', 'closed')).map((each) => each.kind)).toEqual([
      'missing_on_statement',
    ]);
  });

  it('counts a restated line once: processing, then success, then its fee', async () => {
    const [one] = [seeded(1)] as const;
    await desk.seed(one);
    const open = { status: 'PROCESSING', utr: '', fee: '', tax: '', completed_at: '' };
    desk.write('a.csv', [reportRow(one, open)]);
    desk.write('b.csv', [reportRow(one, { fee: '', tax: '' })]);
    desk.write('c.csv', [reportRow(one)]);
    expect((await desk.reconcile('a.csv')).breaks.by_kind).toEqual({ status_differs: 1 });
    expect(await desk.reconcile('b.csv')).toMatchObject({ exit: 0, matched: 1, breaks: { closed: 1 } });
    expect(await desk.reconcile('c.csv')).toMatchObject({ exit: 0, matched: 1 });
    const show = (await desk.payrun('statement', 'show', '1', '--json')).json<{ items: Data[] }>();
    expect(show.data.items[0]).toMatchObject({ status: 'PROCESSING', superseded: true });
  });

  it('knows a return in a later report, and one that was never seen as paid', async () => {
    const back = {
      state: 'returned',
      position: 'returned',
      returned_at: '2026-11-19T06:00:00.000Z',
    } as const;
    const [one, two] = [seeded(1), seeded(2, back)] as const;
    await desk.seed(one, two);
    desk.write('wednesday.csv', [reportRow(one), reportRow(two)]);
    expect(await desk.reconcile('wednesday.csv')).toMatchObject({ exit: 0, matched: 2 });
    desk.write('thursday.csv', [reportRow(one, { status: 'REVERSED' })]);
    expect((await desk.reconcile('thursday.csv')).breaks.by_kind).toEqual({ status_differs: 1 });
    await changePayout(desk.database, one.reference_id, back);
    const after = await desk.reconcile();
    expect(after).toMatchObject({ exit: 0, matched: 3, breaks: { open: 0, closed: 1 } });
    // The line of the return is dated on the day of the payment, and shows the day of the return all the same.
    desk.now = '2026-11-25T06:00:00.000Z';
    expect((await desk.reconcile()).coverage).toEqual({
      from: '2026-11-18',
      to: '2026-11-18',
      missing_days: [],
    });
    expect(after.totals[0]).toMatchObject({
      statement: { total: '0.00' },
      ledger: { total: '0.00' },
      unexplained: '0.00',
    });
  });

  it('tells the attempts of one payout apart', async () => {
    const [one] = [
      seeded(1, {
        provider_id: 'po_1b',
        ended: [{ provider_id: 'po_1a', state: 'failed', at: '2026-11-18T06:00:00.000Z' }],
      }),
    ] as const;
    await desk.seed(one);
    desk.write('report.csv', [
      reportRow(one, { payout_id: 'po_1a', status: 'FAILED', utr: '', fee: '', tax: '' }),
      reportRow(one, { reference_id: 'pay-000001.r2' }),
    ]);
    expect(await desk.reconcile('report.csv')).toMatchObject({ exit: 0, matched: 2, breaks: { open: 0 } });
  });

  it('expects what is younger than the settlement window, and says on which days a report is missing', async () => {
    await desk.seed(seeded(1, { paid_at: '2026-11-20T01:00:00.000Z' }));
    expect(await desk.reconcile()).toMatchObject({
      exit: 0,
      expected: 1,
      breaks: { open: 0 },
      coverage: { missing_days: [] },
    });
    desk.now = '2026-11-24T06:00:00.000Z';
    expect(await desk.reconcile()).toMatchObject({
      exit: 3,
      expected: 0,
      coverage: { missing_days: ['2026-11-20'] },
    });
  });

  it('as a rehearsal finds the same and keeps nothing', async () => {
    const one = seeded(1);
    await desk.seed(one);
    desk.write('report.csv', [reportRow(one, { fee: '9.99' })]);
    const rehearsed = await desk.reconcile('report.csv', '--dry-run');
    expect(rehearsed).toMatchObject({ exit: 3, matched: 1, breaks: { open: 1 } });
    expect(await desk.database.all('select * from statements')).toEqual([]);
    expect(await desk.reconcile('report.csv')).toEqual(rehearsed);
  });

  it('changes no payout and books nothing', async () => {
    const [one] = [seeded(1, { state: 'pending', position: 'in_transit', paid_at: null })] as const;
    await desk.seed(one);
    desk.write('report.csv', [reportRow(one, { status: 'SUCCESS', amount: '5.00' })]);
    const before = await desk.database.all('select * from payouts');
    await desk.reconcile('report.csv');
    expect(await desk.database.all('select * from payouts')).toEqual(before);
    expect(await desk.database.all('select * from journal_entries')).toEqual([]);
  });
});

describe('a bad report', () => {
  it('is refused with every row that is wrong, and nothing of any file is taken in', async () => {
    const [one] = [seeded(1)] as const;
    await desk.seed(one);
    desk.write('good.csv', [reportRow(one)]);
    desk.write('bad.csv', [
      reportRow(one, { amount: '1,00' }),
      reportRow(one, { amount: '1e5', currency: 'XXQ' }),
      reportRow(one, { status: '' }),
    ]);
    const ran = await desk.payrun('reconcile', 'good.csv', 'bad.csv', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows.map(({ line, column, code }) => [line, column, code])).toEqual([
      [2, null, 'row_ragged'],
      [3, 'currency', 'currency_unknown'],
      [4, 'status', 'status_missing'],
    ]);
    expect(await desk.database.all('select * from statements')).toEqual([]);
  });

  it('of another header is refused with what it lacks', async () => {
    desk.file('other.csv', 'payout_id,amount\npo_1,5.00\n');
    const ran = await desk.payrun('reconcile', 'other.csv', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows[0]).toMatchObject({ line: 1, code: 'column_missing' });
  });

  it('without rows is good, and covers no day', async () => {
    desk.write('empty.csv', []);
    const found = await desk.reconcile('empty.csv');
    expect(found).toMatchObject({ exit: 0, matched: 0, totals: [] });
    expect(found.coverage).toEqual({ from: null, to: null, missing_days: [] });
  });
});
