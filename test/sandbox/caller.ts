/** A sandbox on loopback with a clock that the test holds, and calls to it over real HTTP. */

import { Agent, request } from 'undici';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { afterEachTest } from '../afterwards.ts';

export type Body = Record<string, unknown>;

export interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The JSON object of the answer; empty where it is none. */
  json: Body;
}

export interface Caller {
  sandbox: Sandbox;
  clock: { ms: number };
  call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  /** Registers an account that ends in `digits`; a new one at each call. */
  account(digits?: string): Promise<string>;
  vpa(local?: string): Promise<string>;
  pay(beneficiaryId: string, amount: number, fields?: Body): Promise<Reply>;
  get(payoutId: unknown): Promise<Body>;
  available(): Promise<number>;
}

// Tests that move the clock by days go on with their token.
const LONG_SECONDS = 10 * 365 * 86_400;
const agent = new Agent({ connections: 16 });
const started: Sandbox[] = [];

afterEachTest(async () => {
  await Promise.all(started.splice(0).map((sandbox) => sandbox.close()));
});

/** Closes what `caller` serves before the test's end, to open its file again. */
export async function closeNow(caller: Caller): Promise<void> {
  started.splice(started.indexOf(caller.sandbox), 1);
  await caller.sandbox.close();
}

let counter = 0;

export async function startCaller(
  options: SandboxOptions = {},
  clock = { ms: Date.parse('2026-11-21T06:00:00Z') },
): Promise<Caller> {
  const sandbox = await startSandbox({
    now: () => new Date(clock.ms),
    settle_ms: 3000,
    token_seconds: LONG_SECONDS,
    ...options,
  });
  started.push(sandbox);
  const send = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Reply> => {
    const answer = await request(sandbox.url + path, {
      method: method as 'GET',
      dispatcher: agent,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const isJson = answer.headers['content-type'] === 'application/json';
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text,
      json: isJson ? (JSON.parse(text) as Body) : {},
    };
  };
  const credentials = {
    api_key: options.api_key ?? 'sandbox-key',
    api_secret: options.api_secret ?? 'sandbox-secret',
  };
  const token = (await send('POST', '/api/v1/auth/token', credentials, {})).json.access_token;
  const call: Caller['call'] = (method, path, body, headers = {}) =>
    send(method, path, body, { authorization: `Bearer ${String(token)}`, ...headers });
  const register = async (details: Body) =>
    String((await call('POST', '/api/v1/beneficiaries', details)).json.beneficiary_id);
  const next = () => {
    counter += 1;
    return counter;
  };
  return {
    sandbox,
    clock,
    call,
    account: (digits = '7777') =>
      register({ name: 'Asha Rao', account_number: `${100_000 + next()}${digits}`, ifsc: 'HDFC0000001' }),
    vpa: (local = `asha${next()}x`) => register({ name: 'Asha Rao', vpa: `${local}@okbank` }),
    pay: (beneficiaryId, amount, fields = {}) =>
      call('POST', '/api/v1/payouts', {
        beneficiary_id: beneficiaryId,
        amount,
        mode: 'IMPS',
        reference_id: `ref-${next()}`,
        ...fields,
      }),
    get: async (payoutId) => (await call('GET', `/api/v1/payouts/${String(payoutId)}`)).json,
    available: async () => (await call('GET', '/api/v1/balance')).json.available as number,
  };
}

export function codeOf(reply: Reply): unknown {
  return (reply.json.error as Body | undefined)?.code;
}
