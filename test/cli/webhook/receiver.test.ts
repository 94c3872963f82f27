import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Agent, request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import {
  type Delivery,
  RECEIVER_LIMITS,
  type Receiver,
  type ReceiverLimits,
  type Reply,
  startReceiver,
} from '../../../src/cli/webhook/receiver.ts';

const MIB = 1 << 20;
const open: { close(): Promise<void> }[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((each) => each.close()));
});

interface Receiving extends Receiver {
  deliveries: Delivery[];
}

async function receive(
  limits: Partial<ReceiverLimits> = {},
  take: (delivery: Delivery) => Promise<Reply> = async () => ({ status: 200, text: 'stored' }),
): Promise<Receiving> {
  const deliveries: Delivery[] = [];
  const receiver = await startReceiver({
    host: '127.0.0.1',
    port: 0,
    limits: { ...RECEIVER_LIMITS, ...limits },
    routes: new Map([
      [
        '/webhooks/nxt',
        (delivery: Delivery) => {
          deliveries.push(delivery);
          return take(delivery);
        },
      ],
    ]),
  });
  open.push(receiver);
  return { ...receiver, deliveries };
}

/** A sender that does as it likes with the connection; `answer` is everything that it is told until that ends. */
async function sender(
  url: string,
): Promise<{ socket: Socket; answer(): Promise<string>; until(text: string): Promise<void> }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  let told = '';
  socket.on('data', (chunk) => {
    told += chunk.toString();
  });
  const closed = once(socket, 'close').catch(() => undefined);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return {
    socket,
    answer: async () => {
      await closed;
      return told;
    },
    until: async (text) => {
      while (!told.includes(text)) {
        await Promise.race([once(socket, 'data'), closed]);
        if (socket.destroyed && !told.includes(text)) throw new Error(`told only: ${told}`);
      }
    },
  };
}

const head = (lines: readonly string[]) =>
  `POST /webhooks/nxt HTTP/1.1\r\nHost: x\r\n${lines.join('\r\n')}\r\n\r\n`;

test('a body arrives byte for byte, with its headers', async () => {
  const { url, deliveries } = await receive();
  const body = Buffer.from('{"a": "é\\u00e9",\r\n "b":1.50}\n');
  const answer = await request(`${url}/webhooks/nxt?try=2`, {
    method: 'POST',
    body,
    headers: { 'X-NxtB-Signature': 'abc' },
  });
  expect([answer.statusCode, await answer.body.text()]).toEqual([200, 'stored\n']);
  expect(Buffer.from(deliveries[0]?.body ?? [])).toEqual(body);
  expect(deliveries[0]?.header('x-nxtb-signature')).toBe('abc');
  expect(deliveries[0]?.header('x-other')).toBeUndefined();
});

test.each([
  ['GET', '/webhooks/nxt', 405, 'POST'],
  ['PUT', '/webhooks/nxt', 405, 'POST'],
  ['DELETE', '/webhooks/nxt', 405, 'POST'],
  ['HEAD', '/webhooks/nxt', 405, 'POST'],
  ['GET', '/healthz', 200, undefined],
  ['HEAD', '/healthz', 200, undefined],
  ['POST', '/healthz', 405, 'GET, HEAD'],
  ['POST', '/', 404, undefined],
  ['POST', '/webhooks', 404, undefined],
  ['POST', '/webhooks/', 404, undefined],
  ['POST', '/webhooks/other', 404, undefined],
  ['POST', '/webhooks/NXT', 404, undefined],
  ['POST', '/webhooks/nxt/', 404, undefined],
  ['POST', '/webhooks/nxt/x', 404, undefined],
  ['POST', '/webhooks/%6Ext', 404, undefined],
  ['POST', '/webhooks/constructor', 404, undefined],
] as const)('%s %s is answered %i', async (method, path, status, allow) => {
  const { url, deliveries } = await receive();
  const answer = await request(`${url}${path}`, { method });
  await answer.body.dump();
  expect(answer.statusCode).toBe(status);
  expect(answer.headers.allow).toBe(allow);
  expect(deliveries).toEqual([]);
});

test.each([
  '/webhooks/../healthz/../webhooks/nxt',
  '/webhooks/x/../nxt',
  '//webhooks/nxt',
  '/webhooks\\nxt',
])('a path such as %s leads nowhere', async (path) => {
  const { url, deliveries } = await receive();
  const { socket, answer } = await sender(url);
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
  expect(await answer()).toMatch(/^HTTP\/1\.1 404 /);
  expect(deliveries).toEqual([]);
});

