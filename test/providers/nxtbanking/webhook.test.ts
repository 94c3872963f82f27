import crypto, { createHmac } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import { NXTBANKING_WEBHOOKS } from '../../../src/providers/nxtbanking/webhook.ts';

const EVENT = {
  event: 'payout.completed',
  payout_id: 'po_1',
  reference_id: 'nov-000001',
  status: 'SUCCESS',
  utr: '412345678901',
  amount: 1500.5,
  failure_reason: null,
  timestamp: '2026-11-21T11:30:00+05:30',
};

const bytes = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const hmac = (secret: string, body: Uint8Array) => createHmac('sha256', secret).update(body).digest('hex');
const { isSigned, read } = NXTBANKING_WEBHOOKS;

describe('a signature', () => {
  const body = bytes(EVENT);
  const good = hmac('new', body);

  test('fits the raw bytes under any of the secrets', () => {
    expect(isSigned(body, good, ['new'])).toBe(true);
    expect(isSigned(body, good, ['old', 'new'])).toBe(true);
    expect(isSigned(body, hmac('old', body), ['old', 'new'])).toBe(true);
  });

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another secret', hmac('other', body)],
    ['of an empty secret', hmac('', body)],
    ['in upper case', good.toUpperCase()],
    ['beside another that is none', `${good}, x`],
    ['among too many', Array(5).fill(good).join(', ')],
    ['one of two, neither of ours', `${hmac('other', body)},${hmac('another', body)}`],
    ['with a prefix', `sha256=${good}`],
    ['with space', ` ${good}`],
    ['cut', good.slice(0, 62)],
    ['longer', `${good}00`],
    ['of other digits', `${good.slice(0, 63)}${good.endsWith('0') ? '1' : '0'}`],
    ['no hex', 'z'.repeat(64)],
    ['as many zeros', '0'.repeat(64)],
  ])('%s does not fit', (_what, signature) => {
    expect(isSigned(body, signature, ['new', 'old'])).toBe(false);
  });

  test('may be one of several, as a sender has them that changes its secret', () => {
    const foreign = hmac('not ours', body);
    for (const several of [`${good}, ${foreign}`, `${foreign},${good}`, `${good},${good}`])
      expect(isSigned(body, several, ['new', 'old'])).toBe(true);
  });

  test('fits no other spelling of the same JSON', () => {
    const spaced = bytes(JSON.stringify(EVENT, null, 1));
    expect(isSigned(spaced, good, ['new'])).toBe(false);
    expect(isSigned(bytes(`${JSON.stringify(EVENT)}\n`), good, ['new'])).toBe(false);
  });

  test('fits nothing where there is no secret', () => {
    expect(isSigned(body, good, [])).toBe(false);
  });

  test.each([
    ['that fits the first', good],
    ['that fits none', hmac('other', body)],
    ['that is none', 'x'],
    ['that is missing', undefined],
  ])('%s is compared in constant time with every secret', (_what, signature) => {
    // The real thing, counted: how long a comparison takes cannot be measured in a test.
    const compared = vi.spyOn(crypto, 'timingSafeEqual');
    syncBuiltinESMExports();
    try {
      isSigned(body, signature, ['new', 'old', 'older']);
      expect(compared).toHaveBeenCalledTimes(3);
    } finally {
      compared.mockRestore();
      syncBuiltinESMExports();
    }
  });
});

describe('an event', () => {
  test('is read with its known fields, instants in UTC and amounts in paise', () => {
    expect(read(bytes({ ...EVENT, account_number: '50100012345678' }))).toEqual({
      event: 'payout.completed',
      provider_id: 'po_1',
      provider_reference: 'nov-000001',
      status: 'SUCCESS',
      state: 'success',
      amount_minor: 150050n,
      utr: '412345678901',
      failure_reason: null,
      stated_at: '2026-11-21T06:00:00.000Z',
    });
  });

  test('is told by its status, whatever its name', () => {
    expect(read(bytes({ ...EVENT, event: 'payout.success' }))).toMatchObject({ state: 'success' });
    expect(read(bytes({ ...EVENT, event: 'payout.completed', status: 'FAILED' }))).toMatchObject({
      state: 'failed',
    });
    expect(read(bytes({ ...EVENT, status: 'ON_HOLD' }))).toMatchObject({
      state: 'unknown_word',
      status: 'ON_HOLD',
    });
  });

  test('keeps no account number that somebody put into a sentence', () => {
    const reason = 'Account 50100012345678 (5010 0012 3456 78) is closed';
    const event = read(bytes({ ...EVENT, failure_reason: reason, event: 'closed 50100012345678' }));
    expect(event?.failure_reason).toBe('Account ••••5678 (••••6 78) is closed');
    expect(event?.event).toBe('closed ••••5678');
  });

  test('need not state what is not needed to ask', () => {
    const { event, payout_id, reference_id, status, timestamp } = EVENT;
    expect(read(bytes({ event, payout_id, reference_id, status, timestamp }))).toMatchObject({
      amount_minor: null,
      utr: null,
      failure_reason: null,
    });
    expect(read(bytes({ ...EVENT, amount: '1500.50' }))).toMatchObject({ amount_minor: null });
  });

  test.each([
    ['nothing', ''],
    ['no JSON', 'payout.completed'],
    ['cut JSON', JSON.stringify(EVENT).slice(0, -1)],
    ['JSON with more behind it', `${JSON.stringify(EVENT)}{}`],
    ['an array', JSON.stringify([EVENT])],
    ['null', 'null'],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['an event without a name', { ...EVENT, event: '' }],
    ['a number for an id', { ...EVENT, payout_id: 123456789012 }],
    ['no reference', { ...EVENT, reference_id: undefined }],
    ['a reference of 201 characters', { ...EVENT, reference_id: 'x'.repeat(201) }],
    ['no status', { ...EVENT, status: null }],
    ['no timestamp', { ...EVENT, timestamp: undefined }],
    ['a timestamp that begins like one', { ...EVENT, timestamp: '2026-11-21T06:00:00Zabc' }],
    ['a timestamp without a zone', { ...EVENT, timestamp: '2026-11-21T06:00:00' }],
    ['a timestamp of no day', { ...EVENT, timestamp: '2026-13-41T06:00:00Z' }],
    ['seconds for a timestamp', { ...EVENT, timestamp: 1795240800 }],
  ])('%s is none', (_what, body) => {
    expect(read(body instanceof Uint8Array ? body : bytes(body))).toBeNull();
  });

  test('with keys of prototypes changes none', () => {
    const text = JSON.stringify(EVENT).replace('{', '{"__proto__":{"polluted":1},"constructor":{"x":1},');
    expect(read(bytes(text))).not.toBeNull();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
