/** What people decide about breaks: one, several, by filter, with an entry in the books, and taken back. */
import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { changePayout, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { CONFIG, createDesk } from '../reconcile/desk.ts';

const desk = createDesk();

/** 1: a line that is not ours, of 1000.09. 2: an amount, one paisa more. 3 and 4: fees, 6.49 and 0.10 more. */
async function fourBreaks(): Promise<void> {
  const [one, two, three] = [seeded(1), seeded(2), seeded(3)] as const;
  await desk.seed(one, two, three);
  desk.write('report.csv', [
    reportRow(one, { amount: '1000.02' }),
    reportRow(two, { fee: '9.99' }),
    reportRow(three, { fee: '3.60' }),
    reportRow(seeded(9)),
  ]);
  expect((await desk.reconcile('report.csv')).breaks.open).toBe(4);
}

async function decide(verb: 'resolve' | 'reopen', ...args: string[]) {
  const ran = await desk.payrun('break', verb, ...args, '--json');
  const { data, error } = ran.json<Data & { items: Data[] }>();
  if (!error) await expectMatchesSchema(`break ${verb}`, ran.json());
  return { ...ran, data, error };
}

async function balances(): Promise<Record<string, string>> {
  const { data } = (await desk.payrun('ledger', 'balances', '--json')).json<{ items: Data[] }>();
  return Object.fromEntries(data.items.map((item) => [item.account, String(item.balance)]));
}

async function books(): Promise<void> {
  expect((await desk.payrun('audit', 'verify')).exit).toBe(0);
  const { problems } = (await desk.payrun('ledger', 'verify', '--json')).json<{ problems: Data[] }>().data;
  // The payouts were written without the entries that submitting them makes; nothing else may be wrong.
  expect(problems.filter(({ code }) => code !== 'payout_position')).toEqual([]);
}

describe('a filter', () => {
  it('lists, exports and resolves what fits, and a rehearsal says how many that would be', async () => {
    await fourBreaks();
    const numbers = async (...args: string[]) => (await desk.breaks(...args)).map((each) => each.break);
    expect(await numbers('--where', 'amount>1')).toEqual([1, 3]);
    expect(await numbers('--where', 'amount<0.05', '--where', 'kind=missing_in_ledger')).toEqual([1, 2]);
    expect(await numbers('--kind', 'fee_differs', '--where', 'amount<1', '--limit', '1')).toEqual([4]);
    desk.now = '2026-11-24T06:00:00.000Z';
    expect(await numbers('--where', 'age>=2d')).toEqual([1, 2, 3, 4]);
    expect(await numbers('--where', 'age>2d')).toEqual([]);
    const sheet = await desk.payrun('break', 'export', '--where', 'amount>1', '--format', 'csv');
    expect(sheet.stdout.trim().split(/\r?\n/)).toHaveLength(3);
    const filter = ['--kind', 'fee_differs', '--reason', 'fee_agreed', '--note', 'new tariff'];
    expect((await decide('resolve', ...filter, '--dry-run')).data).toMatchObject({ resolved: 2, booked: 0 });
    expect(await numbers()).toEqual([1, 2, 3, 4]);
    expect((await decide('resolve', ...filter)).data).toMatchObject({
      resolved: 2,
      items: [
        { break: 3, state: 'resolved', note: 'new tariff', resolved_by: 'meera' },
        { break: 4, state: 'resolved' },
      ],
    });
    expect(await numbers()).toEqual([1, 2]);
    expect((await desk.reconcile()).breaks).toMatchObject({ open: 2, carried: 2 });
    expect((await decide('resolve', ...filter)).data).toMatchObject({ resolved: 0, items: [] });
    expect((await decide('reopen', '--kind', 'fee_differs')).data).toMatchObject({ reopened: 2 });
    expect(await numbers()).toEqual([1, 2, 3, 4]);
  });

  it('has to be there, alone, and readable', async () => {
    await fourBreaks();
    for (const args of [
      [],
      ['1', '--kind', 'ambiguous'],
      ['--where', 'amount>lots'],
      ['--provider', 'other'],
    ])
      expect((await decide('resolve', '--reason', 'other', ...args)).exit).toBe(2);
    expect((await desk.payrun('break', 'list', '--where', 'colour=red')).stderr).toContain(
      '--where "colour=red"',
    );
  });

  it('is nothing that half succeeds: several numbers are resolved together or not at all', async () => {
    await fourBreaks();
    await decide('resolve', '2', '--reason', 'other');
    expect((await decide('resolve', '1', '2', '--reason', 'other')).error?.code).toBe('break_not_open');
    expect(await desk.breaks()).toHaveLength(3);
    expect((await decide('resolve', '1', '3', '--reason', 'other')).data).toMatchObject({ resolved: 2 });
  });
});

describe('reasons', () => {
  it('are those of the configuration, for numbers and for sheets', async () => {
    await fourBreaks();
    desk.file('payrun.toml', `${CONFIG}\n[breaks]\nreasons = ["tariff", "bank_error"]\n`);
    const refused = await decide('resolve', '1', '--reason', 'other');
    expect([refused.exit, refused.error?.message]).toEqual([
      2,
      '--reason is "other"; known: tariff, bank_error.',
    ]);
    expect((await decide('resolve', '1', '--reason', 'bank_error')).exit).toBe(0);
    await desk.payrun('break', 'export', '-o', 'sheet.csv');
    const sheet = await desk.payrun('break', 'export', '--format', 'csv');
    const [header = '', row = ''] = sheet.stdout.split(/\r?\n/);
    const filled = (reason: string) =>
      desk.file('sheet.csv', `${header}\n${row.replace(/,,$/, `,${reason},`)}\n`);
    filled('other');
    expect((await desk.payrun('break', 'apply', 'sheet.csv', '--json')).json().error.rows).toMatchObject([
      { code: 'reason_unknown' },
    ]);
    filled('tariff');
    expect((await desk.payrun('break', 'apply', 'sheet.csv')).exit).toBe(0);
  });
});

describe('an entry with the explanation', () => {
  it('is booked on its day, kept with the break, and reversed when the break is opened again', async () => {
    await fourBreaks();
    const resolved = await decide(
      'resolve',
      ...['1', '--reason', 'written_off', '--book', 'write-off', '--on', '2026-11-19'],
    );
    expect(resolved.data).toMatchObject({ state: 'resolved', entry: 1 });
    expect(await balances()).toEqual({
      'assets:providers:nxt:available': '-1000.09',
      'expenses:write-offs': '1000.09',
    });
    const entry = (await desk.payrun('ledger', 'entry', '1', '--json')).json<Data>().data;
    expect(entry).toMatchObject({ event: 'break_booked', booked_on: '2026-11-19', actor: 'meera' });
    const shown = await desk.payrun('break', 'show', '1', '--json');
    await expectMatchesSchema('break show', shown.json());
    expect(shown.json<{ history: Data[] }>().data).toMatchObject({
      entry: 1,
      history: [
        { event: 'opened', entry: null },
        { event: 'resolved', entry: 1 },
      ],
    });
    expect(await desk.reconcile()).toMatchObject({ breaks: { open: 3 } });
    const reopened = await decide('reopen', '1', '--note', 'it was ours after all');
    expect(reopened.data).toMatchObject({ state: 'open', entry: null, reversed_by: 2 });
    expect(Object.values(await balances())).toEqual(['0.00', '0.00']);
    const again = await decide('resolve', '1', '--reason', 'written_off', '--book', 'write-off');
    expect(again.data).toMatchObject({ entry: 3 });
    const log = (await desk.payrun('audit', 'log', '--json')).json<{ items: Data[] }>().data.items;
    expect(log.map(({ action, details }) => [action, (details as Data).entry ?? null])).toEqual([
      ['break_resolved', '1'],
      ['entry_reversed', null],
      ['break_reopened', '1'],
      ['break_resolved', '3'],
    ]);
    await books();
  });

  it('is one for each break of a filter, or none at all', async () => {
    await fourBreaks();
    const fees = await decide('resolve', '--kind', 'fee_differs', '--reason', 'fee_agreed', '--book', 'fee');
    expect(fees.data).toMatchObject({ resolved: 2, booked: 2 });
    expect(await balances()).toEqual({
      'assets:providers:nxt:available': '-6.59',
      'expenses:fees:nxt': '6.59',
    });
    const before = await desk.breaks();
    const refused = await decide('resolve', '--where', 'amount>0', '--reason', 'other', '--book', 'return');
    expect([refused.exit, refused.error?.code]).toEqual([1, 'break_unbookable']);
    expect(await desk.breaks()).toEqual(before);
    expect((await decide('reopen', '--kind', 'fee_differs')).data).toMatchObject({
      reopened: 2,
      reversed: 2,
    });
    expect(Object.values(await balances())).toEqual(['0.00', '0.00']);
    await books();
  });

  it('is not booked on a closed day, and the break stays open', async () => {
    await fourBreaks();
    const fee = ['4', '--reason', 'fee_agreed', '--book', 'fee', '--on', '2026-11-19'];
    await decide('resolve', ...fee);
    await desk.payrun('ledger', 'close', '--through', '2026-11-19', '--balance', '-0.10', '--yes');
    const refused = await decide(
      'resolve',
      '3',
      '--reason',
      'fee_agreed',
      '--book',
      'fee',
      '--on',
      '2026-11-19',
    );
    expect(refused.error?.code).toBe('period_closed');
    expect((await desk.breaks()).map((each) => each.break)).toEqual([1, 2, 3]);
    // Taken back today: the closed day keeps its balance.
    expect((await decide('reopen', '4')).data).toMatchObject({ reversed_by: 2 });
    await books();
  });

  it('that its difference has outlived is told, and stands in the way of another', async () => {
    await fourBreaks();
    await decide('resolve', '3', '--reason', 'fee_agreed', '--book', 'fee');
    // The provider says later what the fee was, and the ledger follows: by 4.49 and not by 6.49.
    await changePayout(desk.database, 'pay-000002', { fee_minor: 550n });
    const ran = await desk.payrun('reconcile', '--json');
    expect(ran.json().warnings).toMatchObject([{ code: 'entry_outlived' }]);
    const refused = await decide('resolve', '3', '--reason', 'fee_agreed', '--book', 'fee');
    expect(refused.error?.code).toBe('break_booked');
    await desk.payrun('ledger', 'reverse', '1', '--reason', 'booked anew');
    const again = await decide('resolve', '3', '--reason', 'fee_agreed', '--book', 'fee');
    expect(again.data).toMatchObject({ difference: '4.49', entry: 3 });
    expect((await desk.payrun('reconcile', '--json')).json().warnings).toEqual([]);
    await books();
  });

  it('needs --book for --on', async () => {
    await fourBreaks();
    expect((await decide('resolve', '1', '--reason', 'other', '--on', '2026-11-19')).exit).toBe(2);
    expect((await decide('resolve', '1', '--reason', 'other', '--book', 'fee', '--on', '19.11.')).exit).toBe(
      2,
    );
  });
});
