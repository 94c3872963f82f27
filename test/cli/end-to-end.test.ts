import { describe, expect, test } from 'vitest';
import {
  balanceOf,
  expectTruth,
  IN_TRANSIT,
  openOffice,
  payoutFile,
  payoutsOf,
  sendsTo,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

const today = () => new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 10);

describe('a batch of 500', () => {
  test('is paid and failed as the provider says, the books move as its balance moved, and its report reconciles', async () => {
    const office = await openOffice();
    office.write('payouts.csv', payoutFile(500));
    const paid = await office.run(
      'batch',
      'submit',
      'payouts.csv',
      '--name',
      'salary',
      '--wait',
      '60s',
      '--yes',
      '--json',
    );
    expect([paid.exit, statesIn(paid)]).toEqual([3, { failed: 100, paid: 350, returned: 50 }]);
    await expectTruth(office);
    expect(await balanceOf(office, IN_TRANSIT)).toBe(0);

    expect((await office.run('provider', 'report', 'nxt', '--date', today(), '-o', 'report.csv')).exit).toBe(
      0,
    );
    const reconciled = await office.run('reconcile', 'report.csv', '--provider', 'nxt', '--json');
    expect([reconciled.exit, reconciled.json().data]).toMatchObject([
      0,
      { matched: 500, breaks: { open: 0 } },
    ]);
    const again = await office.run('reconcile', 'report.csv', '--provider', 'nxt', '--json');
    expect([again.exit, again.json().data]).toMatchObject([
      0,
      { statements: [{ already_imported: true }], breaks: { open: 0 } },
    ]);
  }, 60_000);

  test('is refused when its file comes again under another name, in any order of rows', async () => {
    const office = await withBatch(50);
    const [header = '', ...rows] = payoutFile(50).trim().split('\n');
    office.write('again.csv', [header, ...rows.reverse(), ''].join('\r\n'));
    const again = await office.ask('batch', 'import', 'again.csv', '--name', 'other', '--json');
    expect([again.exit, again.json().error.code, again.json().error.message]).toEqual([
      4,
      expect.any(String),
      expect.stringContaining('salary'),
    ]);
    const beneficiaries = await office.ask('beneficiary', 'import', 'beneficiaries.csv', '--json');
    expect(beneficiaries.json().data).toMatchObject({ created: 0, changed: 0, unchanged: 20 });
    expect(
      (await office.ask('batch', 'list', '--json')).json<{ items: unknown[] }>().data.items,
    ).toHaveLength(1);
  });

  test('that is submitted again, by name or by file, sends nothing again', async () => {
    const office = await withBatch(40);
    await office.ask(...submit('--wait', '30s'));
    const before = (await sendsTo(office.bank)).length;
    const byName = await office.ask(...submit());
    const byFile = await office.ask('batch', 'submit', 'payouts.csv', '--name', 'salary', '--yes', '--json');
    expect(statesIn(byFile)).toEqual(statesIn(byName));
    expect((await sendsTo(office.bank)).length).toBe(before);
    await expectTruth(office);
  });
});

