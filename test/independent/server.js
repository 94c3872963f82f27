/**
 * An independent NxtBanking-compatible server for tests: `node test/independent/server.js --port 0 [--options JSON]`
 * prints its URL as its first line. It is the truth that a run is held against: it is never killed in a test, keeps
 * references for ever, and breaks its answers only as `POST /control/faults` tells it.
 *
 *   POST /control/settings  any of books.js DEFAULTS, and `token_seconds`, `latency_ms`, `balance`,
 *                           `rewrite` {reference: status}, for a provider that changes its mind
 *   POST /control/faults    [{kind, method?, path?, reference?, times?, chance?, after_ms?, retry_after?, status?}]
 *   POST /control/reset     options as at the start: another bank, which knows nobody
 *   GET  /control/books     balance, payouts, violations          GET /control/log  requests with their times
 *   GET  /control/sends     how many sends have come, and how many payouts were made
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import * as bank from './books.js';

const PREFIX = '/api/v1';

export async function startServer({ port = 0, options = {} } = {}) {
  const state = freshState(options);
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error) => {
      process.stderr.write(`${error.stack}\n`);
      response.destroy();
    });
  });
  server.keepAliveTimeout = 30_000;
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${server.address().port}`, state, close };
}

function freshState(options) {
  return {
    books: bank.createBooks(options),
    faults: [],
    tokens: new Map(),
    log: [],
    token_seconds: options.token_seconds ?? 3600,
    latency_ms: options.latency_ms ?? 0,
    random: randomFrom(options.seed ?? 1),
  };
}

/** Repeatable, so that a run that failed can be made again (mulberry32). */
function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

async function handle(state, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  const url = new URL(request.url, 'http://server');
  if (url.pathname.startsWith('/control/')) return control(state, request, url, raw, response);
  const call = {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    raw,
  };
  call.body = parse(raw);
  call.reference = call.body?.reference_id ?? url.searchParams.get('reference_id');
  const entry = { seq: state.log.length + 1, at_ms: Date.now(), method: call.method, path: call.path };
  Object.assign(entry, { reference: call.reference ?? null, status: null, fault: null });
  state.log.push(entry);
  if (state.latency_ms > 0) await sleep(state.latency_ms);
  const fault = takeFault(state, call);
  entry.fault = fault?.kind ?? null;
  if (fault && (await breakBefore(fault, response, entry))) return;
  const answer = fault?.kind === 'late' ? acceptLate(state, call, fault) : answerTo(state, call);
  entry.status = answer.status;
  if (fault && (await breakAfter(fault, answer, response, entry))) return;
  send(response, answer);
}

function parse(raw) {
  try {
    return raw.length === 0 ? undefined : JSON.parse(raw.toString('utf8'));
  } catch {
    return undefined;
  }
}

function send(response, { status, body, headers = {}, text }) {
  const content = text ?? JSON.stringify(body);
  const type = text === undefined ? 'application/json' : 'text/csv; charset=utf-8';
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(content),
    ...headers,
  });
  response.end(content);
}

const error = (status, code, headers = {}) => ({
  status,
  headers,
  body: { error: { code, message: code.toLowerCase() } },
});

function answerTo(state, call) {
  const now = Date.now();
  bank.advance(state.books, now);
  const path = call.path.startsWith(PREFIX) ? call.path.slice(PREFIX.length) : '';
  if (call.method === 'POST' && path === '/auth/token') return token(state, call, now);
  const bearer = /^Bearer (.+)$/.exec(call.headers.authorization ?? '')?.[1];
  if ((state.tokens.get(bearer) ?? 0) <= now) return error(401, 'UNAUTHORIZED');
  return route(state.books, call, path, now) ?? error(404, 'NOT_FOUND');
}

function route(books, call, path, now) {
  const [noun, id] = path.slice(1).split('/').map(decodeURIComponent);
  if (call.method === 'POST') {
    if (typeof call.body !== 'object' || call.body === null) return error(400, 'BAD_REQUEST');
    if (path === '/beneficiaries') return bank.register(books, call.body);
    if (path !== '/payouts') return null;
    if (call.headers['idempotency-key'] !== call.body.reference_id)
      books.violations.push(`${call.body.reference_id} came with the key ${call.headers['idempotency-key']}`);
    return bank.pay(books, call.body, call.raw, now);
  }
  if (call.method !== 'GET') return error(405, 'METHOD_NOT_ALLOWED');
  if (noun === 'beneficiaries' && id) return bank.beneficiary(books, id);
  if (noun === 'payouts') return id ? bank.one(books, id) : bank.list(books, call.query);
  if (path === '/balance') return { status: 200, body: { available: books.balance / 100, currency: 'INR' } };
  if (path !== '/reports/payouts') return null;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(call.query.get('date') ?? '')) return error(400, 'BAD_REQUEST');
  const { count, text } = bank.report(books, call.query.get('date'));
  return { status: 200, text, headers: { 'x-row-count': String(count) } };
}

