import { expect, test } from 'vitest';
import { accountTree } from '../../../src/domain/ledger/account-tree.ts';

test('every name above accounts has the sum of what stands below it, by currency', () => {
  const tree = accountTree([
    { account: 'assets:bank-old', currency: 'INR', balance_minor: 1n },
    { account: 'assets:bank:hdfc', currency: 'INR', balance_minor: 10n },
    { account: 'assets:bank:hdfc', currency: 'USD', balance_minor: 5n },
    { account: 'assets:bank:icici', currency: 'INR', balance_minor: -3n },
    { account: 'equity:opening', currency: 'INR', balance_minor: -8n },
  ]);
  expect(tree.map((node) => `${node.depth} ${node.account} ${node.balance_minor} ${node.currency}`)).toEqual([
    '0 assets 8 INR',
    '0 assets 5 USD',
    '1 assets:bank 7 INR',
    '1 assets:bank 5 USD',
    '2 assets:bank:hdfc 10 INR',
    '2 assets:bank:hdfc 5 USD',
    '2 assets:bank:icici -3 INR',
    '1 assets:bank-old 1 INR',
    '0 equity -8 INR',
    '1 equity:opening -8 INR',
  ]);
});

test('an account that stands above others counts in itself', () => {
  const tree = accountTree([
    { account: 'expenses:a', currency: 'INR', balance_minor: 1n },
    { account: 'expenses:a:b', currency: 'INR', balance_minor: 2n },
  ]);
  expect(tree.map(({ account, balance_minor }) => [account, balance_minor])).toEqual([
    ['expenses', 3n],
    ['expenses:a', 3n],
    ['expenses:a:b', 2n],
  ]);
});
