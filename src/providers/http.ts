/**
 * HTTP to one origin, and the one classification of how a call can fail. Only what provably happened before the
 * first byte left is `never_sent`; every other failure is `lost`, since the other side may have acted on it.
 * Nothing here repeats a call or follows a redirect: a repeated POST is a second payout, and `fetch` would hand the
 * body and the key to whatever host a 307 names.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, type Dispatcher } from 'undici';
import { Bug, PayrunError } from '../domain/errors.ts';
import { baseUrlProblem } from './origin.ts';

export interface HttpSettings {
  base_url: string;
  /** For a whole call, from its start to the last byte of the answer. */
  timeout_ms: number;
}

export interface HttpRequest {
  method: 'GET' | 'POST';
  /** With the leading slash and the query. */
  path: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

export interface AnswerHeaders {
  'content-type': string | null;
  /** Every one that came: two servers on the way may each have set one. */
  'retry-after': readonly string[];
  /** When the provider answered, by its own clock. */
  date: string | null;
  'x-row-count': string | null;
}

interface AnswerHead {
  kind: 'answer';
  status: number;
  headers: AnswerHeaders;
  /** By our clock, as Date.now() has it. */
  received_at_ms: number;
  /** False where only the end of the connection ended the body, so that nothing shows that it is whole. */
  complete: boolean;
}

/** The answer did not come, and nothing was sent. */
export interface NeverSent {
  kind: 'never_sent';
  code: string;
  reason: string;
}

/** The answer did not come, or not whole, and the request may have been executed. */
export interface Lost {
  kind: 'lost';
  code: string;
  reason: string;
}

export type TextAnswer = AnswerHead & { text: string };
export type BytesAnswer = AnswerHead & { content: Uint8Array };
export type HttpResult = TextAnswer | NeverSent | Lost;
export type DownloadResult = BytesAnswer | NeverSent | Lost;

export interface Http {
  send(request: HttpRequest): Promise<HttpResult>;
  /** For files: the bytes as they come, with a larger bound. */
  download(request: HttpRequest): Promise<DownloadResult>;
  close(): Promise<void>;
}

// No answer of the contract comes near; what is larger is no answer but an attack or a mistake.
const LARGEST_TEXT_BYTES = 1024 * 1024;
// A million report rows of 200 bytes fit.
const LARGEST_FILE_BYTES = 256 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
// Shorter than the five seconds after which Node servers close an idle connection: a request that crosses with
// the close is lost, and a lost send has to be looked up.
const KEEP_ALIVE_MS = 4_000;

/** Failures of name look-up, connecting and certificate checks; none of them can happen once a byte was written. */
const BEFORE_ANY_WRITE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** These also end an open connection, so that the failing system call has to show that it was still connecting. */
const BEFORE_ANY_WRITE_IF_CONNECTING: ReadonlySet<string> = new Set([
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);

/** Whether the request may have been executed, from nothing but the error. */
export function classifyFailure(error: unknown): NeverSent | Lost {
  const code = textOf(error, 'code') ?? textOf(error, 'name') ?? 'UNKNOWN';
  return provablyUnsent(error)
    ? { kind: 'never_sent', code, reason: `the connection was never made (${code})` }
    : { kind: 'lost', code, reason: `the connection failed before a whole answer came (${code})` };
}

function provablyUnsent(error: unknown): boolean {
  // A host with several addresses fails with one error for each; all of them have to prove it.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(provablyUnsent);
  const code = textOf(error, 'code') ?? '';
  if (BEFORE_ANY_WRITE.has(code)) return true;
  return BEFORE_ANY_WRITE_IF_CONNECTING.has(code) && textOf(error, 'syscall') === 'connect';
}

function textOf(error: unknown, key: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function createHttp(settings: HttpSettings): Http {
  const problem = baseUrlProblem(settings.base_url);
  if (problem !== null) {
    throw new PayrunError('usage', 'config_invalid', `base_url: ${problem}`, {
      hint: 'Correct base_url in payrun.toml.',
    });
  }
  const { origin } = new URL(settings.base_url);
  const agent = new Agent({
    connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, settings.timeout_ms) },
    keepAliveTimeout: KEEP_ALIVE_MS,
    pipelining: 1,
    // HTTP/2 resends by itself what a GOAWAY left open; every send has to be one that the ledger knows.
    allowH2: false,
    // The deadline below covers the whole call. These two start anew with every byte, so that a drip outlives them.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const exchange = (request: HttpRequest, largest: number) => {
    // Behind a slash nothing changes the host any more: `@elsewhere` and `:81` would.
    if (!request.path.startsWith('/')) throw new Bug(`The path ${request.path} leads away from ${origin}.`);
    return makeCall(agent, origin, request, largest, settings.timeout_ms);
  };
  return {
    async send(request) {
      const result = await exchange(request, LARGEST_TEXT_BYTES);
      return result.kind === 'answer' ? asText(result) : result;
    },
    async download(request) {
      return exchange(request, LARGEST_FILE_BYTES);
    },
    // Not `close`, which waits for calls under way, and so for ever on a server that never answers.
    close: () => agent.destroy(),
  };
}

/**
 * Undici's own promise costs a stream and an abort signal for each call, more than the call itself: this takes the
 * events as they come. One timer is for all of it: connecting, sending, waiting, and the body to its last byte.
 */
function makeCall(
  agent: Agent,
  origin: string,
  request: HttpRequest,
  largest: number,
  timeoutMs: number,
): Promise<DownloadResult> {
  return new Promise((resolve) => {
    let call: Dispatcher.DispatchController | undefined;
    let expired = false;
    const end = (result: DownloadResult) => {
      clearTimeout(timer);
      resolve(result);
    };
    const timer = setTimeout(() => {
      expired = true;
      call?.abort(new Error('timeout'));
    }, timeoutMs);
    const { method, path, body = null } = request;
    agent.dispatch(
      { origin, path, method, headers: { ...request.headers }, body },
      {
        onRequestStart(controller) {
          call = controller;
          // An abort while connecting takes effect when connecting ends; where that failed, nothing was sent after all.
          if (expired) controller.abort(new Error('timeout'));
        },
        ...collect(largest, end),
        onResponseError(_controller, error) {
          const failure = classifyFailure(error);
          if (failure.kind === 'never_sent' || !expired) end(failure);
          else end({ kind: 'lost', code: 'TIMEOUT', reason: `no whole answer within ${timeoutMs} ms` });
        },
      },
    );
  });
}

/** Gathers an answer, and ends the call where it grows too large. */
function collect(
  largest: number,
  end: (result: BytesAnswer | Lost) => void,
): Pick<Dispatcher.DispatchHandler, 'onResponseStart' | 'onResponseData' | 'onResponseEnd'> {
  let head: AnswerHead | undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    onResponseStart(_controller, status, headers) {
      // "Continue" and "early hints" come before the answer.
      if (status >= 200) head = headOf(status, headers);
    },
    onResponseData(controller, chunk) {
      size += chunk.length;
      if (size <= largest) {
        chunks.push(chunk);
        return;
      }
      end({ kind: 'lost', code: 'TOO_LARGE', reason: `the answer is larger than ${largest} bytes` });
      controller.abort(new Error('too large'));
    },
    onResponseEnd() {
      if (head === undefined) throw new Bug('An answer ended that had not begun.');
      end({ ...head, content: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size) });
    },
  };
}

function headOf(status: number, headers: IncomingHttpHeaders): AnswerHead {
  // A header that came twice is a list; the first one counts.
  const pick = (name: string): string | null => {
    const value = headers[name];
    return (typeof value === 'string' ? value : value?.[0]) ?? null;
  };
  return {
    kind: 'answer',
    status,
    headers: {
      'content-type': pick('content-type'),
      'retry-after': [headers['retry-after'] ?? []].flat(),
      date: pick('date'),
      'x-row-count': pick('x-row-count'),
    },
    received_at_ms: Date.now(),
    complete: headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined,
  };
}

function asText({ content, ...head }: BytesAnswer): HttpResult {
  // Replacement characters could make a damaged answer look like a good one. A byte order mark stays, and is no JSON.
  if (!isUtf8(content)) {
    return { kind: 'lost', code: 'NOT_UTF8', reason: `the answer (HTTP ${head.status}) is not UTF-8 text` };
  }
  return { ...head, text: Buffer.from(content.buffer, content.byteOffset, content.length).toString('utf8') };
}