function token(state, call, now) {
  const { api_key, api_secret } = call.body ?? {};
  if (!api_key || !api_secret || api_secret === 'wrong') return error(401, 'UNAUTHORIZED');
  const value = `token-${state.tokens.size + 1}`;
  state.tokens.set(value, now + state.token_seconds * 1000);
  return { status: 200, body: { access_token: value, expires_in: state.token_seconds } };
}

/** The first fault that fits, each as often as it says; a fault with a chance strikes by the server's own dice. */
function takeFault(state, call) {
  for (const fault of state.faults) {
    if (fault.times === 0) continue;
    if (fault.method && fault.method !== call.method) continue;
    if (fault.path && !call.path.startsWith(PREFIX + fault.path)) continue;
    if (fault.reference && !new RegExp(fault.reference).test(call.reference ?? '')) continue;
    if (fault.chance !== undefined && state.random() >= fault.chance) continue;
    if (fault.times !== undefined) fault.times -= 1;
    return fault;
  }
  return undefined;
}

/** Faults of a request that is not executed. Answers whether the request has had its answer. */
async function breakBefore(fault, response, entry) {
  const refuse = (answer) => {
    entry.status = answer.status;
    send(response, answer);
    return true;
  };
  switch (fault.kind) {
    case 'status_before':
      return refuse(error(fault.status ?? 500, fault.code ?? 'INTERNAL'));
    case 'rate_limit':
      return refuse(error(429, 'RATE_LIMITED', { 'retry-after': String(fault.retry_after ?? 1) }));
    case 'unauthorized':
      return refuse(error(401, 'UNAUTHORIZED'));
    case 'html_before':
      return refuse({
        status: fault.status ?? 200,
        text: '<html>Down for maintenance</html>',
        headers: { 'content-type': 'text/html' },
      });
    case 'reset_before':
      response.socket.resetAndDestroy();
      return true;
    case 'hang_before':
      return true;
    default:
      return false;
  }
}

/** Faults of the answer to a request that was executed. */
async function breakAfter(fault, answer, response, entry) {
  switch (fault.kind) {
    case 'status_after':
      entry.status = fault.status ?? 500;
      send(response, error(entry.status, 'INTERNAL'));
      return true;
    case 'html_after':
      send(response, {
        status: fault.status ?? 200,
        text: '<html>Bad gateway</html>',
        headers: { 'content-type': 'text/html' },
      });
      return true;
    case 'reset_after':
    case 'late':
      response.socket.resetAndDestroy();
      return true;
    case 'hang_after':
      return true;
    case 'slow':
      await sleep(fault.after_ms ?? 100);
      return false;
    case 'truncate': {
      const text = JSON.stringify(answer.body);
      response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close' });
      response.write(text.slice(0, text.length / 2), () => response.socket.end());
      return true;
    }
    case 'wrong_echo':
      send(response, { ...answer, body: withEcho(answer.body, fault.echo) });
      return true;
    default:
      return false;
  }
}

/** Of a list, every element says the other thing. */
function withEcho(body, echo) {
  if (!Array.isArray(body?.data)) return { ...body, ...echo };
  return { ...body, data: body.data.map((payout) => ({ ...payout, ...echo })) };
}

/** The request is lost on its way back, and the payout appears only a while later. */
function acceptLate(state, call, fault) {
  setTimeout(() => answerTo(state, call), fault.after_ms ?? 200);
  return { status: 0 };
}

function control(state, request, url, raw, response) {
  const body = parse(raw);
  if (url.pathname === '/control/faults' && request.method === 'POST') state.faults = body;
  if (url.pathname === '/control/reset' && request.method === 'POST') Object.assign(state, freshState(body));
  if (url.pathname === '/control/settings' && request.method === 'POST') {
    Object.assign(state.books.settings, body);
    state.latency_ms = body.latency_ms ?? state.latency_ms;
    state.token_seconds = body.token_seconds ?? state.token_seconds;
    if (body.balance !== undefined) state.books.balance = body.balance;
    for (const [reference, status] of Object.entries(body.rewrite ?? {}))
      bank.rewrite(state.books, reference, status);
  }
  if (url.pathname === '/control/books') {
    bank.advance(state.books, Date.now());
    return send(response, { status: 200, body: bank.audit(state.books) });
  }
  if (url.pathname === '/control/sends') {
    const sends = state.log.filter((each) => each.method === 'POST' && each.path.endsWith('/payouts')).length;
    return send(response, { status: 200, body: { sends, made: state.books.payouts.length } });
  }
  if (url.pathname === '/control/log') return send(response, { status: 200, body: state.log });
  return send(response, { status: 200, body: { ok: true } });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const value = (name) => {
    const index = process.argv.indexOf(name);
    return index < 0 ? undefined : process.argv[index + 1];
  };
  const { url } = await startServer({
    port: Number(value('--port') ?? 0),
    options: JSON.parse(value('--options') ?? '{}'),
  });
  process.stdout.write(`${url}\n`);
}
