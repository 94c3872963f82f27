import { describe, expect, it } from 'vitest';
import type { Posting } from '../../../src/domain/ledger/entry.ts';
import { BREAK_KINDS } from '../../../src/domain/reconciliation/break.ts';
import {
  BOOK_RULES,
  type BookTerms,
  postingsOfBreak,
} from '../../../src/domain/reconciliation/break-entry.ts';

const TERMS: Omit<BookTerms, 'rule'> = {
  write_off_account: 'expenses:write-offs',
  payout_account: 'expenses:payouts',
  fees: 'deducted',
  tax: 'recoverable',
};
type Found = Parameters<typeof postingsOfBreak>[0];
const FOUND: Found = {
  kind: 'missing_in_ledger',
  subject: 'line:1',
  ledger_value: null,
  statement_value: '5.00',
  difference_minor: 500n,
  currency: 'INR',
};

function book(
  rule: BookTerms['rule'],
  changes: Partial<Found>,
  account: string | null = null,
  terms = TERMS,
) {
  const made = postingsOfBreak({ ...FOUND, ...changes }, 'nxt', account, { ...terms, rule });
  if ('problem' in made) return made.problem;
  return made.postings.map(({ account: name, amount_minor }: Posting) => `${name} ${amount_minor}`);
}

const fee = (ledger_value: string, statement_value: string, difference_minor: bigint) =>
  ({ kind: 'fee_differs', subject: 'payout:1.1', ledger_value, statement_value, difference_minor }) as const;

describe('a difference', () => {
  it('that is written off leaves the available balance where the statement has it', () => {
    expect(book('write-off', {})).toEqual(['expenses:write-offs 500', 'assets:providers:nxt:available -500']);
    expect(
      book('write-off', { kind: 'amount_differs', subject: 'payout:1.1:success', difference_minor: -1n }),
    ).toEqual(['expenses:write-offs -1', 'assets:providers:nxt:available 1']);
  });

  it('that is a return goes back to where the payout was booked', () => {
    expect(book('return', { difference_minor: -500n })).toEqual([
      'expenses:payouts -500',
      'assets:providers:nxt:available 500',
    ]);
    expect(book('return', { difference_minor: -500n }, 'liabilities:vendors')).toEqual([
      'liabilities:vendors -500',
      'assets:providers:nxt:available 500',
    ]);
    expect(book('return', {})).toContain('more left');
  });

  it('of fee and tax is booked apart, to the accounts that the configuration says', () => {
    const both = fee('fee 3.50, tax 0.63', 'fee 4.50, tax 0.81', 118n);
    expect(book('fee', both)).toEqual([
      'expenses:fees:nxt 100',
      'assets:providers:nxt:available -100',
      'assets:tax-recoverable:nxt 18',
      'assets:providers:nxt:available -18',
    ]);
    expect(book('fee', both, null, { ...TERMS, fees: 'invoiced', tax: 'expense' })).toEqual([
      'expenses:fees:nxt 100',
      'liabilities:fees-payable:nxt -100',
      'expenses:fees:nxt 18',
      'liabilities:fees-payable:nxt -18',
    ]);
    expect(book('fee', fee('3.50', '0.00', -350n))).toEqual([
      'expenses:fees:nxt -350',
      'assets:providers:nxt:available 350',
    ]);
    expect(book('fee', fee('3.50 by the rate', '3.60', 10n))).toEqual([
      'expenses:fees:nxt 10',
      'assets:providers:nxt:available -10',
    ]);
    expect(book('fee', fee('tax 0.63', 'tax -0.10', -73n))).toEqual([
      'assets:tax-recoverable:nxt -73',
      'assets:providers:nxt:available 73',
    ]);
  });

  it('is not booked where it is none of money, or where a payout’s own decision books it', () => {
    expect(book('write-off', { difference_minor: 0n })).toContain('no difference of money');
    expect(book('write-off', { difference_minor: null })).toContain('no difference of money');
    for (const subject of ['payout:1.1:failed', 'payout:1.1:reversed'])
      expect(book('write-off', { kind: 'amount_differs', subject })).toContain('moved no money');
    for (const kind of ['missing_on_statement', 'in_transit_overdue', 'status_differs'] as const)
      expect(book('write-off', { kind })).toContain('payout resolve');
    for (const kind of ['currency_differs', 'utr_differs', 'ambiguous'] as const)
      expect(book('return', { kind })).toContain('no entry settles');
    expect(book('return', fee('3.50', '3.40', -10n))).toContain('does not book');
  });

  it('has an entry that balances, by every rule and kind that has one', () => {
    for (const rule of BOOK_RULES)
      for (const kind of BREAK_KINDS)
        for (const difference_minor of [-7n, 7n]) {
          const text = { ledger_value: '1.00', statement_value: difference_minor < 0n ? '0.93' : '1.07' };
          const subject = kind === 'amount_differs' ? 'payout:1.1:success' : 'line:1';
          const found: Found = { ...FOUND, ...text, kind, subject, difference_minor };
          const made = postingsOfBreak(found, 'nxt', null, { ...TERMS, rule });
          if ('problem' in made) continue;
          const sum = made.postings.reduce((all, each) => all + each.amount_minor, 0n);
          const available = made.postings.filter(({ account }) => account.endsWith(':available'));
          expect([rule, kind, sum]).toEqual([rule, kind, 0n]);
          expect(available.reduce((all, each) => all + each.amount_minor, 0n)).toBe(-difference_minor);
        }
  });
});
