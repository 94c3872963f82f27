import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { deliver, entriesOf, eventually, openDesk, SECRET, told } from './desk.ts';

const FIVE_MINUTES = 5 * 60_000;
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('what is delivered', () => {
  test('is taken only with a signature that fits, and then stored', async () => {
    const desk = await openDesk();
    const { url } = await desk.serve();
    const event = told('nobody', 'SUCCESS');
    for (const signature of [null, '', 'x'.repeat(64), '0'.repeat(64), [SECRET, SECRET]])
      expect(await deliver(url, event, { signature })).toBe(401);
    expect(await deliver(url, event, { secret: 'another' })).toBe(401);
    expect(await deliver(url, 'no event, unsigned', { signature: null })).toBe(401);
    expect(await desk.webhooks()).toEqual([]);
    expect(await deliver(url, event)).toBe(200);
    expect(await desk.webhooks()).toMatchObject([{ reference_id: 'nobody', state: 'unknown_reference' }]);
  });

  test('fits either secret while one is replaced, and none that was taken out', async () => {
    const desk = await openDesk({
      webhook_secret_toml: '[{ file = "hook-secret" }, { file = "old-secret" }]',
    });
    const { url } = await desk.serve();
    expect(await deliver(url, told('a', 'QUEUED'))).toBe(200);
    expect(await deliver(url, told('b', 'QUEUED'), { secret: 'the-secret-before' })).toBe(200);
    expect(await deliver(url, told('c', 'QUEUED'), { secret: 'older' })).toBe(401);
    expect(await desk.webhooks()).toHaveLength(2);
  });

  test.each([
    ['no JSON', 'payout.completed'],
    ['JSON that is no event', '{"event":"ping"}'],
    ['nothing', ''],
    ['a timestamp in words', JSON.stringify(told('a', 'SUCCESS', { timestamp: '123abc' }))],
  ])('signed, but %s, is answered 400', async (_what, body) => {
    const desk = await openDesk();
    const { url, stop } = await desk.serve();
    expect(await deliver(url, body)).toBe(400);
    expect(await desk.webhooks()).toEqual([]);
    expect((await stop()).stderr).toContain('nxt: refused 1 request that had a signature, but no event');
  });

  test('from the future is refused after five minutes, and from the past never', async () => {
    const desk = await openDesk();
    const { url, stop } = await desk.serve();
    const at = (ms: number) => deliver(url, told('a', 'SUCCESS', { timestamp: fromNow(ms) }));
    expect(await at(FIVE_MINUTES - 5000)).toBe(200);
    expect(await at(FIVE_MINUTES + 5000)).toBe(401);
    expect(await at(-FIVE_MINUTES - 5000)).toBe(200);
    expect(await at(-30 * 86_400_000)).toBe(200);
    expect(await desk.webhooks()).toHaveLength(3);
    expect((await stop()).stderr).toContain("check this machine's clock");
  });

  test('a thousand times has one effect', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    const { url, stop } = await desk.serve();
    const body = JSON.stringify(told('nov-000001', 'SUCCESS'));
    const statuses = await Promise.all(Array.from({ length: 1000 }, () => deliver(url, body)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'paid' }));
    expect(await desk.webhooks()).toHaveLength(1);
    const ran = await stop();
    expect(ran.exit).toBe(0);
    const entries = await desk.office.ledger(entriesOf);
    expect(entries.filter((entry) => entry.endsWith(' paid'))).toEqual(['nov-000001 paid']);
  });

  test('is stored without account numbers, wherever they stand', async () => {
    const desk = await openDesk();
    const { url, stop } = await desk.serve();
    const canary = '50100098761234';
    const event = {
      ...told('nobody', 'FAILED', { failure_reason: `Account ${canary} is closed` }),
      beneficiary: { account_number: canary, name: 'Canary Person' },
      note: `5010 0098 7612 34`,
    };
    expect(await deliver(url, JSON.stringify(event))).toBe(200);
    await stop();
    const files = readdirSync(desk.folder).filter((name) => name.startsWith('payrun.db'));
    expect(files).toContain('payrun.db');
    for (const name of files) {
      const bytes = readFileSync(join(desk.folder, name), 'latin1');
      for (const text of [canary, '5010 0098 7612 34', 'Canary Person']) expect(bytes).not.toContain(text);
    }
    await desk.office.ledger(async (database) => {
      const row = await database.get('select failure_reason, sha256 from webhooks');
      expect(row).toMatchObject({ failure_reason: 'Account ••••1234 is closed' });
    });
  });

  test('is answered only when it is on disk', async () => {
    const desk = await openDesk();
    const { url } = await desk.serve();
    let answered = false;
    let sent: Promise<number> | undefined;
    await desk.office.ledger((database) =>
      // Another process writes meanwhile, and holds the ledger until its transaction ends.
      database.transaction(async (tx) => {
        await tx.run("insert into sync_marks (provider, returned_until) values ('other', '2026')");
        sent = deliver(url, told('nobody', 'SUCCESS')).then((status) => {
          answered = true;
          return status;
        });
        await new Promise((resolve) => setTimeout(resolve, 150));
        expect(answered).toBe(false);
        expect(await tx.all('select id from webhooks')).toEqual([]);
      }),
    );
    expect(await sent).toBe(200);
    expect(await desk.webhooks()).toHaveLength(1);
  });
});

