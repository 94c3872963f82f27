import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { dayBounds } from '../../src/sandbox/report.ts';
import { type Body, type Caller, codeOf, startCaller } from './caller.ts';

const HEADER =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';

async function report(caller: Caller, date: string): Promise<Body[]> {
  const reply = await caller.call('GET', `/api/v1/reports/payouts?date=${date}`);
  expect(reply.status).toBe(200);
  expect(reply.headers['content-type']).toMatch(/^text\/csv/);
  expect(reply.text.split('\r\n')[0]).toBe(HEADER);
  const rows = parse(reply.text, { columns: true }) as Body[];
  expect(reply.headers['x-row-count']).toBe(String(rows.length));
  return rows;
}

test('a row says what the payout says, amounts with all their decimals', async () => {
  const caller = await startCaller();
  const bank = await caller.account();
  const made = await caller.pay(bank, 1500.5, { reference_id: 'row-1' });
  caller.clock.ms += 3000;
  const payout = await caller.get(made.json.payout_id);
  expect(await report(caller, '2026-11-21')).toEqual([
    {
      payout_id: made.json.payout_id,
      reference_id: 'row-1',
      utr: payout.utr,
      beneficiary_id: bank,
      amount: '1500.50',
      fee: '3.50',
      tax: '0.63',
      currency: 'INR',
      mode: 'IMPS',
      status: 'SUCCESS',
      failure_reason: '',
      created_at: '2026-11-21T06:00:00.000Z',
      completed_at: '2026-11-21T06:00:03.000Z',
    },
  ]);
});

test('a failed payout has no fee, no tax and no UTR in its row', async () => {
  const caller = await startCaller();
  await caller.pay(await caller.account('0001'), 10);
  caller.clock.ms += 3000;
  expect(await report(caller, '2026-11-21')).toMatchObject([
    { status: 'FAILED', failure_reason: 'ACCOUNT_CLOSED', fee: '', tax: '', utr: '' },
  ]);
});

test('the day is a day in India', async () => {
  // 18:29:59.999Z is the last millisecond of the 21st there.
  const caller = await startCaller({ settle_ms: 0 }, { ms: Date.parse('2026-11-21T18:29:59.999Z') });
  const bank = await caller.account();
  await caller.pay(bank, 1, { reference_id: 'on-21st' });
  caller.clock.ms += 1;
  await caller.pay(bank, 1, { reference_id: 'on-22nd' });
  expect(await report(caller, '2026-11-21')).toMatchObject([{ reference_id: 'on-21st' }]);
  expect(await report(caller, '2026-11-22')).toMatchObject([{ reference_id: 'on-22nd' }]);
});

test('a payout that settles after midnight has a row in both days, as it stands now', async () => {
  const caller = await startCaller({}, { ms: Date.parse('2026-11-21T18:29:58Z') });
  await caller.pay(await caller.account(), 1);
  expect(await report(caller, '2026-11-21')).toMatchObject([{ status: 'QUEUED', completed_at: '' }]);
  expect(await report(caller, '2026-11-22')).toEqual([]);
  caller.clock.ms += 3000;
  expect(await report(caller, '2026-11-21')).toMatchObject([{ status: 'SUCCESS' }]);
  expect(await report(caller, '2026-11-22')).toMatchObject([{ status: 'SUCCESS' }]);
});

test('a payout that is reversed on a later day has a row in that day too, and none between', async () => {
  const caller = await startCaller({ reverse_ms: 2 * 86_400_000 });
  await caller.pay(await caller.account('0004'), 1, { reference_id: 'back' });
  caller.clock.ms += 86_400_000;
  expect(await report(caller, '2026-11-21')).toMatchObject([{ status: 'SUCCESS' }]);
  caller.clock.ms += 3 * 86_400_000;
  expect(await report(caller, '2026-11-21')).toMatchObject([{ reference_id: 'back', status: 'REVERSED' }]);
  expect(await report(caller, '2026-11-22')).toEqual([]);
  expect(await report(caller, '2026-11-23')).toMatchObject([
    { reference_id: 'back', status: 'REVERSED', fee: '3.50', completed_at: '2026-11-21T06:00:03.000Z' },
  ]);
});

test('a report of several chunks holds every payout once', async () => {
  const caller = await startCaller();
  const bank = await caller.account();
  for (let start = 0; start < 2100; start += 100) {
    await Promise.all(Array.from({ length: 100 }, () => caller.pay(bank, 1)));
  }
  const rows = await report(caller, '2026-11-21');
  expect(new Set(rows.map(({ reference_id }) => reference_id)).size).toBe(2100);
});

test.each([
  '',
  'date=',
  'date=2026-02-30',
  'date=21.11.2026',
  'date=2026-11-21T00:00:00Z',
])('"%s" names no day: 400', async (query) => {
  const { call } = await startCaller();
  const reply = await call('GET', `/api/v1/reports/payouts?${query}`);
  expect([reply.status, codeOf(reply)]).toEqual([400, 'INVALID_REQUEST']);
});

test('a day in India begins at half past six in the evening, UTC', () => {
  expect(dayBounds('2026-03-01')).toEqual({
    from: '2026-02-28T18:30:00.000Z',
    to: '2026-03-01T18:30:00.000Z',
  });
});
