import { describe, expect, test } from 'vitest';
import { type RecordRow, readRecordedEntries } from '../../../src/domain/ledger/recorded-entries.ts';

const ROW: RecordRow = {
  entry_ref: 'J1',
  date: '2026-11-20',
  account: 'assets:bank:hdfc',
  debit: '10.00',
  credit: '',
  currency: 'INR',
  description: 'moved',
  tags: '',
};
const OTHER_SIDE: RecordRow = { ...ROW, account: 'equity:opening-balances', debit: '', credit: '10.00' };

function read(...rows: RecordRow[]) {
  return readRecordedEntries(rows.map((row, index) => ({ line: index + 2, row })));
}

test('rows of one entry_ref make one entry, wherever they stand', () => {
  const { entries, errors } = read(ROW, { ...ROW, entry_ref: 'J2' }, OTHER_SIDE, {
    ...OTHER_SIDE,
    entry_ref: 'J2',
    debit: '0.00',
    description: '',
  });
  expect(errors).toEqual([]);
  expect(entries.map((entry) => [entry.entry_ref, entry.line])).toEqual([
    ['J1', 2],
    ['J2', 3],
  ]);
  expect(entries[1]).toMatchObject({
    booked_on: '2026-11-20',
    description: 'moved',
    tags: null,
    postings: [
      { account: 'assets:bank:hdfc', amount_minor: 1000n, currency: 'INR' },
      { account: 'equity:opening-balances', amount_minor: -1000n, currency: 'INR' },
    ],
  });
});

describe('a wrong row is told by its line, column and code', () => {
  test.each<[string, Partial<RecordRow>, string, string]>([
    ['an empty entry_ref', { entry_ref: '' }, 'entry_ref', 'entry_ref_invalid'],
    ['spaces around an entry_ref', { entry_ref: ' J1' }, 'entry_ref', 'entry_ref_invalid'],
    ['an entry_ref without end', { entry_ref: 'x'.repeat(65) }, 'entry_ref', 'entry_ref_invalid'],
    ['a day of another order', { date: '20-11-2026' }, 'date', 'date_invalid'],
    ['a day that is none', { date: '2026-02-30' }, 'date', 'date_invalid'],
    ['an account without class', { account: 'bank:hdfc' }, 'account', 'account_invalid'],
    ['an unknown currency', { currency: 'RUPEE' }, 'currency', 'currency_unknown'],
    ['a currency in small letters', { currency: 'inr' }, 'currency', 'currency_unknown'],
    ['grouping commas', { debit: '1,000.00' }, 'debit', 'amount_invalid'],
    ['too many decimals', { debit: '10.005' }, 'debit', 'amount_precision'],
    ['a negative amount', { debit: '-10.00' }, 'debit', 'amount_invalid'],
    ['more than the books can add up', { debit: '10000000000000.01' }, 'debit', 'amount_too_large'],
    ['both sides', { credit: '10.00' }, 'debit', 'debit_credit'],
    ['no side', { debit: '' }, 'debit', 'debit_credit'],
    ['nothing on both sides', { debit: '0', credit: '0.00' }, 'debit', 'debit_credit'],
    ['a description of two lines', { description: 'a\nb' }, 'description', 'text_forbidden'],
    ['a description without end', { description: 'x'.repeat(501) }, 'description', 'text_too_long'],
  ])('%s', (_what, change, column, code) => {
    const { entries, errors } = read({ ...ROW, ...change });
    expect(entries).toEqual([]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ line: 2, column, code });
  });

  test('and a negative amount with what to write', () => {
    expect(read({ ...ROW, debit: '-10.00' }).errors[0]?.message).toContain('write 10.00 on the other side');
  });
});

describe('a wrong entry is told by the line on which it starts', () => {
  test('that it does not balance, in words and by currency', () => {
    const { errors } = read(ROW, { ...OTHER_SIDE, credit: '9.00' });
    expect(errors).toEqual([
      {
        line: 2,
        column: null,
        code: 'entry_unbalanced',
        message: 'Entry J1 has 1.00 INR more debit than credit; its rows must sum to zero in each currency.',
        value: 'J1',
      },
    ]);
  });

  test('that two currencies do not balance each other', () => {
    expect(read(ROW, { ...OTHER_SIDE, currency: 'USD' }).errors[0]?.message).toContain(
      '10.00 INR more debit than credit and 10.00 USD more credit than debit',
    );
  });

  test('that a row stands alone', () => {
    expect(read(ROW).errors.map((error) => error.code)).toEqual(['entry_unbalanced']);
  });

  test('that its rows have two dates or two descriptions', () => {
    const { errors } = read(ROW, { ...OTHER_SIDE, date: '2026-11-21', description: 'else' });
    expect(errors.map(({ line, column, code }) => [line, column, code])).toEqual([
      [3, 'date', 'entry_rows_differ'],
      [3, 'description', 'entry_rows_differ'],
    ]);
  });

  test('but not that it is out of balance when a row of it is wrong', () => {
    expect(read(ROW, { ...OTHER_SIDE, credit: 'ten' }).errors.map((error) => error.code)).toEqual([
      'amount_invalid',
    ]);
  });
});
