import { describe, expect, test } from 'vitest';
import {
  defaultRail,
  isRail,
  NETWORK_RULES,
  RAILS,
  railReaches,
  withinLimits,
} from '../../../src/domain/payout/rail.ts';

const LAKH = 1_00_000_00n;

describe('the rail of a row that names none', () => {
  test.each([
    ['vpa', LAKH, 'UPI'],
    ['vpa', LAKH + 1n, null],
    ['bank_account', 1n, 'IMPS'],
    ['bank_account', 5n * LAKH, 'IMPS'],
    ['bank_account', 5n * LAKH + 1n, 'RTGS'],
    ['bank_account', 10_000n * LAKH, 'RTGS'],
  ] as const)('to a %s for %s minor units is %s', (destination, amount, rail) => {
    expect(defaultRail(amount, destination, NETWORK_RULES)).toBe(rail);
  });

  test('follows what the configuration narrows', () => {
    const narrow = { ...NETWORK_RULES, IMPS: { ...NETWORK_RULES.IMPS, max_minor: LAKH } };
    expect(defaultRail(LAKH, 'bank_account', narrow)).toBe('IMPS');
    expect(defaultRail(LAKH + 1n, 'bank_account', narrow)).toBeNull();
    expect(defaultRail(2n * LAKH, 'bank_account', narrow)).toBe('RTGS');
  });

  test('never goes by NEFT, which nobody asked for', () => {
    const only = {
      ...NETWORK_RULES,
      IMPS: { ...NETWORK_RULES.IMPS, max_minor: 0n },
      RTGS: { ...NETWORK_RULES.RTGS, max_minor: 0n },
    };
    expect(defaultRail(LAKH, 'bank_account', only)).toBeNull();
  });
});

test('limits include both of their ends', () => {
  const rule = { min_minor: 10n, max_minor: 20n, fee_minor: null, tax_rate: null };
  expect([9n, 10n, 20n, 21n].map((amount) => withinLimits(amount, rule))).toEqual([false, true, true, false]);
  expect(withinLimits(1n, NETWORK_RULES.NEFT)).toBe(true);
  expect(withinLimits(2n * LAKH - 1n, NETWORK_RULES.RTGS)).toBe(false);
});

test('UPI pays a VPA and nothing else, and nothing else pays a VPA', () => {
  expect(RAILS.map((rail) => [rail, railReaches(rail, 'bank_account'), railReaches(rail, 'vpa')])).toEqual([
    ['IMPS', true, false],
    ['NEFT', true, false],
    ['RTGS', true, false],
    ['UPI', false, true],
  ]);
});

test('a rail is spelled in capitals', () => {
  expect(['IMPS', 'imps', 'SWIFT', '', 'constructor'].map(isRail)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
