import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Bug } from '../../../src/domain/errors.ts';
import { assertBalanced } from '../../../src/domain/ledger/entry.ts';
import {
  entriesToMove,
  feeEntries,
  feeReturnedEntries,
  type MadeEntry,
  type MoveFacts,
} from '../../../src/domain/ledger/payout-entries.ts';
import { POSITIONS, type Position } from '../../../src/domain/payout/payout.ts';

const facts: MoveFacts = {
  provider: 'nxt',
  booking_account: 'expenses:payouts',
  amount_minor: 150000n,
  currency: 'INR',
};
const AVAILABLE = 'assets:providers:nxt:available';
const IN_TRANSIT = 'assets:providers:nxt:in-transit';
const BOOKING = 'expenses:payouts';

/** `submitted: in-transit ← available`, debit first. */
function picture(entries: readonly MadeEntry[]): string[] {
  return entries.map(({ event, postings }) => {
    const debit = postings.find((posting) => posting.amount_minor > 0n)?.account;
    const credit = postings.find((posting) => posting.amount_minor < 0n)?.account;
    return `${event}: ${debit?.split(':').at(-1)} ← ${credit?.split(':').at(-1)}`;
  });
}

const MOVES: [Position, Position, string[]][] = [
  ['available', 'available', []],
  ['available', 'in_transit', ['submitted: in-transit ← available']],
  ['available', 'paid', ['submitted: in-transit ← available', 'paid: payouts ← in-transit']],
  [
    'available',
    'returned',
    ['submitted: in-transit ← available', 'paid: payouts ← in-transit', 'returned: available ← payouts'],
  ],
  ['in_transit', 'available', ['failed: available ← in-transit']],
  ['in_transit', 'in_transit', []],
  ['in_transit', 'paid', ['paid: payouts ← in-transit']],
  ['in_transit', 'returned', ['paid: payouts ← in-transit', 'returned: available ← payouts']],
  ['paid', 'available', ['failed_after_paid: available ← payouts']],
  ['paid', 'in_transit', ['unproven: in-transit ← payouts']],
  ['paid', 'paid', []],
  ['paid', 'returned', ['returned: available ← payouts']],
  ['returned', 'available', []],
  ['returned', 'in_transit', ['submitted: in-transit ← available']],
  ['returned', 'paid', ['submitted: in-transit ← available', 'paid: payouts ← in-transit']],
  ['returned', 'returned', []],
];

describe('the entries of a move', () => {
  test('are listed for every pair of positions', () => {
    expect(MOVES.map(([from, to]) => `${from} ${to}`)).toEqual(
      POSITIONS.flatMap((from) => POSITIONS.map((to) => `${from} ${to}`)),
    );
  });

  test.each(MOVES)('from %s to %s', (from, to, expected) => {
    expect(picture(entriesToMove(from, to, facts))).toEqual(expected);
  });

  test.each([
    'refused',
    'failed',
    'not_sent',
    'resolved',
  ] as const)('name why the money is available again: %s', (reason) => {
    expect(
      entriesToMove('in_transit', 'available', { ...facts, reason }).map((entry) => entry.event),
    ).toEqual([reason]);
  });

  test('take the booking account as it is named', () => {
    const [paid] = entriesToMove('in_transit', 'paid', { ...facts, booking_account: 'assets:loans:l17' });
    expect(paid?.postings).toEqual([
      { account: 'assets:loans:l17', amount_minor: 150000n, currency: 'INR' },
      { account: IN_TRANSIT, amount_minor: -150000n, currency: 'INR' },
    ]);
  });

  test('of an amount that is not positive are a bug', () => {
    expect(() => entriesToMove('available', 'in_transit', { ...facts, amount_minor: 0n })).toThrow(Bug);
  });

  test('leave the books as the position says, whatever happened before', () => {
    const walk = fc.array(fc.constantFrom(...POSITIONS), { maxLength: 30 });
    fc.assert(
      fc.property(walk, fc.bigInt({ min: 1n, max: 10n ** 15n }), (positions, amount_minor) => {
        const balances = new Map([
          [AVAILABLE, 0n],
          [IN_TRANSIT, 0n],
          [BOOKING, 0n],
        ]);
        let at: Position = 'available';
        for (const to of positions) {
          for (const entry of entriesToMove(at, to, { ...facts, amount_minor })) {
            assertBalanced(entry);
            for (const posting of entry.postings)
              balances.set(posting.account, (balances.get(posting.account) ?? 0n) + posting.amount_minor);
          }
          at = to;
        }
        const away = at === 'in_transit' || at === 'paid';
        expect(Object.fromEntries(balances)).toEqual({
          [AVAILABLE]: away ? -amount_minor : 0n,
          [IN_TRANSIT]: at === 'in_transit' ? amount_minor : 0n,
          [BOOKING]: at === 'paid' ? amount_minor : 0n,
        });
      }),
    );
  });
});

describe('fee and tax', () => {
  const stated = {
    provider: 'nxt',
    currency: 'INR',
    fee_minor: 500n,
    tax_minor: 90n,
    fees: 'deducted',
    tax: 'recoverable',
  } as const;

  test('are an entry each, from the available balance', () => {
    expect(feeEntries(stated)).toEqual([
      {
        event: 'fee',
        postings: [
          { account: 'expenses:fees:nxt', amount_minor: 500n, currency: 'INR' },
          { account: AVAILABLE, amount_minor: -500n, currency: 'INR' },
        ],
      },
      {
        event: 'tax',
        postings: [
          { account: 'assets:tax-recoverable:nxt', amount_minor: 90n, currency: 'INR' },
          { account: AVAILABLE, amount_minor: -90n, currency: 'INR' },
        ],
      },
    ]);
  });

  test('are owed where the provider sends an invoice, and the tax is an expense where it is not recoverable', () => {
    expect(
      feeEntries({ ...stated, fees: 'invoiced', tax: 'expense' }).map((entry) =>
        entry.postings.map((posting) => posting.account),
      ),
    ).toEqual([
      ['expenses:fees:nxt', 'liabilities:fees-payable:nxt'],
      ['expenses:fees:nxt', 'liabilities:fees-payable:nxt'],
    ]);
  });

  test('that are not stated, or zero, post nothing', () => {
    expect(feeEntries({ ...stated, fee_minor: null, tax_minor: 0n })).toEqual([]);
    expect(feeEntries({ ...stated, fee_minor: null }).map((entry) => entry.event)).toEqual(['tax']);
  });

  test('below zero are a bug', () => {
    expect(() => feeEntries({ ...stated, fee_minor: -1n })).toThrow(Bug);
  });

  test('that are given back are the exact opposite', () => {
    const there = feeEntries(stated);
    const back = feeReturnedEntries(stated);
    expect(back.map((entry) => entry.event)).toEqual(['fee_returned', 'tax_returned']);
    const opposite = (entry: MadeEntry) =>
      entry.postings.map((posting) => ({ ...posting, amount_minor: -posting.amount_minor }));
    expect(back.map(opposite)).toEqual(there.map((entry) => entry.postings));
  });
});
