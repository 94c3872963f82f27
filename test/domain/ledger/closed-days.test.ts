import { describe, expect, test } from 'vitest';
import { closedFor, closedKey, dayAfter, onOpenDay } from '../../../src/domain/ledger/closed-days.ts';
import type { NewEntry } from '../../../src/domain/ledger/entry.ts';

const AVAILABLE = 'assets:providers:nxt:available';
const FEES = 'expenses:fees:nxt';
const closed = new Map([
  [closedKey(AVAILABLE, 'INR'), '2026-11-30'],
  [closedKey(FEES, 'INR'), '2026-12-31'],
]);

function entry(changes: Partial<NewEntry> = {}, account = AVAILABLE): NewEntry {
  return {
    event: 'paid',
    payout: { payout_id: 1n, attempt_no: 1, cycle: 1 },
    reference_id: 'a-1',
    provider: 'nxt',
    booked_on: '2026-11-30',
    recorded_at: '2026-12-02T04:00:00.000Z',
    description: 'a-1 paid',
    actor: 'asha',
    entry_ref: null,
    reverses_id: null,
    postings: [
      { account: 'expenses:payouts', amount_minor: 100n, currency: 'INR' },
      { account, amount_minor: -100n, currency: 'INR' },
    ],
    ...changes,
  };
}

const byHand = { payout: null, reference_id: null, provider: null, entry_ref: 'OB-1' };

describe('an entry on a closed day', () => {
  test('of a payout is booked on the first open day, and says of which day it is', () => {
    expect(onOpenDay(entry(), closed)).toEqual({
      ...entry(),
      booked_on: '2026-12-01',
      description: 'a-1 paid (of 2026-11-30, which is closed)',
    });
  });

  test('goes to the first day that is open for all of its accounts', () => {
    const both = entry({
      postings: [
        { account: FEES, amount_minor: 5n, currency: 'INR' },
        { account: AVAILABLE, amount_minor: -5n, currency: 'INR' },
      ],
    });
    expect(onOpenDay(both, closed).booked_on).toBe('2027-01-01');
  });

  test('by hand is refused, with the first day that is open', () => {
    const refused = () => onOpenDay(entry(byHand), closed);
    expect(refused).toThrow(
      'Entry OB-1 is booked on 2026-11-30, and assets:providers:nxt:available is closed through 2026-11-30.',
    );
    expect(refused).toThrow(
      expect.objectContaining({ code: 'period_closed', hint: expect.stringContaining('2026-12-01') }),
    );
  });
});

describe('what no closing touches', () => {
  test.each([
    ['the day after', entry({ booked_on: '2026-12-01' })],
    ['another account', entry({}, 'assets:providers:other:available')],
    ['another currency', entry({ postings: entry().postings.map((each) => ({ ...each, currency: 'USD' })) })],
    ['an entry by hand elsewhere', entry(byHand, 'assets:bank:hdfc')],
  ])('%s', (_what, made) => {
    expect(onOpenDay(made, closed)).toBe(made);
    expect(closedFor(made.postings, made.booked_on, closed)).toBeNull();
  });
});

test.each([
  ['2026-11-30', '2026-12-01'],
  ['2026-12-31', '2027-01-01'],
  ['2028-02-28', '2028-02-29'],
  ['2026-02-28', '2026-03-01'],
])('the day after %s is %s', (day, next) => {
  expect(dayAfter(day)).toBe(next);
});
