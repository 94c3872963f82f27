import { describe, expect, it } from 'vitest';
import { PayrunError } from '../../../src/domain/errors.ts';
import { failsOn, type GatedBreak, parseRule } from '../../../src/domain/reconciliation/fail-on.ts';

const FOUND: GatedBreak = {
  kind: 'amount_differs',
  difference_minor: -100_050n,
  currency: 'INR',
  age_days: 3,
};

function fails(rule: string, changes: Partial<GatedBreak> = {}): boolean {
  return failsOn([parseRule(rule, '--fail-on')], { ...FOUND, ...changes });
}

describe('a rule', () => {
  it('fits where all of its conditions hold', () => {
    expect(fails('kind=amount_differs,amount>1000,age>2d')).toBe(true);
    expect(fails('kind=amount_differs,amount>1000,age>3d')).toBe(false);
    expect(fails('kind=fee_differs,amount>1000,age>2d')).toBe(false);
    expect(fails(' kind = amount_differs , currency = INR ')).toBe(true);
  });

  it('is one of several of which one is enough', () => {
    const rules = [parseRule('kind=ambiguous', '--fail-on'), parseRule('currency=INR', '--fail-on')];
    expect(failsOn(rules, FOUND)).toBe(true);
    expect(failsOn(rules, { ...FOUND, currency: 'USD' })).toBe(false);
    expect(failsOn([], FOUND)).toBe(false);
  });

  it.each([
    ['amount=1000.50', true],
    ['amount=1000.5', true],
    ['amount=1000.500', true],
    ['amount!=1000.50', false],
    ['amount>=1000.501', false],
    ['amount>1000.49', true],
    ['amount<1000.5', false],
    ['amount<=1000.5', true],
    ['age=3', true],
    ['age<3d', false],
    ['age!=3d', false],
    ['kind!=ambiguous', true],
    ['currency!=USD', true],
  ])('compares exactly, whatever the sign of the difference: %s', (rule, expected) => {
    expect(fails(rule)).toBe(expected);
  });

  it('knows the decimals of each currency', () => {
    expect(fails('amount=100050', { currency: 'JPY' })).toBe(true);
    expect(fails('amount=100.050', { currency: 'KWD' })).toBe(true);
  });

  it('about money fits no difference that is none of money, and an age of nobody is none', () => {
    expect(fails('amount<1000000', { difference_minor: null })).toBe(false);
    expect(fails('amount!=5', { difference_minor: null })).toBe(false);
    expect(fails('age=0', { age_days: null })).toBe(true);
  });

  it.each([
    ['', 'a condition is empty'],
    ['kind=amount_differs,', 'a condition is empty'],
    ['kind=amounts', 'there is no kind "amounts"'],
    ['kind>amount_differs', 'kind cannot be compared with >'],
    ['amount>1,000', '"000" is no condition'],
    ['amount>-5', '"-5" is no amount'],
    ['amount>1e3', '"1e3" is no amount'],
    ['age>2h', '"2h" is no age'],
    ['currency=inr', '"inr" is no ISO 4217 currency'],
    ['difference>5', '"difference>5" is no condition'],
    ['amount==5', '"=5" is no amount'],
  ])('that cannot be read is refused with a way out: %s', (rule, message) => {
    let refused: unknown;
    try {
      parseRule(rule, '--fail-on');
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(PayrunError);
    expect(refused).toMatchObject({ kind: 'usage', code: 'option_invalid', hint: expect.any(String) });
    expect((refused as PayrunError).message).toContain(message);
  });
});
