import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { FaultName } from '../../src/sandbox/fault-table.ts';
import { type Body, startCaller } from './caller.ts';

/** Statuses in the order in which they arrive, and when. */
async function listenTo(name: FaultName, ms: number, chance = 1) {
  const events: { status: unknown; reference_id: unknown; at_ms: number }[] = [];
  const server = createServer((request, response) => {
    let raw = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      raw += chunk;
    });
    request.on('end', () => {
      const { status, reference_id } = JSON.parse(raw) as Body;
      events.push({ status, reference_id, at_ms: performance.now() });
      response.end();
    });
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const knobs = new Map([[name, { chance, ms }]]);
  const caller = await startCaller({
    webhook_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    chaos: { knobs, seed: 5 },
  });
  return { ...caller, events, knobs };
}

test('a duplicate event arrives twice, with the same words', async () => {
  const { account, pay, events, sandbox } = await listenTo('webhook-duplicate', 0);
  await pay(await account(), 1);
  await vi.waitFor(() => expect(sandbox.stats().webhooks.delivered).toBe(2));
  expect(events.map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED']);
});

test('a late event arrives after its time', async () => {
  const { account, pay, events } = await listenTo('webhook-late', 120);
  const bank = await account();
  const started = performance.now();
  await pay(bank, 1);
  await vi.waitFor(() => expect(events).toHaveLength(1));
  expect((events[0]?.at_ms ?? 0) - started).toBeGreaterThan(115);
});

test('an event is overtaken by the next one', async () => {
  const { account, pay, events, knobs } = await listenTo('webhook-reorder', 10_000);
  const bank = await account();
  await pay(bank, 1, { reference_id: 'first' });
  knobs.clear();
  await pay(bank, 1, { reference_id: 'second' });
  await vi.waitFor(() => expect(events).toHaveLength(2));
  expect(events.map(({ reference_id }) => reference_id)).toEqual(['second', 'first']);
});

test('an event that nothing overtakes arrives after its time, and one that is closed in is counted', async () => {
  const { account, pay, events, sandbox, knobs } = await listenTo('webhook-reorder', 50);
  const bank = await account();
  await pay(bank, 1);
  await vi.waitFor(() => expect(events).toHaveLength(1));
  knobs.set('webhook-reorder', { chance: 1, ms: 60_000 });
  await pay(bank, 1);
  const started = performance.now();
  await sandbox.close();
  expect(performance.now() - started).toBeLessThan(1000);
  await vi.waitFor(() => expect(sandbox.stats().webhooks).toEqual({ delivered: 1, dropped: 1 }));
});