test('a body of exactly one mebibyte is taken, and one byte more is not', async () => {
  const { url, deliveries } = await receive();
  const send = async (bytes: number) => {
    const answer = await request(`${url}/webhooks/nxt`, { method: 'POST', body: Buffer.alloc(bytes, 'x') });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect(await send(20_000)).toBe(200);
  expect(await send(MIB)).toBe(200);
  expect(await send(MIB + 1)).toBe(413);
  expect(deliveries.map(({ body }) => body.length)).toEqual([20_000, MIB]);
});

test('a body that says that it is too large is refused before a byte of it', async () => {
  const { url, deliveries } = await receive();
  const { socket, until } = await sender(url);
  socket.write(head([`Content-Length: ${MIB + 1}`]));
  await until('HTTP/1.1 413 ');
  expect(deliveries).toEqual([]);
});

test('a chunked body without a length is refused once it is too large, long before its end', async () => {
  const { url, deliveries } = await receive({ body_bytes: 1000 });
  const { socket, until } = await sender(url);
  socket.write(head(['Transfer-Encoding: chunked']));
  const chunk = `${(400).toString(16)}\r\n${'x'.repeat(400)}\r\n`;
  socket.write(chunk + chunk);
  socket.write(chunk);
  await until('HTTP/1.1 413 ');
  expect(deliveries).toEqual([]);
});

test('a refused sender that never ends is cut off', async () => {
  const { url } = await receive({ body_bytes: 1000 });
  const { socket, answer } = await sender(url);
  socket.write(head(['Transfer-Encoding: chunked']));
  const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
  let sent = 0;
  const pump = () => {
    while (!socket.destroyed) {
      sent += chunk.length;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', pump);
  pump();
  await answer();
  expect(sent).toBeGreaterThan(4 << 20);
});

test('bodies under way that are too much together are to come again', async () => {
  const { url, deliveries } = await receive({ body_bytes: 1000, held_bytes: 1500 });
  const first = await sender(url);
  first.socket.write(`${head(['Content-Length: 1000'])}${'x'.repeat(900)}`);
  const second = await sender(url);
  // Which of the two comes over the limit depends on which was read last; one of them is taken.
  second.socket.write(`${head(['Content-Length: 1000'])}${'x'.repeat(900)}`);
  const refused = await Promise.race(
    [first, second].map((each) =>
      each.until('HTTP/1.1 503 ').then(
        () => each,
        () => each,
      ),
    ),
  );
  const other = refused === first ? second : first;
  other.socket.write('x'.repeat(100));
  await other.until('HTTP/1.1 200 ');
  expect(deliveries).toHaveLength(1);
  const later = await request(`${url}/webhooks/nxt`, { method: 'POST', body: 'x'.repeat(1000) });
  expect(later.statusCode).toBe(200);
});

test('headers that come byte by byte end with their time', async () => {
  const { url } = await receive({ headers_ms: 150, request_ms: 300 });
  const { socket, answer } = await sender(url);
  const drip = setInterval(() => socket.write('X'), 20);
  socket.write('POST /webhooks/nxt HTTP/1.1\r\n');
  try {
    expect(await answer()).toMatch(/^HTTP\/1\.1 408 /);
  } finally {
    clearInterval(drip);
  }
});

test('a body that comes byte by byte ends with its time, and is not handed over', async () => {
  const { url, deliveries } = await receive({ headers_ms: 100, request_ms: 250 });
  const { socket, answer } = await sender(url);
  socket.write(head(['Content-Length: 1000']));
  const drip = setInterval(() => socket.write('x'), 20);
  try {
    expect(await answer()).not.toContain(' 200 ');
  } finally {
    clearInterval(drip);
  }
  expect(deliveries).toEqual([]);
});

test('a sender that goes away in the middle harms nobody', async () => {
  const { url, deliveries } = await receive();
  const { socket, answer } = await sender(url);
  socket.write(`${head(['Content-Length: 1000'])}half`);
  socket.end();
  await answer();
  expect((await request(`${url}/healthz`)).statusCode).toBe(200);
  expect(deliveries).toEqual([]);
});

test('what is no HTTP is answered 400', async () => {
  const { url } = await receive();
  const { socket, answer } = await sender(url);
  socket.write('\x16\x03\x01 hello\r\n\r\n');
  expect(await answer()).toMatch(/^HTTP\/1\.1 400 /);
});

test('a thousand senders at once are all answered', async () => {
  const { url, deliveries } = await receive();
  const agent = new Agent({ connections: 1000, pipelining: 1 });
  open.push(agent);
  const statuses = await Promise.all(
    Array.from({ length: 1000 }, async (_, index) => {
      const answer = await request(`${url}/webhooks/nxt`, {
        method: 'POST',
        body: `{"n":${index}}`,
        dispatcher: agent,
      });
      await answer.body.dump();
      return answer.statusCode;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(new Set(deliveries.map(({ body }) => Buffer.from(body).toString())).size).toBe(1000);
});

test('a failure of the taker is not told to the sender, who comes again', async () => {
  const { url } = await receive({}, async () => {
    throw new Error('the disk is at /secret');
  });
  const answer = await request(`${url}/webhooks/nxt`, { method: 'POST', body: '{}' });
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5']);
  expect(await answer.body.text()).toBe('not taken; send it again\n');
});

test('closing answers what is under way', async () => {
  let proceed: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const taking = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const { url, close } = await receive({}, async () => {
    arrived();
    await new Promise<void>((resolve) => {
      proceed = resolve;
    });
    return { status: 200, text: 'stored' };
  });
  const answer = request(`${url}/webhooks/nxt`, { method: 'POST', body: '{}' });
  await taking;
  const closed = close();
  proceed();
  expect((await answer).statusCode).toBe(200);
  await closed;
  await expect(request(`${url}/healthz`)).rejects.toThrow();
});

test('a port that is taken says so', async () => {
  const { url } = await receive();
  const port = Number(new URL(url).port);
  await expect(startReceiver({ host: '127.0.0.1', port, routes: new Map() })).rejects.toMatchObject({
    code: 'port_unavailable',
    message: `Webhooks cannot be received on 127.0.0.1:${port}: EADDRINUSE.`,
  });
});
