import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CURRENCY_CODES, decimalsOf } from '../../../src/domain/money/currency.ts';
import { formatAmount } from '../../../src/domain/money/money.ts';
import { parseAmount, parseAmountOrZero } from '../../../src/domain/money/parse-amount.ts';

const LARGEST = 2n ** 63n - 1n;
const currency = fc.constantFrom(...CURRENCY_CODES);

function minorOf(text: string, code = 'INR'): bigint | string {
  const parsed = parseAmount(text, code);
  return parsed.ok ? parsed.minor : parsed.code;
}

describe('an amount', () => {
  test('that was formatted is read back as the same amount, in every currency', () => {
    fc.assert(
      fc.property(currency, fc.bigInt({ min: 1n, max: LARGEST }), (code, minor) => {
        expect(parseAmount(formatAmount(minor, code), code)).toEqual({ ok: true, minor });
      }),
      { numRuns: 2000 },
    );
  });

  test('means the same with or without its trailing zeros', () => {
    expect(['100', '100.5', '100.50', '0100.50', '0.01'].map((text) => minorOf(text))).toEqual([
      10000n,
      10050n,
      10050n,
      10050n,
      1n,
    ]);
  });

  test('has the minor units of its currency: none for yen, three decimals for dinar, two for XCG', () => {
    expect(minorOf('1500', 'JPY')).toBe(1500n);
    expect(minorOf('1.234', 'BHD')).toBe(1234n);
    expect(minorOf('1.23', 'XCG')).toBe(123n);
    expect(minorOf('1.2345', 'CLF')).toBe(12345n);
  });

  test('beyond 2^53 keeps every digit', () => {
    expect(minorOf('9007199254740993')).toBe(900719925474099300n);
    expect(minorOf('92233720368547758.07')).toBe(LARGEST);
  });
});

const REFUSED: readonly (readonly [text: string, code: string, currency?: string])[] = [
  ['100.505', 'amount_precision'],
  ['1.5', 'amount_precision', 'JPY'],
  ['1.0', 'amount_precision', 'JPY'],
  ['1.2345', 'amount_precision', 'BHD'],
  ['1.234', 'amount_precision', 'XCG'],
  ['0', 'amount_not_positive'],
  ['0.00', 'amount_not_positive'],
  ['-1', 'amount_invalid'],
  ['-0', 'amount_invalid'],
  ['+1', 'amount_invalid'],
  ['1e5', 'amount_invalid'],
  ['1E+05', 'amount_invalid'],
  ['1.5e3', 'amount_invalid'],
  ['0x10', 'amount_invalid'],
  ['0b11', 'amount_invalid'],
  [' 12 ', 'amount_invalid'],
  ['12\n', 'amount_invalid'],
  ['12\u00a0', 'amount_invalid'],
  ['1 000', 'amount_invalid'],
  ['', 'amount_invalid'],
  ['.5', 'amount_invalid'],
  ['5.', 'amount_invalid'],
  ['1,000', 'amount_invalid'],
  ['1,00,000', 'amount_invalid'],
  ['10,00,00', 'amount_invalid'],
  ['1.000,50', 'amount_invalid'],
  ['1.2.3', 'amount_invalid'],
  ['1_000', 'amount_invalid'],
  ['₹100', 'amount_invalid'],
  ['100 INR', 'amount_invalid'],
  ['(100)', 'amount_invalid'],
  ['١٢', 'amount_invalid'],
  ['１２', 'amount_invalid'],
  ['NaN', 'amount_invalid'],
  ['Infinity', 'amount_invalid'],
  ['92233720368547758.08', 'amount_invalid'],
  ['9'.repeat(400), 'amount_invalid'],
  ['1', 'currency_unknown', 'XAU'],
  ['1', 'currency_unknown', 'inr'],
  ['1', 'currency_unknown', 'ANG'],
  ['1', 'currency_unknown', '__proto__'],
];

describe('what is no plain amount', () => {
  for (const [text, code, currencyCode = 'INR'] of REFUSED) {
    test(`${JSON.stringify(text.slice(0, 30))} in ${currencyCode} is refused as ${code}`, () => {
      expect(minorOf(text, currencyCode)).toBe(code);
    });
  }

  test('is told what to write instead', () => {
    const told = (text: string, code = 'INR') => {
      const parsed = parseAmount(text, code);
      return parsed.ok ? 'accepted' : parsed.message;
    };
    expect(
      ['1e5', '1,00,000', '₹100', '100.505', ' 12 ', '', '-5', '0'].map((text) => told(text)),
    ).toMatchInlineSnapshot(`
      [
        ""1e5" is in scientific notation, as spreadsheets write it; write all its digits, such as 100000.",
        ""1,00,000" has grouping commas; write 100000.",
        ""₹100" is not a plain decimal number; write digits with a point, such as 1500.00.",
        ""100.505" has 3 decimals; INR has 2. Write it with at most 2.",
        "" 12 " has spaces around it; write "12" without them.",
        "The amount is empty; write a number such as 1500.00.",
        ""-5" is negative; a payout is a positive amount.",
        ""0" is not greater than zero.",
      ]
    `);
  });

  test('never becomes an amount, whatever the text', () => {
    const PLAIN = /^[0-9]+(\.[0-9]{1,2})?$/;
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9.,eE+\-₹ x_]{0,12}$/)),
        (text) => {
          const parsed = parseAmountOrZero(text, 'INR');
          expect(parsed.ok).toBe(PLAIN.test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('zero is an amount only where a fee may be nothing', () => {
    expect(parseAmountOrZero('0.00', 'INR')).toEqual({ ok: true, minor: 0n });
  });

  test('a hundred thousand digits are refused at once', () => {
    const started = performance.now();
    expect(minorOf('1'.repeat(100_000))).toBe('amount_invalid');
    expect(minorOf(`${'1,'.repeat(50_000)}x`)).toBe('amount_invalid');
    expect(minorOf(`1${'.1'.repeat(50_000)}`)).toBe('amount_invalid');
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('the table of currencies', () => {
  test('knows the codes that other tables get wrong', () => {
    expect(
      ['INR', 'JPY', 'BHD', 'PKR', 'COP', 'IDR', 'XCG', 'UGX', 'KWD', 'CLF', 'ISK', 'HUF'].map(
        (code) => `${code} ${decimalsOf(code)}`,
      ),
    ).toEqual([
      'INR 2',
      'JPY 0',
      'BHD 3',
      'PKR 2',
      'COP 2',
      'IDR 2',
      'XCG 2',
      'UGX 0',
      'KWD 3',
      'CLF 4',
      'ISK 0',
      'HUF 2',
    ]);
  });

  test('is sorted, has no code twice, and nothing but three capitals', () => {
    expect(new Set(CURRENCY_CODES).size).toBe(CURRENCY_CODES.length);
    expect([...CURRENCY_CODES].sort()).toEqual(CURRENCY_CODES);
    expect(CURRENCY_CODES.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([]);
    expect(CURRENCY_CODES.length).toBeGreaterThan(150);
  });
});
