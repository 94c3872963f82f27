import { expect, test } from 'vitest';
import { type Body, type Caller, codeOf, startCaller } from './caller.ts';

async function list(caller: Caller, query: Record<string, string> = {}) {
  const reply = await caller.call('GET', `/api/v1/payouts?${new URLSearchParams(query)}`);
  expect(reply.status).toBe(200);
  return {
    references: (reply.json.data as Body[]).map(({ reference_id }) => reference_id),
    next: reply.json.next_cursor,
  };
}

async function payMany(caller: Caller, beneficiaryId: string, references: readonly string[]) {
  for (const reference_id of references) await caller.pay(beneficiaryId, 1, { reference_id });
}

test('a payout is found by its exact reference, and nothing by another', async () => {
  const caller = await startCaller();
  await payMany(caller, await caller.account(), ['a-1', 'a-10', 'A-1']);
  expect((await list(caller, { reference_id: 'a-1' })).references).toEqual(['a-1']);
  expect(await list(caller, { reference_id: 'a' })).toEqual({ references: [], next: null });
});

test('the newest come first', async () => {
  const caller = await startCaller();
  await payMany(caller, await caller.account(), ['first', 'second', 'third']);
  expect(await list(caller)).toEqual({ references: ['third', 'second', 'first'], next: null });
});

test('pages hold every payout once, also when more are accepted meanwhile', async () => {
  const caller = await startCaller();
  const bank = await caller.account();
  const references = Array.from({ length: 7 }, (_, index) => `p-${index}`);
  await payMany(caller, bank, references);
  const seen: unknown[] = [];
  let cursor: unknown = '';
  for (let page = 0; cursor !== null; page += 1) {
    const found = await list(caller, { limit: '3', ...(cursor ? { cursor: String(cursor) } : {}) });
    seen.push(...found.references);
    cursor = found.next;
    await payMany(caller, bank, [`late-${page}`]);
  }
  expect(seen).toEqual(references.toReversed());
});

test('a page that is exactly full has no next one', async () => {
  const caller = await startCaller();
  await payMany(caller, await caller.account(), ['a', 'b']);
  expect((await list(caller, { limit: '2' })).next).toBeNull();
});

test('a page has 100 payouts where no limit is named', async () => {
  const caller = await startCaller();
  const bank = await caller.account();
  await Promise.all(Array.from({ length: 120 }, () => caller.pay(bank, 1)));
  expect((await list(caller)).references).toHaveLength(100);
  expect((await list(caller, { limit: '500' })).references).toHaveLength(120);
});

test('by status lists what has that status now', async () => {
  const caller = await startCaller();
  await payMany(caller, await caller.account('0004'), ['returned']);
  await payMany(caller, await caller.account('0003'), ['stuck']);
  caller.clock.ms += 3000;
  expect((await list(caller, { status: 'REVERSED' })).references).toEqual([]);
  expect((await list(caller, { status: 'SUCCESS' })).references).toEqual(['returned']);
  caller.clock.ms += 3000;
  expect((await list(caller, { status: 'REVERSED' })).references).toEqual(['returned']);
  expect((await list(caller, { status: 'PROCESSING' })).references).toEqual(['stuck']);
  expect((await list(caller, { status: 'reversed' })).references).toEqual([]);
});

test('from and to are about the last change: at or after, and before', async () => {
  const caller = await startCaller();
  await payMany(caller, await caller.account(), ['paid']);
  caller.clock.ms += 3000;
  const changed = '2026-11-21T06:00:03Z';
  expect((await list(caller, { from: changed })).references).toEqual(['paid']);
  expect((await list(caller, { from: '2026-11-21T11:30:03+05:30' })).references).toEqual(['paid']);
  expect((await list(caller, { from: '2026-11-21T06:00:03.001Z' })).references).toEqual([]);
  expect((await list(caller, { to: changed })).references).toEqual([]);
  expect((await list(caller, { to: '2026-11-21T06:00:03.001Z' })).references).toEqual(['paid']);
});

test.each([
  'limit=0',
  'limit=501',
  'limit=ten',
  'cursor=nonsense',
  'from=yesterday',
  'to=2026-11-21',
])('%s is 400', async (query) => {
  const { call } = await startCaller();
  const reply = await call('GET', `/api/v1/payouts?${query}`);
  expect([reply.status, codeOf(reply)]).toEqual([400, 'INVALID_REQUEST']);
});