describe('an event', () => {
  test('is no more than a reason to ask: what the provider answers is booked', async () => {
    const desk = await openDesk({ settle_ms: 60_000 });
    await desk.submit(['100', '200', '300']);
    const { url } = await desk.serve();
    for (const [index, status] of ['SUCCESS', 'FAILED', 'REVERSED'].entries())
      expect(await deliver(url, told(`nov-00000${index + 1}`, status, { amount: (index + 1) * 100 }))).toBe(
        200,
      );
    await eventually(async () =>
      expect((await desk.webhooks()).map(({ state }) => state)).toEqual(['applied', 'applied', 'applied']),
    );
    expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['pending']));
    const entries = await desk.office.ledger(entriesOf);
    expect(entries.map((entry) => entry.split(' ')[1])).toEqual(['submitted', 'submitted', 'submitted']);
  });

  test('that names another payout_id or case asks about ours, and nothing is held for it', async () => {
    const desk = await openDesk();
    await desk.submit(['100', '200']);
    const { url, stderr } = await desk.serve();
    expect(await deliver(url, told('NOV-000001', 'FAILED', { payout_id: 'po_evil' }))).toBe(200);
    await eventually(async () => expect((await desk.states())['nov-000001']).toBe('paid'));
    expect(stderr()).toContain('the event names payout po_evil, not ');
    expect((await desk.states())['nov-000002']).toBe('pending');
  });

  test('that states another amount holds the payout, and never changes one that is proven', async () => {
    const desk = await openDesk();
    await desk.submit(['100', '200']);
    const { url, stderr } = await desk.serve();
    expect(await deliver(url, told('nov-000001', 'SUCCESS', { amount: 100.01 }))).toBe(200);
    await eventually(async () => expect((await desk.states())['nov-000001']).toBe('held'));
    expect(stderr()).toContain('nov-000001 pending → held: the event states 100.01, not 100.00');
    expect(await deliver(url, told('nov-000002', 'SUCCESS', { amount: 200 }))).toBe(200);
    await eventually(async () => expect((await desk.states())['nov-000002']).toBe('paid'));
    expect(await deliver(url, told('nov-000002', 'SUCCESS', { amount: 2 }))).toBe(200);
    await eventually(async () => expect(stderr()).toContain('nov-000002 stays paid'));
    const shown = await desk.payrun('payout', 'show', 'nov-000001');
    expect(shown.stdout).toContain('the event states 100.01, not 100.00');
    const entries = await desk.office.ledger(entriesOf);
    expect(entries.filter((entry) => entry.startsWith('nov-000001'))).toHaveLength(1);
  });

  test('is found by the payout_id where its reference is not ours', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    const listed = await desk.payrun('payout', 'list', '--json');
    const id = listed.json<{ items: { provider_id: string }[] }>().data.items[0]?.provider_id ?? '';
    const { url } = await desk.serve();
    expect(await deliver(url, told('garbled', 'SUCCESS', { payout_id: id }))).toBe(200);
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'paid' }));
    expect(await desk.webhooks()).toMatchObject([
      { reference_id: 'nov-000001', provider_id: id, effect: 'moved' },
    ]);
    const story = await desk.payrun('payout', 'explain', 'nov-000001', '--json', '--report', 'story.html');
    await expectMatchesSchema('payout explain', story.json());
    const events = story.json<{ items: { kind: string; what: string }[] }>().data.items;
    expect(events.filter(({ kind }) => kind === 'webhook').map(({ what }) => what)).toEqual([
      'webhook 1 received with its signature: payout.success, SUCCESS, about attempt 1',
      'webhook 1 looked into: the provider was asked, and its answer moved the payout',
    ]);
    expect(story.stdout).toContain('the event names reference garbled, not nov-000001');
    const kinds = events.map(({ kind }) => kind);
    expect(kinds.indexOf('webhook')).toBeLessThan(kinds.lastIndexOf('status'));
    expect(readFileSync(join(desk.folder, 'story.html'), 'utf8')).toContain('its answer moved the payout');
  });

  test('older than five minutes is as good a reason as any', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    const { url } = await desk.serve();
    const late = told('nov-000001', 'PROCESSING', { timestamp: fromNow(-10 * 60_000) });
    expect(await deliver(url, { ...late, status: 'SUCCESS' })).toBe(200);
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'paid' }));
  });

  test('that says that a payout is on its way asks nothing about one that is known to be', async () => {
    const desk = await openDesk({ settle_ms: 60_000 });
    await desk.submit(['100']);
    const { url } = await desk.serve();
    const before = desk.relay.asked.GET;
    for (const status of ['QUEUED', 'PROCESSING', 'QUEUED']) await deliver(url, told('nov-000001', status));
    await eventually(async () =>
      expect((await desk.webhooks()).map(({ effect }) => effect)).toEqual(['same', 'same', 'same']),
    );
    expect(desk.relay.asked.GET).toBe(before);
  });

  test('told in twenty ways at once is booked once', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    const { url, stop } = await desk.serve();
    await Promise.all(
      Array.from({ length: 20 }, () => deliver(url, told('nov-000001', 'SUCCESS', { payout_id: 'po_x' }))),
    );
    // The events differ by their instants or not at all: what is stored is what differs.
    await eventually(async () => {
      const events = await desk.webhooks();
      expect(events.length).toBeGreaterThan(0);
      expect(new Set(events.map(({ state }) => state))).toEqual(new Set(['applied']));
    });
    await stop();
    expect(await desk.office.ledger(entriesOf)).toContain('nov-000001 paid');
    expect((await desk.payrun('ledger', 'verify', '--json')).json().data).toMatchObject({ problems: [] });
  });

  test('of a contradiction is asked about twice, and the payout is held', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    await desk.payrun('payout', 'sync', '--wait', '5s');
    expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
    const { url, stderr } = await desk.serve();
    desk.relay.between = (answer) => ({
      ...answer,
      text: answer.text.replace('"status":"SUCCESS"', '"status":"FAILED"'),
    });
    const before = desk.relay.asked.GET;
    expect(await deliver(url, told('nov-000001', 'FAILED'))).toBe(200);
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'held' }));
    expect(desk.relay.asked.GET - before).toBe(2);
    expect(await desk.webhooks()).toMatchObject([{ effect: 'held', state: 'applied' }]);
    expect(stderr()).toContain('nov-000001 paid → held');
  });

  test('of a payout that came back after it was paid books the return', async () => {
    const desk = await openDesk({ endings: false });
    await desk.submit(['100']);
    await desk.payrun('payout', 'sync', '--wait', '5s');
    const { url } = await desk.serve();
    desk.relay.between = (answer) => ({
      ...answer,
      text: answer.text.replace('"status":"SUCCESS"', '"status":"REVERSED"'),
    });
    expect(await deliver(url, told('nov-000001', 'REVERSED'))).toBe(200);
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'returned' }));
    expect(await desk.office.ledger(entriesOf)).toContain('nov-000001 returned');
  });

  test('about an attempt that has been replaced asks nothing and says so', async () => {
    const desk = await openDesk();
    await desk.submit(['100'], 'closed');
    await desk.payrun('payout', 'sync', '--wait', '5s');
    expect(await desk.states()).toEqual({ 'nov-000001': 'failed' });
    await desk.payrun('payout', 'retry', 'nov-000001', '--yes');
    const { url } = await desk.serve();
    const before = desk.relay.asked.GET;
    expect(await deliver(url, told('nov-000001', 'SUCCESS'))).toBe(200);
    await eventually(async () =>
      expect(await desk.webhooks()).toMatchObject([{ effect: 'earlier_attempt', state: 'applied' }]),
    );
    expect(desk.relay.asked.GET).toBe(before);
  });
});

test('every order of five events of a payout ends the same, with one booking', async () => {
  const desk = await openDesk();
  const statuses = ['QUEUED', 'PROCESSING', 'PROCESSING', 'SUCCESS', 'SUCCESS'];
  const orders = permutations([0, 1, 2, 3, 4]);
  await desk.submit(orders.map((_, index) => `${100 + index}`));
  const { url, stop } = await desk.serve();
  await Promise.all(
    orders.map(async (order, index) => {
      for (const which of order) {
        const reference = `nov-${String(index + 1).padStart(6, '0')}`;
        expect(await deliver(url, told(reference, statuses[which] ?? '', { amount: 100 + index }))).toBe(200);
      }
    }),
  );
  await eventually(async () => expect(await desk.webhooks('--state', 'received')).toEqual([]));
  await stop();
  expect(orders).toHaveLength(120);
  expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['paid']));
  const entries = await desk.office.ledger(entriesOf);
  expect(entries.filter((entry) => entry.endsWith(' paid'))).toHaveLength(120);
  expect((await desk.payrun('ledger', 'verify', '--json')).json().data).toMatchObject({ problems: [] });
});

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}
