import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ECHO_FIELDS, type Echo, echoDifference, type Meant } from '../../../src/domain/payout/echo.ts';

const meant: Meant = {
  echoes: ['reference', 'amount'],
  provider_reference: 'salary-000001',
  provider_beneficiary_id: 'bene_1',
  provider_id: null,
  amount_minor: 10010n,
  currency: 'INR',
};
const echo: Echo = {
  provider_reference: 'salary-000001',
  provider_beneficiary_id: 'bene_1',
  provider_id: 'pout_1',
  amount_minor: 10010n,
  currency: 'INR',
};

describe('an answer counts for a payout', () => {
  test.each([
    ['that it names in every part', {}],
    ['when it leaves the currency out', { currency: null }],
    ['when it leaves the beneficiary out', { provider_beneficiary_id: null }],
  ] as const)('%s', (_name, change) => {
    expect(echoDifference(meant, { ...echo, ...change })).toBeNull();
  });

  test('that had no provider_id yet, or had this one', () => {
    expect(echoDifference({ ...meant, provider_id: 'pout_1' }, echo)).toBeNull();
  });
});

const LEFT_OUT = {
  reference: { provider_reference: null },
  amount: { amount_minor: null },
  currency: { currency: null },
  beneficiary: { provider_beneficiary_id: null },
} as const;
const OTHER = {
  reference: { provider_reference: 'salary-000002' },
  amount: { amount_minor: 10011n },
  currency: { currency: 'USD' },
  beneficiary: { provider_beneficiary_id: 'bene_2' },
} as const;

describe.each(ECHO_FIELDS)('%s', (field) => {
  test('is demanded of a provider that always states it, and only of one', () => {
    const others = ECHO_FIELDS.filter((each) => each !== field);
    const without = { ...echo, ...LEFT_OUT[field] };
    expect(echoDifference({ ...meant, echoes: [field] }, without)).toContain(`no ${field}`);
    expect(echoDifference({ ...meant, echoes: others }, without)).toBeNull();
  });

  test('must agree where it is stated, whatever the provider promises', () => {
    expect(echoDifference({ ...meant, echoes: [] }, { ...echo, ...OTHER[field] })).not.toBeNull();
  });
});

describe('an answer advances nothing', () => {
  test.each([
    ['another amount', { amount_minor: 10011n }, 'the provider states 100.11 INR, not 100.10 INR'],
    [
      'a hundred times the amount',
      { amount_minor: 1001000n },
      'the provider states 10010.00 INR, not 100.10 INR',
    ],
    ['no amount', { amount_minor: null }, 'the provider states no amount'],
    [
      'an amount as text',
      { amount_minor: null, unread_amount: '"100.00"' },
      'the provider states its amount as "100.00", which is no number that can be read exactly',
    ],
    ['another currency', { currency: 'USD' }, 'the provider states currency USD, not INR'],
    [
      'another beneficiary',
      { provider_beneficiary_id: 'bene_2' },
      'the provider states beneficiary bene_2, not bene_1',
    ],
    [
      'another reference',
      { provider_reference: 'salary-000002' },
      'the provider answers for reference salary-000002, not salary-000001',
    ],
    [
      'the reference in other letters',
      { provider_reference: 'SALARY-000001' },
      'the provider answers for reference SALARY-000001, not salary-000001',
    ],
  ] as const)('that names %s', (_name, change, words) => {
    expect(echoDifference(meant, { ...echo, ...change })).toBe(words);
  });

  test('that has another provider_id than the one before', () => {
    expect(echoDifference({ ...meant, provider_id: 'pout_0' }, echo)).toBe(
      'the provider answers with payout pout_1, not pout_0',
    );
  });

  test('whatever amount it names but the one that was meant', () => {
    fc.assert(
      fc.property(fc.bigInt(), (amount) => {
        expect(echoDifference(meant, { ...echo, amount_minor: amount }) === null).toBe(
          amount === meant.amount_minor,
        );
      }),
    );
  });
});
