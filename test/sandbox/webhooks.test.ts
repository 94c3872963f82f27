import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type Body, startCaller } from './caller.ts';

interface Receiver {
  url: string;
  events: { signature: string | undefined; raw: string; json: Body }[];
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers the first calls with these statuses, then 200. */
async function receiver(statuses: number[] = []): Promise<Receiver> {
  const events: Receiver['events'] = [];
  const server = createServer((request, response) => {
    let raw = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      raw += chunk;
    });
    request.on('end', () => {
      const signature = request.headers['x-nxtb-signature'];
      events.push({
        raw,
        json: JSON.parse(raw) as Body,
        signature: typeof signature === 'string' ? signature : undefined,
      });
      response.statusCode = statuses.shift() ?? 200;
      response.end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, events };
}

const byTime = (events: Receiver['events']) =>
  events
    .map(({ json }) => json)
    .sort((left, right) => (String(left.timestamp) < String(right.timestamp) ? -1 : 1));

test('each change is told once, signed over its raw bytes', async () => {
  const { url, events } = await receiver();
  const { account, pay, clock, call, sandbox } = await startCaller({
    webhook_url: url,
    webhook_secret: 'w',
    reverse_ms: 1000,
  });
  const made = await pay(await account('0004'), 12.5, { reference_id: 'told' });
  clock.ms += 10_000;
  await call('GET', '/api/v1/balance');
  await vi.waitFor(() => expect(sandbox.stats().webhooks.delivered).toBe(4));
  for (const { signature, raw } of events)
    expect(signature).toBe(createHmac('sha256', 'w').update(raw).digest('hex'));
  const utr = expect.stringMatching(/^\d{12}$/);
  const about = { payout_id: made.json.payout_id, reference_id: 'told', amount: 12.5 };
  expect(byTime(events)).toEqual([
    {
      ...about,
      event: 'payout.queued',
      status: 'QUEUED',
      utr: null,
      failure_reason: null,
      timestamp: '2026-11-21T06:00:00.000Z',
    },
    {
      ...about,
      event: 'payout.processing',
      status: 'PROCESSING',
      utr: null,
      failure_reason: null,
      timestamp: '2026-11-21T06:00:01.000Z',
    },
    {
      ...about,
      event: 'payout.completed',
      status: 'SUCCESS',
      utr,
      failure_reason: null,
      timestamp: '2026-11-21T06:00:03.000Z',
    },
    {
      ...about,
      event: 'payout.reversed',
      status: 'REVERSED',
      utr,
      failure_reason: 'RETURNED_BY_BENEFICIARY_BANK',
      timestamp: '2026-11-21T06:00:04.000Z',
    },
  ]);
});

test('time passes by itself when somebody is to be told of it', async () => {
  const { url, events } = await receiver();
  const { account, pay } = await startCaller({ webhook_url: url, settle_ms: 60, now: () => new Date() });
  await pay(await account('0001'), 1);
  await vi.waitFor(() => expect(events.map(({ json }) => json.status)).toContain('FAILED'), {
    timeout: 5000,
  });
  expect(byTime(events).at(-1)).toMatchObject({
    event: 'payout.failed',
    failure_reason: 'ACCOUNT_CLOSED',
    utr: null,
  });
});

test('an event that is not taken is sent again', async () => {
  const { url, events } = await receiver([500]);
  const { account, pay, sandbox } = await startCaller({ webhook_url: url });
  await pay(await account(), 1);
  await vi.waitFor(() => expect(sandbox.stats().webhooks).toEqual({ delivered: 1, dropped: 0 }), {
    timeout: 5000,
  });
  expect(events).toHaveLength(2);
  expect(events[0]).toEqual(events[1]);
});

test('a receiver that is away does not keep the sandbox from closing', async () => {
  const { account, pay, sandbox } = await startCaller({ webhook_url: 'http://127.0.0.1:9/' });
  await pay(await account(), 1);
  const started = performance.now();
  await sandbox.close();
  expect(performance.now() - started).toBeLessThan(1500);
});
