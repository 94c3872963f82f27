import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CURRENCY_CODES, decimalsOf } from '../../../src/domain/money/currency.ts';
import { formatAmount, formatGrouped, sumMinor } from '../../../src/domain/money/money.ts';

const currency = fc.constantFrom(...CURRENCY_CODES);
const minor = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe('an amount as text', () => {
  test('always has all the decimals of its currency', () => {
    fc.assert(
      fc.property(currency, minor, (code, value) => {
        const decimals = decimalsOf(code) ?? -1;
        const pattern = decimals === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${decimals}}$`);
        expect(formatAmount(value, code)).toMatch(pattern);
      }),
    );
  });

  test('is the integer again when its point is taken out', () => {
    fc.assert(
      fc.property(currency, minor, (code, value) => {
        expect(BigInt(formatAmount(value, code).replace('.', ''))).toBe(value);
      }),
    );
  });

  test('of less than one unit has a zero before the point, and nothing is never negative', () => {
    expect([
      formatAmount(5n, 'INR'),
      formatAmount(-5n, 'INR'),
      formatAmount(0n, 'INR'),
      formatAmount(7n, 'BHD'),
    ]).toEqual(['0.05', '-0.05', '0.00', '0.007']);
    expect([formatAmount(0n, 'JPY'), formatAmount(-12n, 'JPY')]).toEqual(['0', '-12']);
  });

  test('in a currency that nobody knows is a bug and not a guess', () => {
    expect(() => formatAmount(1n, 'XXX')).toThrow('XXX');
  });
});

describe('an amount for people', () => {
  test('is grouped in lakhs and crores for rupees and by thousands elsewhere', () => {
    expect(
      [1n, 12_345n, 123_456n, 1_23_456_00n, 12_34_567_00n, 1_23_45_678_90n, -98_76_54_321_00n].map((value) =>
        formatGrouped(value, 'INR'),
      ),
    ).toEqual([
      '0.01',
      '123.45',
      '1,234.56',
      '1,23,456.00',
      '12,34,567.00',
      '1,23,45,678.90',
      '-98,76,54,321.00',
    ]);
    expect([
      formatGrouped(123_456_789n, 'USD'),
      formatGrouped(1_234_567n, 'JPY'),
      formatGrouped(-1_234n, 'BHD'),
    ]).toEqual(['1,234,567.89', '1,234,567', '-1.234']);
  });

  test('is the plain amount again without its commas', () => {
    fc.assert(
      fc.property(currency, minor, (code, value) => {
        expect(formatGrouped(value, code).replaceAll(',', '')).toBe(formatAmount(value, code));
      }),
    );
  });
});

test('a sum of minor units is exact beyond 2^53, and of nothing it is zero', () => {
  expect(sumMinor([2n ** 53n, 1n, 1n])).toBe(2n ** 53n + 2n);
  expect(sumMinor([])).toBe(0n);
});
