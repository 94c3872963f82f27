/**
 * An office that receives webhooks: a sandbox that pays and tells, a relay before it in which a test can lose, hold or
 * change answers, and `webhook serve` with what a test wants to send to it.
 */

import { createHmac } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { vi } from 'vitest';
import type { Signal } from '../../../src/cli/world.ts';
import type { Sandbox, SandboxOptions } from '../../../src/sandbox/sandbox.ts';
import type { Database } from '../../../src/store/database.ts';
import { afterEachTest } from '../../afterwards.ts';
import { CREDENTIALS, openTill, sandboxFor, type Till } from '../batch/till.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';

export const SECRET = 'secret-of-the-webhooks';

export interface RelayAnswer {
  method: string;
  path: string;
  status: number;
  text: string;
}

export interface Relay {
  url: string;
  /** How many requests came, by method. */
  asked: { GET: number; POST: number };
  /** Requests of this kind do not reach the sandbox: the connection ends. */
  lost: (method: string, path: string) => boolean;
  /** Sees each answer before it goes back, and may keep it waiting or change it. */
  between: (answer: RelayAnswer) => Promise<RelayAnswer> | RelayAnswer;
}

export interface Desk extends Till {
  folder: string;
  relay: Relay;
  sandbox: Sandbox;
  /** Where the sandbox tells of changes, if it is asked to. */
  port: number;
  serve(...flags: string[]): Promise<Serving>;
  /** Pays these amounts to asha, without waiting, in batch `nov`. */
  submit(amounts: readonly string[], beneficiary?: string): Promise<Ran>;
  states(): Promise<Record<string, string>>;
  webhooks(...flags: string[]): Promise<Listed[]>;
}

export interface Listed {
  id: number;
  event: string;
  provider_id: string;
  reference_id: string;
  status: string;
  state: string;
  applied_at: string | null;
  effect: string | null;
}

export interface Serving {
  /** Of the provider nxt. */
  url: string;
  stdout(): string;
  stderr(): string;
  /** Sends a signal and waits for the end. */
  stop(): Promise<Ran>;
}

