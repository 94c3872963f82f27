/**
 * One authenticated call: token, turn, request, and once more after a 401, which the contract lets us count as not
 * executed. Every request of every kind takes its turn at the same gate, the token's too. What comes out carries no
 * secret, even where the other side repeats ours.
 */
import { createGate, type NotMade } from '../gate.ts';
import {
  type BytesAnswer,
  createHttp,
  type DownloadResult,
  type HttpRequest,
  type HttpResult,
  type TextAnswer,
} from '../http.ts';
import { type MayStart, whenUnwanted } from '../pace.ts';
import type { Unavailable } from '../provider.ts';
import type { ProviderSettings } from '../provider-settings.ts';
import { retryAfterMs, whyUnavailable } from './classify.ts';
import { withoutSecrets } from './record.ts';
import { createTokens, type Token, type TokenAnswer, tokenLasting } from './token.ts';
import { readToken } from './wire.ts';

export interface Call {
  method: 'GET' | 'POST';
  /** Behind the prefix: `/payouts`. */
  path: string;
  query?: Readonly<Record<string, string | undefined>>;
  body?: string;
  headers?: Readonly<Record<string, string>>;
  urgency: number;
  mayStart?: MayStart | undefined;
}

/** Nothing was sent: there is no token, or the call was not made. */
export type Unsent = { kind: 'no_token'; because: Unavailable } | NotMade;

export interface Api {
  call(call: Call): Promise<HttpResult | Unsent>;
  /** A file's bytes where the answer is 200; any other answer as text. */
  download(call: Call): Promise<BytesAnswer | HttpResult | Unsent>;
  close(): Promise<void>;
}

/** Everything waits for a token; doubt is settled before more is sent. */
export const URGENCY = { token: 2, proof: 1, other: 0 } as const;

const STOPPED = { kind: 'stopped', reason: 'stopped before it was sent' } as const;

export function createApi(settings: ProviderSettings): Api {
  const http = createHttp(settings);
  const gate = createGate(settings, askBalance);
  const prefix = settings.api_prefix.replace(/^\/*/, '/').replace(/\/+$/, '');
  const tokens = createTokens(fetchToken);

  /** Also without a token, or with an old one: a 401 shows as well that somebody answers. */
  function askBalance(): Promise<HttpResult> {
    const call = { method: 'GET', path: '/balance', urgency: URGENCY.proof } as const;
    return http.send(requestOf(call, prefix, tokens.newest()?.value ?? ''));
  }

  async function fetchToken(): Promise<TokenAnswer> {
    let askedAtMs = 0;
    const result = await gate.run(URGENCY.token, () => {
      askedAtMs = performance.now();
      return http.send(tokenRequest(settings, prefix));
    });
    if (isUnsent(result)) return { ok: false, because: { kind: 'unreachable', reason: result.reason } };
    return readGrant(finish(result), result, askedAtMs);
  }

  /** The token is chosen when the turn comes: one that waited out a long pause would be an old one. */
  async function authenticated<T extends HttpResult | DownloadResult>(
    call: Call,
    perform: (request: HttpRequest) => Promise<T>,
  ): Promise<T | Unsent> {
    const { urgency, mayStart } = call;
    const granted = tokens.fresh() ?? (await unlessUnwanted(tokens.current(), mayStart));
    if (granted === 'unwanted') return STOPPED;
    if (!granted.ok) return { kind: 'no_token', because: granted.because };
    let used: Token = granted.token;
    const turn = () => {
      used = tokens.newest() ?? used;
      return perform(requestOf(call, prefix, used.value));
    };
    const first = await gate.run(urgency, turn, mayStart);
    if (first.kind !== 'answer' || first.status !== 401) return first;
    const renewed = await unlessUnwanted(tokens.after(used), mayStart);
    if (renewed === 'unwanted') return STOPPED;
    if (!renewed.ok) return { kind: 'no_token', because: renewed.because };
    return gate.run(urgency, turn, mayStart);
  }

  function finish<T extends HttpResult>(result: T): T {
    if (result.kind !== 'answer') return result;
    if (result.status === 429) gate.pauseAsAsked(retryAfterMs(result));
    const secrets = [settings.api_key, settings.api_secret, tokens.newest()?.value ?? ''];
    return { ...result, text: withoutSecrets(result.text, secrets) };
  }

  return {
    async call(call) {
      const result = await authenticated(call, http.send);
      return isUnsent(result) ? result : finish(result);
    },
    async download(call) {
      const result = await authenticated(call, http.download);
      if (result.kind !== 'answer' || result.status === 200) return result;
      return finish(asText(result));
    },
    async close() {
      gate.close();
      await http.close();
    },
  };
}

/** `raw` has the token itself; `result` is the same answer without secrets, for the reasons that are told. */
function readGrant(result: HttpResult, raw: HttpResult, askedAtMs: number): TokenAnswer {
  if (raw.kind !== 'answer') return { ok: false, because: whyUnavailable(raw) };
  const granted = raw.status === 200 || raw.status === 201 ? readToken(raw.text) : null;
  if (granted) return { ok: true, token: tokenLasting(granted.access_token, granted.expires_in, askedAtMs) };
  // Here even a 403 from a firewall is about us: the key, or the address that it comes from.
  if (raw.status === 403) {
    const reason = 'the provider answered HTTP 403 to the key';
    return { ok: false, because: { kind: 'credentials', reason } };
  }
  return { ok: false, because: whyUnavailable(result) };
}

export function isUnsent(result: HttpResult | DownloadResult | Unsent): result is Unsent {
  return result.kind === 'no_token' || result.kind === 'stopped' || result.kind === 'gave_up';
}

function tokenRequest({ api_key, api_secret }: ProviderSettings, prefix: string): HttpRequest {
  return {
    method: 'POST',
    path: `${prefix}/auth/token`,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify({ api_key, api_secret }),
  };
}

function requestOf(call: Call, prefix: string, token: string): HttpRequest {
  return {
    method: call.method,
    path: prefix + call.path + queryOf(call.query),
    headers: {
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
      authorization: `Bearer ${token}`,
    },
    ...(call.body === undefined ? {} : { body: call.body }),
  };
}

function queryOf(given: Call['query']): string {
  if (given === undefined) return '';
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, value);
  return query.size > 0 ? `?${query.toString()}` : '';
}

/** An answer that is no file is a refusal, and short. */
function asText({ content, ...head }: BytesAnswer): TextAnswer {
  return { ...head, text: new TextDecoder().decode(content.subarray(0, 64 * 1024)) };
}

/** Ends the wait, not the work: others may be waiting for the same token. */
async function unlessUnwanted<T>(work: Promise<T>, mayStart: MayStart | undefined): Promise<T | 'unwanted'> {
  if (!mayStart) return work;
  let stopAsking = () => {};
  const unwanted = new Promise<'unwanted'>((resolve) => {
    stopAsking = whenUnwanted(mayStart, () => resolve('unwanted'));
  });
  try {
    return await Promise.race([work, unwanted]);
  } finally {
    stopAsking();
  }
}
