import { expect, test } from 'vitest';
import { ENDINGS, endingOf, USUAL } from '../../src/sandbox/endings.ts';
import { codeOf, startCaller } from './caller.ts';

const SETTLE_MS = 3000;

/** A payout to an account with this ending, and its status after each of these times. */
async function statusesOf(digits: string, afterMs: readonly number[]) {
  const { account, pay, get, clock, sandbox } = await startCaller({ settle_ms: SETTLE_MS });
  const made = await pay(await account(digits), 1000);
  const start = clock.ms;
  const statuses: unknown[] = [made.json.status];
  for (const ms of afterMs) {
    clock.ms = start + ms;
    statuses.push((await get(made.json.payout_id)).status);
  }
  const payout = await get(made.json.payout_id);
  const { opening_minor, available_minor } = sandbox.stats();
  return { statuses, payout, missing_minor: opening_minor - available_minor };
}

test.each([
  ['0001', 'ACCOUNT_CLOSED'],
  ['0002', 'BENEFICIARY_BANK_OFFLINE'],
  ['0010', 'GATEWAY_TECHNICAL_ERROR'],
])('…%s fails with %s, costs nothing and gives the amount back', async (digits, reason) => {
  const { statuses, payout, missing_minor } = await statusesOf(digits, [1000, 2999, 3000, 10_000_000]);
  expect(statuses).toEqual(['QUEUED', 'PROCESSING', 'PROCESSING', 'FAILED', 'FAILED']);
  expect(payout).toMatchObject({
    failure_reason: reason,
    fee: null,
    tax: null,
    utr: null,
    reversed_at: null,
  });
  expect(payout.completed_at).toBe('2026-11-21T06:00:03.000Z');
  expect(missing_minor).toBe(0n);
});

test('…0003 stays PROCESSING for ever, and its amount outstanding', async () => {
  const { statuses, payout, missing_minor } = await statusesOf('0003', [3000, 365 * 86_400_000]);
  expect(statuses).toEqual(['QUEUED', 'PROCESSING', 'PROCESSING']);
  expect(payout).toMatchObject({ completed_at: null, fee: null });
  expect(missing_minor).toBe(100_000n);
});

test('…0004 is paid and then reversed: the amount comes back, the fee does not', async () => {
  const { statuses, payout, missing_minor } = await statusesOf('0004', [3000, 5999, 6000]);
  expect(statuses).toEqual(['QUEUED', 'SUCCESS', 'SUCCESS', 'REVERSED']);
  expect(payout).toMatchObject({
    fee: 3.5,
    tax: 0.63,
    utr: expect.stringMatching(/^\d{12}$/),
    completed_at: '2026-11-21T06:00:03.000Z',
    reversed_at: '2026-11-21T06:00:06.000Z',
    updated_at: '2026-11-21T06:00:06.000Z',
    failure_reason: 'RETURNED_BY_BENEFICIARY_BANK',
  });
  expect(missing_minor).toBe(413n);
});

test('what will go wrong does not show before it has gone wrong', async () => {
  const { account, pay, get, clock } = await startCaller();
  const made = await pay(await account('0004'), 1000);
  clock.ms += 3000;
  expect(await get(made.json.payout_id)).toMatchObject({
    status: 'SUCCESS',
    failure_reason: null,
    reversed_at: null,
  });
});

test('…0005 and …0012 are refused at submission', async () => {
  const { account, pay } = await startCaller();
  const limit = await pay(await account('0005'), 10);
  expect([limit.status, codeOf(limit)]).toEqual([422, 'LIMIT_EXCEEDED']);
  const blocked = await pay(await account('0012'), 10);
  expect([blocked.status, codeOf(blocked)]).toEqual([422, 'INVALID_BENEFICIARY']);
});

test('…0006 fails the penny drop and cannot be paid', async () => {
  const { account, pay, call } = await startCaller();
  const id = await account('0006');
  expect((await call('GET', `/api/v1/beneficiaries/${id}`)).json).toMatchObject({
    status: 'FAILED',
    registered_name: null,
    failure_reason: 'ACCOUNT_INVALID',
  });
  const refused = await pay(id, 10);
  expect([refused.status, codeOf(refused)]).toEqual([422, 'INVALID_BENEFICIARY']);
});

test('…0007 is held by the bank under another name, and can be paid', async () => {
  const { account, pay, call } = await startCaller();
  const id = await account('0007');
  expect((await call('GET', `/api/v1/beneficiaries/${id}`)).json).toMatchObject({
    status: 'VERIFIED',
    name: 'Asha Rao',
    registered_name: 'SUNRISE TRADERS',
  });
  expect((await pay(id, 10)).status).toBe(202);
});

test.each([
  ['0008', 600_000],
  ['0009', SETTLE_MS],
])('…%s is PENDING, can be paid meanwhile, and is VERIFIED after %i ms', async (digits, ms) => {
  const { account, pay, call, clock } = await startCaller({ settle_ms: SETTLE_MS });
  const id = await account(digits);
  const look = async () => (await call('GET', `/api/v1/beneficiaries/${id}`)).json;
  expect(await look()).toMatchObject({ status: 'PENDING', registered_name: null });
  expect((await pay(id, 10)).status).toBe(202);
  clock.ms += ms - 1;
  expect(await look()).toMatchObject({ status: 'PENDING' });
  clock.ms += 1;
  expect(await look()).toMatchObject({ status: 'VERIFIED', registered_name: 'ASHA RAO' });
});

test('…0011 takes ten times as long', async () => {
  const { statuses } = await statusesOf('0011', [3000, 10_000, 29_999, 30_000]);
  expect(statuses).toEqual(['QUEUED', 'QUEUED', 'PROCESSING', 'PROCESSING', 'SUCCESS']);
});

test('a VPA ends before its @', async () => {
  const { vpa, pay, get, clock } = await startCaller();
  const made = await pay(await vpa('asha0001'), 10, { mode: 'UPI' });
  clock.ms += 3000;
  expect(await get(made.json.payout_id)).toMatchObject({
    status: 'FAILED',
    failure_reason: 'ACCOUNT_CLOSED',
  });
  expect(endingOf('asha@bank0001')).toBe(USUAL);
});

test('without endings every account is verified and paid', async () => {
  const { account, pay, get, clock, call } = await startCaller({ endings: false });
  for (const { digits } of ENDINGS) {
    const id = await account(digits);
    expect((await call('GET', `/api/v1/beneficiaries/${id}`)).json).toMatchObject({
      status: 'VERIFIED',
      registered_name: 'ASHA RAO',
    });
    const made = await pay(id, 10);
    clock.ms += 3000;
    expect(await get(made.json.payout_id)).toMatchObject({ status: 'SUCCESS' });
  }
});

test('every ending has its own four digits and a sentence', () => {
  expect(new Set(ENDINGS.map(({ digits }) => digits)).size).toBe(ENDINGS.length);
  for (const { digits, says } of ENDINGS) {
    expect(digits).toMatch(/^\d{4}$/);
    expect(says).toMatch(/^[A-Z].+\.$/);
  }
});