const running: Serving[] = [];
const servers: Server[] = [];
afterEachTest(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

export interface DeskOptions extends SandboxOptions {
  /** The sandbox tells `webhook serve` of changes. */
  telling?: boolean;
  /** In place of one secret in a file. */
  webhook_secret_toml?: string;
}

export async function openDesk({
  telling,
  webhook_secret_toml,
  ...options
}: DeskOptions = {}): Promise<Desk> {
  const port = await freePort();
  const told = { webhook_url: `http://127.0.0.1:${port}/webhooks/nxt`, webhook_secret: SECRET };
  const sandbox = await sandboxFor({ ...(telling ? told : {}), ...options });
  const relay = await startRelay(sandbox.url);
  const secret = webhook_secret_toml ?? '{ file = "hook-secret" }';
  const till = await openTill({ url: relay.url, provider_toml: `webhook_secret = ${secret}\n` });
  const { folder } = till.office;
  for (const [name, value] of [
    ['hook-secret', SECRET],
    ['old-secret', 'the-secret-before'],
  ] as const) {
    till.office.write(name, value);
    chmodSync(join(folder, name), 0o600);
  }
  return {
    ...till,
    folder,
    relay,
    sandbox,
    port,
    serve: (...flags) => serve(folder, ['--port', '0', ...flags]),
    submit: async (amounts, beneficiary = 'asha') => {
      const rows = amounts.map((amount) => `${beneficiary},${amount}\n`);
      await till.importBatch('nov', `beneficiary_ref,amount\n${rows.join('')}`);
      return till.payrun('batch', 'submit', 'nov', '--yes', '--json');
    },
    states: async () => {
      const listed = await till.payrun('payout', 'list', '--json');
      const { items } = listed.json<{ items: { reference_id: string; state: string }[] }>().data;
      return Object.fromEntries(items.map((item) => [item.reference_id, item.state]));
    },
    webhooks: async (...flags) =>
      (await till.payrun('webhook', 'list', '--json', ...flags)).json<{ items: Listed[] }>().data.items,
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function serve(folder: string, flags: readonly string[]): Promise<Serving> {
  let send: (signal: Signal) => void = () => undefined;
  const text = { stdout: '', stderr: '' };
  let ended: Ran | undefined;
  const run = runPayrun(['webhook', 'serve', ...flags], {
    cwd: folder,
    env: CREDENTIALS,
    onSignals: (each) => {
      send = each;
    },
    onOutput: (chunk, stream) => {
      text[stream] += chunk;
    },
  });
  void run.then((ran) => {
    ended = ran;
  });
  const started = () => {
    if (!text.stdout.includes('\n') && !ended) throw new Error(`nothing on stdout: ${text.stderr}`);
  };
  // The first one loads every module that serving needs.
  await vi.waitFor(started, { timeout: 10_000 });
  const url = /^nxt (http:\S+)$/m.exec(text.stdout)?.[1];
  if (url === undefined) throw new Error(`webhook serve ended: ${JSON.stringify(ended)}`);
  const serving: Serving = {
    url,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    stop: () => {
      if (!ended) send('SIGTERM');
      return run;
    },
  };
  running.push(serving);
  return serving;
}

async function startRelay(target: string): Promise<Relay> {
  const relay: Relay = {
    url: '',
    asked: { GET: 0, POST: 0 },
    lost: () => false,
    between: (answer) => answer,
  };
  const server = createServer(async (incoming, outgoing) => {
    const method = incoming.method === 'POST' ? 'POST' : 'GET';
    const path = incoming.url ?? '/';
    relay.asked[method] += 1;
    if (relay.lost(method, path)) {
      incoming.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { authorization, 'content-type': type } = incoming.headers;
    const answer = await request(`${target}${path}`, {
      method,
      headers: { ...(authorization ? { authorization } : {}), ...(type ? { 'content-type': type } : {}) },
      ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
    });
    const shown = await relay.between({
      method,
      path,
      status: answer.statusCode,
      text: await answer.body.text(),
    });
    outgoing.writeHead(shown.status, { 'content-type': 'application/json' }).end(shown.text);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  relay.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return relay;
}

export interface Told {
  event: string;
  payout_id: string;
  reference_id: string;
  status: string;
  utr: string | null;
  amount: number;
  failure_reason: string | null;
  timestamp: string;
}

let counter = 0;

/** An event with bytes of its own. */
export function told(reference: string, status: string, changes: Partial<Told> = {}): Told {
  counter += 1;
  return {
    event: `payout.${status.toLowerCase()}`,
    payout_id: `po_told_${counter}`,
    reference_id: reference,
    status,
    utr: null,
    amount: 100,
    failure_reason: null,
    timestamp: new Date().toISOString(),
    ...changes,
  };
}

/** Sends an event, or bytes as they are; signed with the secret unless another signature is given. */
export async function deliver(
  url: string,
  event: Told | string | Uint8Array,
  signing: { secret?: string; signature?: string | string[] | null } = {},
): Promise<number> {
  const body = typeof event === 'string' || event instanceof Uint8Array ? event : JSON.stringify(event);
  const made = createHmac('sha256', signing.secret ?? SECRET)
    .update(body)
    .digest('hex');
  const signature = signing.signature === undefined ? made : signing.signature;
  const answer = await request(url, {
    method: 'POST',
    body,
    headers: signature === null ? {} : { 'x-nxtb-signature': signature },
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** Waits until a condition holds, as long as other work lets it take. */
export function eventually(check: () => Promise<void> | void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 30 });
}

export async function entriesOf(database: Database): Promise<string[]> {
  const rows = await database.all<{ reference_id: string; event: string }>(
    'select reference_id, event from journal_entries where payout_id is not null order by reference_id, id',
  );
  return rows.map((row) => `${row.reference_id} ${row.event}`);
}
