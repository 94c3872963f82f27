import { describe, expect, test } from 'vitest';
import {
  approvalsNeeded,
  canonicalEnd,
  canonicalPayout,
  samePerson,
  statedPayout,
} from '../../../src/domain/payout/batch.ts';
import { estimateFees } from '../../../src/domain/payout/fee-estimate.ts';
import { NETWORK_RULES, type RailRules } from '../../../src/domain/payout/rail.ts';

const ROW = {
  reference_id: 'a-1',
  beneficiary_ref: 'asha',
  fingerprint: 'f'.repeat(64),
  amount_minor: 10_000n,
  currency: 'INR',
  rail: 'IMPS' as const,
  account: 'expenses:payouts',
};

describe('the text of a digest', () => {
  test('is what it has always been', () => {
    expect(canonicalPayout(ROW)).toBe(`a-1\tasha\t${'f'.repeat(64)}\t10000\tINR\tIMPS\texpenses:payouts\n`);
    expect(canonicalEnd(2, 35_050n)).toBe('rows\t2\ttotal\t35050\n');
  });

  test('changes with every fact that decides who gets how much by which way', () => {
    const changes = [
      { reference_id: 'a-2' },
      { beneficiary_ref: 'bina' },
      { fingerprint: 'e'.repeat(64) },
      { amount_minor: 10_001n },
      { currency: 'USD' },
      { rail: 'NEFT' as const },
      { account: 'assets:loans' },
    ];
    const texts = changes.map((change) => canonicalPayout({ ...ROW, ...change }));
    expect(new Set([...texts, canonicalPayout(ROW)]).size).toBe(changes.length + 1);
  });
});

test('what a file states keeps its columns apart', () => {
  const empty = {
    reference_id: '',
    beneficiary_ref: '',
    rail: '',
    narration: '',
    purpose: '',
    account: '',
    tags: '',
  };
  const texts = [
    statedPayout({ ...empty, narration: 'x' }, '1', 'INR'),
    statedPayout({ ...empty, purpose: 'x' }, '1', 'INR'),
    statedPayout({ ...empty, reference_id: 'x' }, '1', 'INR'),
    statedPayout({ ...empty, beneficiary_ref: 'x' }, '1', 'INR'),
  ];
  expect(new Set(texts).size).toBe(4);
});

test('a person is the same under another case, and one approval is always needed', () => {
  expect(samePerson('Ravi', ' ravi')).toBe(true);
  expect(samePerson('ravi', 'ravi2')).toBe(false);
  expect([0, 1, 2].map(approvalsNeeded)).toEqual([1, 1, 2]);
});

describe('estimated fees', () => {
  const rails: RailRules = {
    ...NETWORK_RULES,
    IMPS: { ...NETWORK_RULES.IMPS, fee_minor: 350n, tax_rate: '0.18' },
    UPI: { ...NETWORK_RULES.UPI, fee_minor: 25n, tax_rate: '0.18' },
  };

  test('tax is rounded half up for each payout and then added up', () => {
    // 18 % of 25 are 4.5: five for each.
    expect(estimateFees(new Map([['UPI', 3]]), rails)).toEqual({ fee_minor: 75n, tax_minor: 15n });
    expect(
      estimateFees(
        new Map([
          ['IMPS', 2],
          ['UPI', 1],
        ]),
        rails,
      ),
    ).toEqual({ fee_minor: 725n, tax_minor: 131n });
  });

  test('a rail without a rate makes the sum unknown, not smaller', () => {
    expect(
      estimateFees(
        new Map([
          ['IMPS', 1],
          ['NEFT', 1],
        ]),
        rails,
      ),
    ).toEqual({ fee_minor: null, tax_minor: null });
    expect(
      estimateFees(
        new Map([
          ['IMPS', 1],
          ['NEFT', 0],
        ]),
        rails,
      ).fee_minor,
    ).toBe(350n);
    expect(estimateFees(new Map(), rails)).toEqual({ fee_minor: 0n, tax_minor: 0n });
  });
});
