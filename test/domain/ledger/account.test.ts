import { describe, expect, test } from 'vitest';
import {
  accountClass,
  accountNameProblem,
  accountsOfProvider,
  isAccountName,
  similarAccount,
} from '../../../src/domain/ledger/account.ts';

describe('the name of an account', () => {
  test.each([
    'assets:bank',
    'liabilities:vendors',
    'expenses:payouts:2026',
    'equity:opening-balances',
    'income:x_Y-z9',
  ])('%s is one', (name) => {
    expect(isAccountName(name)).toBe(true);
    expect(accountNameProblem(name)).toBeNull();
  });

  test.each([
    '',
    'assets',
    'assets:',
    'asset:bank',
    'Assets:bank',
    'assets:Bank',
    'assets::bank',
    'assets:bank ',
    'assets:b nk',
    'assets:bänk',
    'assets:bank:',
    ':assets:bank',
    `assets:${'x'.repeat(114)}`,
  ])('%j is none, and the reason says what to write', (name) => {
    expect(isAccountName(name)).toBe(false);
    expect(accountClass(name)).toBeUndefined();
    expect(accountNameProblem(name)).toMatch(/write|at most|has only/);
  });

  test('has the class of its first segment', () => {
    expect(accountClass('liabilities:fees-payable:nxt')).toBe('liabilities');
    expect(accountClass('income:interest')).toBe('income');
  });

  test('of a provider is always the same', () => {
    expect(accountsOfProvider('nxt')).toEqual({
      available: 'assets:providers:nxt:available',
      in_transit: 'assets:providers:nxt:in-transit',
      fees: 'expenses:fees:nxt',
      tax: 'assets:tax-recoverable:nxt',
      fees_payable: 'liabilities:fees-payable:nxt',
    });
    for (const name of Object.values(accountsOfProvider('nxt-2_b'))) expect(isAccountName(name)).toBe(true);
  });
});

describe('a new account that is nearly an old one', () => {
  const existing = ['assets:bank:hdfc', 'expenses:fees:nxt', 'assets:loans:l1'];

  test.each([
    ['assets:bank:hdfd', 'assets:bank:hdfc'],
    ['assets:bank:hdf', 'assets:bank:hdfc'],
    ['assets:bank:hdffc', 'assets:bank:hdfc'],
    ['assets:bank:hfdc', 'assets:bank:hdfc'],
    ['assets:bank:hDFC', 'assets:bank:hdfc'],
    ['expenses:fees:n-xt', 'expenses:fees:nxt'],
  ])('%s is pointed out beside %s', (name, meant) => {
    expect(similarAccount(name, existing)).toBe(meant);
  });

  test.each([
    'assets:bank:hdfc',
    'assets:bank:icici',
    'assets:loans:l2',
    'expenses:fees:nyx2',
  ])('%s is not', (name) => {
    expect(similarAccount(name, existing)).toBeUndefined();
  });
});
