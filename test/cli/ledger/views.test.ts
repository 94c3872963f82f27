import { beforeAll, expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { handEntry, insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'paid', 'in_transit']);
    await database.transaction((tx) =>
      postEntries(tx, [
        handEntry('OB', 'assets:providers:nxt:available', 'equity:opening-balances', 1000000n, {
          booked_on: '2026-10-30',
        }),
        ...moveEntries(1, 'available', 'paid'),
        ...moveEntries(2, 'available', 'paid', { booked_on: '2026-11-21' }),
        ...moveEntries(3, 'available', 'in_transit', { booked_on: '2026-12-01' }),
      ]),
    );
  });
});

async function balances(...args: string[]): Promise<Record<string, unknown>[]> {
  const ran = await office.payrun('ledger', 'balances', ...args, '--json');
  expect(ran.exit, ran.stdout).toBe(0);
  await expectMatchesSchema('ledger balances', ran.json());
  return ran.json<{ items: Record<string, unknown>[] }>().data.items;
}

test('a period opens with what the one before closed with', async () => {
  const months = await balances('--period', 'month', '--account', 'assets:providers:nxt:available');
  expect(months.map((each) => [each.period, each.opening, each.debit, each.credit, each.balance])).toEqual([
    ['2026-10', '0.00', '10000.00', '0.00', '10000.00'],
    ['2026-11', '10000.00', '0.00', '3000.00', '7000.00'],
    ['2026-12', '7000.00', '0.00', '1500.00', '5500.00'],
  ]);
  const days = await balances(
    ...['--period', 'day', '--since', '2026-11-21', '--as-of', '2026-11-30', '--account', 'expenses'],
  );
  expect(days).toEqual([
    {
      ...{ period: '2026-11-21', account: 'expenses:payouts', currency: 'INR' },
      ...{ opening: '1500.00', debit: '1500.00', credit: '0.00', balance: '3000.00' },
    },
  ]);
});

test('the last period of every account closes with its balance', async () => {
  const closing = new Map((await balances('--period', 'day')).map((each) => [each.account, each.balance]));
  for (const { account, balance } of await balances()) expect(closing.get(account)).toBe(balance);
});

test('a tree has the sums of what stands below each name', async () => {
  const tree = await balances('--tree');
  expect(tree.map((each) => `${each.depth} ${each.account} ${each.balance}`)).toEqual([
    '0 assets 7000.00',
    '1 assets:providers 7000.00',
    '2 assets:providers:nxt 7000.00',
    '3 assets:providers:nxt:available 5500.00',
    '3 assets:providers:nxt:in-transit 1500.00',
    '0 equity -10000.00',
    '1 equity:opening-balances -10000.00',
    '0 expenses 3000.00',
    '1 expenses:payouts 3000.00',
  ]);
  const shown = await office.payrun('ledger', 'balances', '--tree');
  expect(shown.stdout).toContain('\n      available     INR');
});

test('what means nothing together is refused', async () => {
  for (const args of [
    ['--tree', '--period', 'day'],
    ['--since', '2026-11-01'],
    ['--period', 'year'],
  ]) {
    expect((await office.payrun('ledger', 'balances', ...args)).exit).toBe(2);
  }
});

test('an empty ledger has the columns of what was asked', async () => {
  const empty = await openOffice();
  const header = async (...args: string[]) =>
    (await empty.payrun('ledger', 'balances', ...args, '--format', 'csv')).stdout;
  expect(await header()).toBe('account,currency,balance\n');
  expect(await header('--tree')).toBe('account,depth,currency,balance\n');
  expect(await header('--period', 'day')).toBe('period,account,currency,opening,debit,credit,balance\n');
});
