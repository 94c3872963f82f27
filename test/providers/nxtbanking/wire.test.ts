import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountLiteral } from '../../../src/providers/nxtbanking/compose.ts';
import {
  readBalance,
  readError,
  readMinor,
  readPage,
  readPayout,
  readToken,
} from '../../../src/providers/nxtbanking/wire.ts';

const LARGEST_EXACT = 999_999_999_999_999n;

const read = (literal: string) => readMinor(JSON.parse(literal));

describe('an amount on the wire', () => {
  it.each([
    ['100.1', 10010n],
    ['100.10', 10010n],
    ['100', 10000n],
    ['1e2', 10000n],
    ['0.07', 7n],
    ['1.15', 115n],
    ['0', 0n],
    ['9999999999999.99', 999999999999999n],
  ])('of %s is read to the paisa', (literal, expected) => {
    expect(read(literal)).toBe(expected);
  });

  it.each([
    '100.105',
    '0.001',
    '-1',
    '-0.01',
    '1e21',
    '1e300',
    '1e-7',
    '10000000000000',
    '90071992547409.91',
    '"100"',
    'true',
    'null',
    '[1]',
    '{}',
    '0.30000000000000004',
  ])('of %s is no amount', (literal) => {
    expect(read(literal)).toBeNull();
  });

  it('is written in its shortest form, and never through a float', () => {
    expect(
      [150000n, 150050n, 150055n, 5n, 10n, 100n, 1000000n, 12345678901234567n].map(amountLiteral),
    ).toEqual(['1500', '1500.5', '1500.55', '0.05', '0.1', '1', '10000', '123456789012345.67']);
  });

  it('comes back as it was written', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: LARGEST_EXACT }),
        (minor) => read(amountLiteral(minor)) === minor,
      ),
      { numRuns: 10_000 },
    );
  });
});

const PAYOUT = {
  payout_id: 'po_1',
  reference_id: 'r-1',
  beneficiary_id: 'ben_1',
  amount: 1500.5,
  currency: 'INR',
  status: 'SUCCESS',
  utr: '612345678901',
  fee: 5.9,
  tax: 1.06,
  failure_reason: null,
  created_at: '2026-11-21T15:30:00+05:30',
  completed_at: '2026-11-21T10:00:01.5Z',
  updated_at: '2026-11-21T10:00:02Z',
};
const payout = (changes: object) => readPayout(JSON.stringify({ ...PAYOUT, ...changes }));

describe('a payout', () => {
  it('is read into our words, with instants of one width in UTC', () => {
    expect(payout({})).toEqual({
      provider_id: 'po_1',
      provider_reference: 'r-1',
      provider_beneficiary_id: 'ben_1',
      amount_minor: 150050n,
      currency: 'INR',
      state: 'success',
      status: 'SUCCESS',
      utr: '612345678901',
      fee_minor: 590n,
      tax_minor: 106n,
      failure_reason: null,
      failure_code: null,
      created_at: '2026-11-21T10:00:00.000Z',
      completed_at: '2026-11-21T10:00:01.500Z',
      reversed_at: null,
      updated_at: '2026-11-21T10:00:02.000Z',
    });
  });

  it.each([
    '0001-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('takes %s for no time, as servers write it that have none', (text) =>
    expect(payout({ completed_at: text })?.completed_at).toBeNull());

  it.each(['\ud800', 'po_\u0000', '', 'p'.repeat(201)])('is none under the id %j', (id) =>
    expect(payout({ payout_id: id })).toBeNull());

  it('states nothing where a field is missing, null or empty', () => {
    const bare = readPayout(
      '{"payout_id":"po_1","reference_id":"r-1","status":"QUEUED","utr":"","fee":null,"created_at":"yesterday"}',
    );
    expect(bare).toMatchObject({
      utr: null,
      fee_minor: null,
      tax_minor: null,
      amount_minor: null,
      currency: null,
      created_at: null,
    });
    expect(bare).toMatchObject({ provider_beneficiary_id: null, failure_code: null });
  });

  it('keeps a fee of zero apart from none', () => {
    expect(payout({ fee: 0, tax: null })).toMatchObject({ fee_minor: 0n, tax_minor: null });
  });

  it('has no amount where it is spelt as text or has a third decimal', () => {
    for (const amount of ['1500.50', 1500.505, -1500.5]) expect(payout({ amount })?.amount_minor).toBeNull();
  });

  it('is none where an id or a word is not text', () => {
    for (const wrong of [
      { payout_id: 9 },
      { reference_id: 9 },
      { beneficiary_id: 12345678901 },
      { utr: 612345678901 },
      { status: '' },
      { payout_id: '' },
    ]) {
      expect(payout(wrong), JSON.stringify(wrong)).toBeNull();
    }
  });

  it('keeps an unlisted status raw, which proves nothing', () => {
    for (const status of ['success', 'SETTLED', 'constructor'])
      expect(payout({ status })).toMatchObject({ state: 'unknown_word', status });
    expect(payout({ status: 'SENT TO 5010-0012-345678' })?.status).toBe('SENT TO ••••5678');
  });

  it('that failed or came back has a code of ours, also without a reason', () => {
    expect(payout({ status: 'FAILED', failure_reason: 'bank_account_closed' })?.failure_code).toBe(
      'beneficiary_account',
    );
    expect(payout({ status: 'REVERSED', failure_reason: null })?.failure_code).toBe('other');
    expect(payout({ status: 'SUCCESS', failure_reason: 'noise' })?.failure_code).toBeNull();
  });

  it('does not show an account number in its reason', () => {
    expect(
      payout({ status: 'FAILED', failure_reason: 'Account 50100012345678 closed' })?.failure_reason,
    ).toBe('Account ••••5678 closed');
  });

  it('pollutes nothing by its keys, and the last of a repeated key counts', () => {
    const hostile =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"payout_id":"a","payout_id":"b","reference_id":"r","status":"QUEUED"}';
    expect(readPayout(hostile)?.provider_id).toBe('b');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('is not found in a megabyte of brackets', () => {
    expect(readPayout('['.repeat(500_000))).toBeNull();
    expect(readError(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toBeNull();
  });
});

describe('the other bodies', () => {
  it('of a list keep their places, so that an element that cannot be read is seen', () => {
    const page = readPage(JSON.stringify({ data: [PAYOUT, { nothing: 1 }], next_cursor: '' }));
    expect(page?.reports.map((report) => report?.provider_id ?? null)).toEqual(['po_1', null]);
    expect(page?.next_cursor).toBeNull();
    expect(readPage('{"data":{}}')).toBeNull();
  });

  it('of a balance may be overdrawn, but not in another currency', () => {
    expect(readBalance('{"available":1000.5,"currency":"INR"}')).toEqual({
      available_minor: 100050n,
      currency: 'INR',
    });
    expect(readBalance('{"available":-0.5,"currency":"INR"}')?.available_minor).toBe(-50n);
    for (const body of [
      '{"available":"1","currency":"INR"}',
      '{"available":1,"currency":"USD"}',
      '{"available":1.005,"currency":"INR"}',
    ]) {
      expect(readBalance(body), body).toBeNull();
    }
  });

  it('of a token cannot break out of the header that carries it', () => {
    expect(readToken('{"access_token":"abc","expires_in":3600}')).toEqual({
      access_token: 'abc',
      expires_in: 3600,
    });
    for (const token of ['a\\r\\nX-Evil: 1', '', 'ä'])
      expect(readToken(`{"access_token":"${token}","expires_in":1}`), token).toBeNull();
    expect(readToken('{"access_token":"abc","expires_in":"3600"}')).toBeNull();
  });
});