describe('a report that differs', () => {
  test('yields exactly the breaks that were planted in it', async () => {
    const office = await withBatch(40, {}, [0, 50, 1, 99]);
    expect((await office.ask(...submit('--wait', '30s'))).exit).toBe(0);
    await office.ask('provider', 'report', 'nxt', '--date', today(), '-o', 'report.csv');
    const lines = office.read('report.csv').trim().split('\r\n');
    const [header = '', ...rows] = lines;
    const column = (name: string) => header.split(',').indexOf(name);
    const change = (row: number, name: string, value: string) => {
      const cells = (rows[row] ?? '').split(',');
      cells[column(name)] = value;
      rows[row] = cells.join(',');
    };
    change(0, 'amount', '1.00');
    change(1, 'status', 'FAILED');
    change(2, 'fee', '6.00');
    change(3, 'utr', '999999999999');
    const planted = [...rows.slice(0, 38), rows[5] ?? ''];
    const foreign = (rows[4] ?? '').split(',');
    foreign[column('payout_id')] = 'pout_9999';
    foreign[column('reference_id')] = 'nobody-000001';
    foreign[column('utr')] = '888888888888';
    office.write('planted.csv', [header, ...planted, foreign.join(','), ''].join('\r\n'));

    const reconciled = await office.ask('reconcile', 'planted.csv', '--provider', 'nxt', '--json');
    expect(reconciled.exit).toBe(3);
    expect(reconciled.json().data).toMatchObject({
      breaks: {
        by_kind: {
          amount_differs: 1,
          status_differs: 1,
          fee_differs: 1,
          utr_differs: 1,
          duplicate_on_statement: 1,
          missing_in_ledger: 1,
          missing_on_statement: 2,
        },
      },
      totals: [{ unexplained: '0.00' }],
    });
    const listed = (await office.ask('break', 'list', '--json')).json<{
      items: { kind: string; reference_id: string | null }[];
    }>();
    const found = listed.data.items.map((item) => `${item.kind} ${item.reference_id ?? '-'}`).sort();
    const ours = (await payoutsOf(office)).map((item) => item.reference_id);
    const inReport = planted.map((row) => row.split(',')[column('reference_id')]);
    const missing = ours.filter((reference) => !inReport.includes(reference));
    expect(missing).toHaveLength(2);
    const at = (row: number) => (rows[row] ?? '').split(',')[column('reference_id')];
    const expected = [
      `amount_differs ${at(0)}`,
      `status_differs ${at(1)}`,
      `fee_differs ${at(2)}`,
      `utr_differs ${at(3)}`,
      `duplicate_on_statement ${at(5)}`,
      'missing_in_ledger nobody-000001',
      ...missing.map((reference) => `missing_on_statement ${reference}`),
    ];
    expect(found).toEqual(expected.sort());
    // Evidence changes nothing by itself.
    await expectTruth(office);
  }, 60_000);
});

describe('a second attempt', () => {
  test('is made under a reference of its own, only for what has provably failed', async () => {
    const office = await withBatch(10);
    await office.ask(...submit('--wait', '10s'));
    const paid = (await payoutsOf(office, '--state', 'paid'))[0]?.reference_id ?? '';
    expect((await office.ask('payout', 'retry', paid, '--yes')).exit).toBe(1);
    await office.bank.settings({ outcomes: {} });
    const retried = await office.ask(
      'payout',
      'retry',
      '--batch',
      'salary',
      '--code',
      'beneficiary_account',
      '--yes',
      '--json',
    );
    expect([0, 6]).toContain(retried.exit);
    await office.ask('payout', 'sync', '--wait', '10s');
    const second = (await payoutsOf(office)).filter((item) => item.provider_reference?.endsWith('.r2'));
    expect(second.map((item) => item.state)).toEqual(['paid']);
    await expectTruth(office);
    const explained = await office.ask('payout', 'explain', second[0]?.reference_id ?? '');
    expect(explained.stdout).toMatch(/attempt 2/);
  }, 30_000);

  test('after a person’s word waits until the provider agrees', async () => {
    const office = await withBatch(4, { outcomes: { '29': { status: 'PROCESSING' } } }, [1, 29]);
    office.configure({ provider: 'idempotency_window = "1m"' });
    await office.bank.faults([
      { kind: 'late', method: 'POST', path: '/payouts', reference: '-000001$', after_ms: 60_000 },
    ]);
    await office.ask(...submit());
    const held = (await payoutsOf(office, '--state', 'held'))[0]?.reference_id ?? '';
    expect(
      (await office.ask('payout', 'resolve', held, '--as', 'failed', '--reason', 'the bank says so')).exit,
    ).toBe(0);
    const refused = await office.ask('payout', 'retry', held, '--yes', '--json');
    expect([refused.exit, refused.json().error.code]).toEqual([1, 'retry_unproven']);
    expect((await office.bank.books()).payouts.some((payout) => payout.reference_id.endsWith('.r2'))).toBe(
      false,
    );
  }, 30_000);
});

test('a payout that comes back later is found by sync, and its money is available again', async () => {
  const office = await withBatch(20, { reverse_ms: 1500 }, [1, 19]);
  const paid = await office.ask(...submit('--wait', '10s'));
  expect([paid.exit, statesIn(paid)]).toEqual([0, { paid: 20 }]);
  await expect
    .poll(
      async () => (await office.bank.books()).payouts.filter((payout) => payout.status === 'REVERSED').length,
      { timeout: 10_000 },
    )
    .toBe(10);
  const synced = await office.ask('payout', 'sync', '--json');
  expect([synced.exit, synced.json().data]).toMatchObject([3, { changed: 10, states: { returned: 10 } }]);
  await expectTruth(office);
  expect((await office.ask('payout', 'sync')).exit).toBe(0);
}, 30_000);
