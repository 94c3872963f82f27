/**
 * The sandbox on the wire: bounded bodies, JSON objects only, a token for everything that is not open, and no
 * answer before what it says is on the record.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { unreachable } from '../domain/errors.ts';
import { type Answer, badRequest, refusal } from './answer.ts';
import type { Exchange, Faults, Verdict } from './faults.ts';
import type { Route, Routes } from './routes.ts';
import { textOf } from './spoiled-answer.ts';

const BODY_LIMIT = 1024 * 1024;
// Longer than clients keep idle connections, so that it is always the client that closes one.
const KEEP_ALIVE_MS = 65_000;
// A client that goes on sending after 413 gets this long to read the answer.
const LINGER_MS = 500;

export interface Wire {
  routes: Routes;
  faults: Faults;
  accepts(authorization: string | undefined): boolean;
  /** Resolves when everything handled so far is on the record. */
  written(): Promise<void>;
  answered(answer: Answer): void;
  /** Takes note of a request: null, or after how many seconds it may come again. */
  arrived(): number | null;
}

type Leaving = Exclude<Verdict, { act: 'go_on' }>;

export function createWire(wire: Wire): Server {
  const server = createServer((request, response) => {
    serve(wire, request, response).catch(() => {
      // The record could not be written, or the client is gone: whether anything happened is not known to it.
      if (response.headersSent) response.destroy();
      else
        send(response, refusal(500, 'INTERNAL', 'The request may or may not have been carried out.'), false);
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

/** What the sandbox says about itself is not counted and meets no faults. */
const ABOUT_ITSELF = '/sandbox/';

async function serve(wire: Wire, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.url ?? '/';
  const aboutItself = target.startsWith(ABOUT_ITSELF);
  const pause = aboutItself ? null : wire.arrived();
  const bytes = await readBody(request);
  if (bytes === null) {
    const answer = refusal(413, 'BODY_TOO_LARGE', `A body has at most ${BODY_LIMIT} bytes.`);
    wire.answered(answer);
    send(response, answer, true);
    request.resume();
    setTimeout(() => request.destroy(), LINGER_MS).unref();
    return;
  }
  const question = target.indexOf('?');
  const path = question < 0 ? target : target.slice(0, question);
  const body = decode(bytes);
  const exchange: Exchange = {
    method: request.method ?? 'GET',
    path,
    body: body ?? '',
    authorization: request.headers.authorization,
    gone: goneSignal(response),
  };
  const query = new URLSearchParams(question < 0 ? '' : target.slice(question + 1));
  const handled = () => handle(wire, exchange, body === null, query);
  if (aboutItself) return deliver(response, handled());
  const verdict: Leaving =
    pause === null ? await judge(wire, exchange, handled) : { act: 'answer', answer: tooMany(pause) };
  switch (verdict.act) {
    case 'cut':
      request.socket.resetAndDestroy();
      return;
    case 'truncate':
      wire.answered(verdict.answer);
      return truncate(response, verdict.answer, verdict.length_told);
    case 'answer':
      wire.answered(verdict.answer);
      return deliver(response, verdict.answer);
  }
  return unreachable(verdict);
}

/** The request between its faults. */
async function judge(wire: Wire, exchange: Exchange, handled: () => Answer): Promise<Leaving> {
  const before = await wire.faults.before(exchange);
  if (before.act !== 'go_on') return before;
  const answer = handled();
  await wire.written();
  const after = await wire.faults.after(exchange, answer);
  return after.act === 'go_on' ? { act: 'answer', answer } : after;
}

function tooMany(seconds: number): Answer {
  const answer = refusal(429, 'RATE_LIMITED', 'There are too many requests.');
  return { ...answer, headers: { 'Retry-After': String(seconds) } };
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

/** All bytes, or null where there are more than allowed. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) return null;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_LIMIT) resolve(null);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function handle(wire: Wire, exchange: Exchange, garbled: boolean, query: URLSearchParams): Answer {
  const found = wire.routes.find(exchange.path);
  if (!found) return refusal(404, 'NOT_FOUND', 'There is no such path.');
  const route: Route | undefined = Object.hasOwn(found.methods, exchange.method)
    ? found.methods[exchange.method]
    : undefined;
  if (!route) {
    const answer = refusal(405, 'METHOD_NOT_ALLOWED', 'This path has no such method.');
    return { ...answer, headers: { Allow: Object.keys(found.methods).join(', ') } };
  }
  if (!route.open && !wire.accepts(exchange.authorization)) {
    return refusal(401, 'UNAUTHENTICATED', 'The access token is missing, unknown or expired.');
  }
  if (exchange.method !== 'POST') return route.handle({ query, id: found.id, body: {} });
  const body = garbled ? undefined : parseObject(exchange.body);
  if (!body) return badRequest('The body is no JSON object in UTF-8.');
  return route.handle({ query, id: found.id, body });
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, answer: Answer, close: boolean): void {
  const body = typeof answer.body === 'string' ? answer.body : '';
  response.writeHead(answer.status, {
    'Content-Type': answer.content_type,
    'Content-Length': Buffer.byteLength(body),
    ...answer.headers,
    ...(close ? { Connection: 'close' } : {}),
  });
  response.end(body);
}

async function deliver(response: ServerResponse, answer: Answer): Promise<void> {
  if (typeof answer.body === 'string') send(response, answer, false);
  else await stream(response, answer, answer.body);
}

/** Without its length told, half an answer ends as a whole one does: with the connection. */
function truncate(response: ServerResponse, answer: Answer, lengthTold: boolean): void {
  const bytes = Buffer.from(textOf(answer));
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  const head = { 'Content-Type': answer.content_type, ...answer.headers, Connection: 'close' };
  if (lengthTold) {
    response.writeHead(answer.status, { ...head, 'Content-Length': bytes.length });
    response.write(half, () => response.destroy());
  } else {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(answer.status, head);
    response.end(half);
  }
}

async function stream(response: ServerResponse, answer: Answer, body: Iterable<string>): Promise<void> {
  response.writeHead(answer.status, { 'Content-Type': answer.content_type, ...answer.headers });
  await pipeline(Readable.from(body), response);
}
