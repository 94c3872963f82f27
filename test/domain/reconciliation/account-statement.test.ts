import fc from 'fast-check';
import { expect, test } from 'vitest';
import { balanceAccount, breakOfBalance } from '../../../src/domain/reconciliation/account-balance.ts';
import type { AccountMovement } from '../../../src/domain/reconciliation/account-movement.ts';
import {
  type AccountComparison,
  compareAccount,
} from '../../../src/domain/reconciliation/account-statement.ts';
import type { Terms } from '../../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../../src/domain/reconciliation/calendar.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';

const TERMS: Terms = {
  today: '2026-11-27',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};

function entry(no: number, changes: Partial<AccountMovement> & { named?: string[] } = {}): AccountMovement {
  const { named = [], ...rest } = changes;
  return {
    entry_id: BigInt(no),
    reference_id: `E${no}`,
    names: new Set([`E${no}`, ...named]),
    utrs: new Set(named),
    booked_on: '2026-11-18',
    moved_minor: 100_00n,
    currency: 'INR',
    ...rest,
  };
}

function line(no: number, changes: Partial<StatementLine> = {}): StatementLine {
  return {
    line_id: BigInt(no),
    statement_ids: [1n],
    content: `line ${no}`,
    occurrence: 1,
    provider_id: null,
    provider_reference: null,
    utr: null,
    provider_beneficiary_id: null,
    kind: 'other',
    amount_minor: 100_00n,
    currency: 'INR',
    fee_minor: null,
    tax_minor: null,
    status: 'success',
    status_word: '',
    stated_at: '2026-11-18T06:00:00.000Z',
    stated_on: '2026-11-18',
    ...changes,
  };
}

function kinds({ breaks }: AccountComparison): string[] {
  return breaks.map(({ kind, reference_id, line: of }) => `${kind} ${reference_id ?? of?.line_id}`);
}

test.each([
  ['a line without a name, by amount and day', [line(1)], [entry(1)], []],
  [
    'a line whose reference the entry bears, with another amount',
    [line(1, { utr: 'N123456789012345', amount_minor: 90_00n })],
    [entry(1, { named: ['N123456789012345'] })],
    ['amount_differs E1'],
  ],
  [
    'money that came in, and an entry of money that left',
    [line(1, { amount_minor: -100_00n })],
    [entry(1)],
    ['missing_on_statement E1', 'missing_in_ledger 1'],
  ],
  [
    'a day later over a weekend',
    [line(1, { stated_on: '2026-11-23' })],
    [entry(1, { booked_on: '2026-11-20' })],
    [],
  ],
  [
    'two business days later',
    [line(1, { stated_on: '2026-11-20' }), line(2, { amount_minor: 1n })],
    [entry(1), entry(2, { moved_minor: 1n })],
    ['missing_on_statement E1', 'missing_in_ledger 1'],
  ],
  ['two entries that fit one line', [line(1)], [entry(1), entry(2)], ['ambiguous 1']],
  [
    'an entry that bears another reference',
    [line(1, { utr: 'N111111111111111' })],
    [entry(1, { named: ['N222222222222222'] })],
    ['missing_on_statement E1', 'missing_in_ledger 1'],
  ],
  [
    'the same payment twice',
    [line(1, { utr: 'N123456789012345' }), line(2, { utr: 'N123456789012345' })],
    [entry(1, { named: ['N123456789012345'] })],
    ['duplicate_on_statement 2'],
  ],
  ['a line that moved nothing', [line(1, { status: 'failed' })], [], []],
] as const)('%s', (_, lines, entries, expected) => {
  const found = compareAccount(lines, entries, TERMS);
  expect(kinds(found)).toEqual(expected);
  for (const { unexplained } of found.totals) expect(unexplained).toBe(0n);
});

test('what was booked before the first statement is not looked for, and what is young is expected', () => {
  const found = compareAccount(
    [line(1)],
    [
      entry(1),
      entry(2, { booked_on: '2026-10-31', moved_minor: 5n }),
      entry(3, { booked_on: '2026-11-26', moved_minor: 7n }),
    ],
    TERMS,
  );
  expect(found).toMatchObject({ breaks: [], matched: 1, older: 1, expected: 1 });
});

