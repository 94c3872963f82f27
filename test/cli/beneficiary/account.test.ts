import { beforeAll, describe, expect, test } from 'vitest';
import { MOVES, type PayoutEvent } from '../../../src/domain/ledger/payout-entries.ts';
import { postEntries } from '../../../src/store/ledger.ts';
import { AMOUNT, BOOKING, IN_TRANSIT, insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { type Office, openOffice } from './office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'returned', 'in_transit', 'available']);
    const fee = [
      { account: 'expenses:fees:nxt', amount_minor: 500n, currency: 'INR' },
      { account: 'assets:providers:nxt:available', amount_minor: -500n, currency: 'INR' },
    ];
    const later = { payout: { payout_id: 1n, attempt_no: 1, cycle: 2 } };
    await database.transaction((tx) =>
      postEntries(tx, [
        ...moveEntries(1, 'available', 'paid'),
        ...moveEntries(1, 'available', 'in_transit', { ...later, event: 'fee', postings: fee }),
        ...moveEntries(2, 'available', 'returned', { booked_on: '2026-11-21' }),
        ...moveEntries(3, 'available', 'in_transit', { booked_on: '2026-11-19' }),
      ]),
    );
  });
});

interface Account {
  currencies: unknown[];
  items: { event: string; reference_id: string; state: string; in_transit: string; paid: string }[];
  next: string | null;
}

async function account(...args: string[]): Promise<Account> {
  const ran = await office.payrun('beneficiary', 'account', 'b-1', '--json', ...args);
  expect(ran.exit, ran.stdout).toBe(0);
  await expectMatchesSchema('beneficiary account', ran.json());
  return ran.json<Account>().data;
}
const lines = (data: Account) =>
  data.items.map((item) => `${item.reference_id} ${item.event} ${item.in_transit} ${item.paid}`);

const ALL = [
  'p-3 submitted 1500.00 0.00',
  'p-1 submitted 3000.00 0.00',
  'p-1 paid 1500.00 1500.00',
  'p-2 submitted 3000.00 1500.00',
  'p-2 paid 1500.00 3000.00',
  'p-2 returned 1500.00 1500.00',
];

describe('beneficiary account', () => {
  test('has every move of money to the beneficiary with running totals, and no fee', async () => {
    const data = await account();
    expect(lines(data)).toEqual(ALL);
    expect(data.items[0]?.state).toBe('pending');
    expect(data.currencies).toEqual([
      {
        ...{ currency: 'INR', payouts: 4, in_transit: '1500.00', paid: '1500.00' },
        states: { failed: 1, pending: 1, paid: 1, returned: 1 },
        amounts: { failed: '1500.00', pending: '1500.00', paid: '1500.00', returned: '1500.00' },
      },
    ]);
  });

  test('goes on page by page, and by days, with the totals of the whole', async () => {
    const seen: string[] = [];
    let next: string | null = null;
    do {
      const page: Account = await account('--limit', '2', ...(next === null ? [] : ['--after', next]));
      seen.push(...lines(page));
      next = page.next;
    } while (next !== null);
    expect(seen).toEqual(ALL);
    expect(lines(await account('--since', '2026-11-20', '--until', '2026-11-20'))).toEqual(ALL.slice(1, 3));
    const csv = await office.payrun('beneficiary', 'account', 'b-1', '--format', 'csv');
    expect(csv.stdout.trim().split('\n')).toHaveLength(1 + ALL.length);
  });

  test('shows the account masked, and refuses a name that is none', async () => {
    expect((await office.payrun('beneficiary', 'account', 'b-1')).stdout).toContain('b-1: Asha, ••••1234');
    const ran = await office.payrun('beneficiary', 'account', 'nobody', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'beneficiary_unknown']);
  });
});

test('what a line adds is what its entry posts', () => {
  const moves = [...moveEntries(1, 'available', 'returned'), ...moveEntries(1, 'in_transit', 'available')];
  moves.push(...moveEntries(1, 'paid', 'in_transit'), ...moveEntries(1, 'paid', 'available'));
  expect(new Set(moves.map((move) => move.event)).size).toBe(6);
  for (const { event, postings } of moves) {
    const on = (account: string) =>
      postings.find((posting) => posting.account === account)?.amount_minor ?? 0n;
    const move = MOVES[event as PayoutEvent];
    expect([event, (move?.in_transit ?? 0n) * AMOUNT, (move?.paid ?? 0n) * AMOUNT]).toEqual([
      ...[event, on(IN_TRANSIT), on(BOOKING)],
    ]);
  }
});
