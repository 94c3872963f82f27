import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Body, closeNow, codeOf, startCaller } from './caller.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-sandbox-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a restart changes nothing: what became due meanwhile has happened', async () => {
  const file = join(folder, 'sandbox.db');
  const before = await startCaller({ file });
  const good = await before.account();
  const paid = await before.pay(good, 100.5, { reference_id: 'paid' });
  const failed = await before.pay(await before.account('0001'), 200);
  const stuck = await before.pay(await before.account('0003'), 300);
  before.clock.ms += 3000;
  const settled = await before.get(paid.json.payout_id);
  const returned = await before.pay(await before.account('0004'), 400);
  await closeNow(before);

  const clock = { ms: before.clock.ms + 3_600_000 };
  const after = await startCaller({ file }, clock);
  expect(await after.get(paid.json.payout_id)).toEqual(settled);
  expect((await after.get(failed.json.payout_id)).status).toBe('FAILED');
  expect((await after.get(stuck.json.payout_id)).status).toBe('PROCESSING');
  expect((await after.get(returned.json.payout_id)).status).toBe('REVERSED');
  expect(await after.available()).toBe(10_00_00_000 - 100.5 - 300 - 2 * 4.13);

  const listed = (await after.call('GET', '/api/v1/payouts')).json.data as Body[];
  expect(listed.map(({ payout_id }) => payout_id)).toEqual(
    [returned, stuck, failed, paid].map(({ json }) => json.payout_id),
  );

  const again = await after.pay(good, 1, { reference_id: 'paid' });
  expect([again.status, codeOf(again)]).toEqual([409, 'DUPLICATE_REFERENCE']);
  const next = await after.pay(good, 1);
  clock.ms += 3000;
  const utrs = [paid, returned, next].map(async ({ json }) => (await after.get(json.payout_id)).utr);
  expect(new Set(await Promise.all(utrs)).size).toBe(3);
});

test('a beneficiary is known again after a restart', async () => {
  const file = join(folder, 'sandbox.db');
  const details = { name: 'Asha', account_number: '50100012345678', ifsc: 'HDFC0000001' };
  const before = await startCaller({ file });
  const first = await before.call('POST', '/api/v1/beneficiaries', details);
  await closeNow(before);
  const after = await startCaller({ file });
  const again = await after.call('POST', '/api/v1/beneficiaries', details);
  expect([again.status, again.json.beneficiary_id]).toEqual([409, first.json.beneficiary_id]);
  expect(
    (await after.call('GET', `/api/v1/beneficiaries/${String(first.json.beneficiary_id)}`)).json,
  ).toEqual(first.json);
});

test('a token of before a restart is not known', async () => {
  const file = join(folder, 'sandbox.db');
  const before = await startCaller({ file });
  const port = Number(new URL(before.sandbox.url).port);
  await closeNow(before);
  await startCaller({ file, port });
  expect((await before.call('GET', '/api/v1/balance')).status).toBe(401);
});

test('the opening balance is the file’s; another one is refused', async () => {
  const file = join(folder, 'sandbox.db');
  await closeNow(await startCaller({ file, opening_balance_minor: 5_000_00n }));
  const after = await startCaller({ file });
  expect(await after.available()).toBe(5000);
  await closeNow(after);
  await expect(startCaller({ file, opening_balance_minor: 1n })).rejects.toMatchObject({
    code: 'sandbox_balance_differs',
    message: expect.stringContaining('5000.00'),
  });
  await closeNow(await startCaller({ file, opening_balance_minor: 5_000_00n }));
});

test('with a file, many payouts at once are all on the record', async () => {
  const file = join(folder, 'sandbox.db');
  const before = await startCaller({ file });
  const bank = await before.account();
  const replies = await Promise.all(Array.from({ length: 300 }, () => before.pay(bank, 1)));
  expect(replies.every(({ status }) => status === 202)).toBe(true);
  await closeNow(before);
  const after = await startCaller({ file });
  expect(after.sandbox.stats().statuses.QUEUED).toBe(300);
});