const lines = fc.array(
  fc.record({
    utr: fc.constantFrom(null, null, 'N1', 'N2', 'N3'),
    amount_minor: fc.constantFrom(-100n, 100n, 200n),
    stated_on: fc.constantFrom('2026-11-18', '2026-11-19', '2026-11-20'),
    status: fc.constantFrom<StatementLine['status']>('success', 'success', 'failed'),
  }),
  { maxLength: 8 },
);
const entries = fc.array(
  fc.record({
    named: fc.subarray(['N1', 'N2', 'N3'], { maxLength: 1 }),
    moved_minor: fc.constantFrom(-100n, 100n, 200n),
    booked_on: fc.constantFrom('2026-11-18', '2026-11-19', '2026-11-20'),
  }),
  { maxLength: 8 },
);

test('the bank’s balance and the books’ meet by what only one of them has, on every day', () => {
  fc.assert(
    fc.property(
      lines,
      entries,
      fc.constantFrom('2026-11-18', '2026-11-19', '2026-11-20'),
      (drawn, booked, on) => {
        const all = drawn.map((each, index) => line(index + 1, each));
        const ours = booked.map((each, index) => entry(index + 1, each));
        const found = compareAccount(all, ours, TERMS);
        const sum = (amounts: bigint[]) => amounts.reduce((whole, each) => whole + each, 0n);
        // Both began with a thousand; what the account had before the first line is older.
        const moved = all.filter(({ status, stated_on }) => status === 'success' && (stated_on ?? '') <= on);
        const first = all.map(({ stated_on }) => stated_on ?? '').sort()[0] ?? '9';
        const booked_by = ours.filter(({ booked_on }) => booked_on <= on);
        const older = booked_by.filter((each) => !found.positions.some(({ movement }) => movement === each));
        expect(older.every(({ booked_on }) => booked_on < first)).toBe(true);
        const stated = {
          ...{ currency: 'INR', on, file: 'bank.csv', line: 9 },
          balance_minor: 1_000n - sum(moved.map(({ amount_minor }) => amount_minor)),
        };
        const books = {
          balance_minor: 1_000n - sum(booked_by.map(({ moved_minor }) => moved_minor)) + 7n + 3n,
          ...{ booked_with_breaks: 7n, reversed_later: 3n },
        };
        const balance = balanceAccount(stated, books, found.positions);
        expect(balance.difference_minor).toBe(sum(older.map(({ moved_minor }) => moved_minor)));
        expect(sum(balance.items.map(({ minor }) => minor))).toBe(
          balance.adjusted_minor - stated.balance_minor,
        );
        const broken = breakOfBalance('assets:bank:x', balance, found.positions);
        expect(broken.length).toBe(balance.difference_minor === 0n ? 0 : 1);
        if (broken.length > 0) expect(broken).toMatchObject([{ statement: '10.00' }]);
      },
    ),
  );
});

test('totals prove themselves, each line and entry counts once, and no order changes anything', () => {
  fc.assert(
    fc.property(lines, entries, fc.infiniteStream(fc.nat()), (drawn, booked, keys) => {
      const all = drawn.map((each, index) => line(index + 1, each));
      const ours = booked.map((each, index) => entry(index + 1, each));
      const found = compareAccount(all, ours, TERMS);
      for (const { unexplained } of found.totals) expect(unexplained).toBe(0n);
      const moved = all.filter(({ status }) => status === 'success').length;
      const ofLines = found.breaks.filter(({ kind, line: of }) => of !== null && kind !== 'amount_differs');
      expect(found.matched + ofLines.length).toBe(moved);
      const mixed = <T>(items: readonly T[]): T[] => {
        const ordered = items.map((item) => ({ item, key: keys.next().value }));
        return ordered.sort((a, b) => a.key - b.key).map(({ item }) => item);
      };
      const again = compareAccount(mixed(all), mixed(ours), TERMS);
      expect(kinds(again)).toEqual(kinds(found));
      expect(again.totals).toEqual(found.totals);
    }),
  );
});

test('thousands of lines and entries of one amount and day are ambiguous within a second', () => {
  const many = <T>(make: (no: number) => T) => Array.from({ length: 5_000 }, (_, no) => make(no + 1));
  const started = performance.now();
  // With references of their own, which no entry has.
  const found = compareAccount(
    many((no) => line(no, { utr: `N${String(no).padStart(15, '0')}` })),
    many((no) => entry(no)),
    TERMS,
  );
  expect(found.breaks.filter(({ kind }) => kind === 'ambiguous')).toHaveLength(5_000);
  // Each pair of them would take ten seconds; this leaves room for a busy machine.
  expect(performance.now() - started).toBeLessThan(3_000);
});
