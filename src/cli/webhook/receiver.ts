/**
 * The HTTP side of receiving webhooks: paths, methods, sizes and times, before anybody is trusted. A body is held back
 * as raw bytes and handed over whole; one that is too large is refused when that is known, and never held.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PayrunError } from '../../domain/errors.ts';

export interface Delivery {
  body: Uint8Array;
  header(name: string): string | undefined;
}

/** What a sender is told; the words are for the person who reads the sender's log. */
export interface Reply {
  status: 200 | 400 | 401 | 404 | 405 | 413 | 503;
  text: string;
}

export interface ReceiverLimits {
  /** The largest body that is taken. */
  body_bytes: number;
  /** Of all bodies together that are under way: what unproven senders may make us hold. */
  held_bytes: number;
  headers_ms: number;
  /** Headers and body together. */
  request_ms: number;
}

export const RECEIVER_LIMITS: ReceiverLimits = {
  body_bytes: 1 << 20,
  held_bytes: 64 << 20,
  headers_ms: 10_000,
  request_ms: 20_000,
};

export interface ReceiverOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** Paths and who answers for them. */
  routes: ReadonlyMap<string, (delivery: Delivery) => Promise<Reply>>;
  limits?: ReceiverLimits;
}

export interface Receiver {
  /** Without a path. */
  url: string;
  /** Answers what is under way, and takes nothing more. */
  close(): Promise<void>;
}

// More senders at once than any provider has; each costs a descriptor.
const MOST_CONNECTIONS = 4096;
// So much of a refused body is thrown away, so that its sender can read the refusal before the connection ends.
const DISCARDED_BYTES = 4 << 20;
const CLOSE_LIMIT_MS = 5000;
const CLOSE_GLANCE_MS = 20;

export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const limits = options.limits ?? RECEIVER_LIMITS;
  const held = { bytes: 0 };
  const server = createServer(
    {
      headersTimeout: limits.headers_ms,
      requestTimeout: limits.request_ms,
      // How often the two limits are looked at.
      connectionsCheckingInterval: Math.min(1000, limits.headers_ms),
    },
    (request, response) => {
      void answer(request, options.routes, limits, held)
        // Who takes deliveries tells of its own failures; the sender only learns to come again.
        .catch((): Reply => ({ status: 503, text: 'not taken; send it again' }))
        .then((reply) => write(request, response, reply));
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  const url = await listen(server, options.host, options.port);
  // Such as a connection that could not be accepted for want of descriptors: the next one may be.
  server.on('error', () => undefined);
  return { url, close: () => close(server) };
}

async function answer(
  request: IncomingMessage,
  routes: ReceiverOptions['routes'],
  limits: ReceiverLimits,
  held: { bytes: number },
): Promise<Reply> {
  const path = request.url?.split('?')[0] ?? '';
  if (path === '/healthz') {
    return request.method === 'GET' || request.method === 'HEAD'
      ? { status: 200, text: 'ok' }
      : { status: 405, text: 'use GET' };
  }
  const take = routes.get(path);
  if (!take) return { status: 404, text: 'nothing is received here' };
  if (request.method !== 'POST') return { status: 405, text: 'use POST' };
  const body = await readBody(request, limits, held);
  if (!(body instanceof Uint8Array)) return body;
  return take({ body, header: (name) => textOf(request.headers[name]) });
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

/** The whole body, or why it is not taken. Said as soon as it is known; the rest is thrown away as it comes. */
function readBody(
  request: IncomingMessage,
  limits: ReceiverLimits,
  held: { bytes: number },
): Promise<Uint8Array | Reply> {
  const tooLarge: Reply = { status: 413, text: `a body is at most ${limits.body_bytes} bytes` };
  if (Number(request.headers['content-length'] ?? 0) > limits.body_bytes) return Promise.resolve(tooLarge);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      held.bytes += chunk.length;
      if (size > limits.body_bytes) end(tooLarge);
      else if (held.bytes > limits.held_bytes) end({ status: 503, text: 'too much at once; send it again' });
    };
    const onEnd = () => end(Buffer.concat(chunks));
    // The sender went away or took too long: whatever is answered, nobody hears it.
    const onGone = () => end({ status: 400, text: 'the body is not whole' });
    const end = (result: Uint8Array | Reply) => {
      held.bytes -= size;
      size = 0;
      chunks.length = 0;
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      resolve(result);
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function write(request: IncomingMessage, response: ServerResponse, { status, text }: Reply): void {
  request.on('error', () => undefined);
  if (!request.complete) discard(request);
  const allow = request.url?.startsWith('/healthz') ? 'GET, HEAD' : 'POST';
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 405 ? { allow } : {}),
    ...(status === 503 ? { 'retry-after': '5' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
}

/** Ending the connection at once would take the refusal from a sender that is still writing. */
function discard(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DISCARDED_BYTES) request.destroy();
  });
  request.resume();
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what = `Webhooks cannot be received on ${host}:${port}: ${cause.code ?? cause.message}.`;
      const hint = 'Name another port, or 0 for any free one.';
      reject(new PayrunError('failed', 'port_unavailable', what, { hint, cause }));
    });
    server.listen(port, host, () => {
      // A server that listens on TCP has an address of this shape.
      const bound = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`);
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection that has had its answer just now is idle from then on, and its sender may keep it for long.
  const idle = setInterval(() => server.closeIdleConnections(), CLOSE_GLANCE_MS);
  const limit = setTimeout(() => server.closeAllConnections(), CLOSE_LIMIT_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
}
