/** A bank that grants tokens, a provider that speaks to it, and bodies to answer with; closed after each test. */

import type { Provider } from '../../../src/providers/provider.ts';
import type { ProviderSettings } from '../../../src/providers/provider-settings.ts';
import { createProvider } from '../../../src/providers/registry.ts';
import { afterEachTest } from '../../afterwards.ts';
import { json, type Script, type Scripted, serve } from '../scripted-server.ts';

export const KEY = 'key-canary-0001';
export const SECRET = 'secret-canary-0002';
export const TOKEN = 'token-canary';

const opened: { close(): Promise<void> }[] = [];
afterEachTest(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

export function keep<T extends { close(): Promise<void> }>(thing: T): T {
  opened.push(thing);
  return thing;
}

export function providerAt(base_url: string, changes: Partial<ProviderSettings> = {}): Provider {
  const settings: ProviderSettings = {
    name: 'nxt',
    kind: 'nxtbanking',
    base_url,
    api_prefix: '/api/v1',
    api_key: KEY,
    api_secret: SECRET,
    requests_per_second: 0,
    concurrency: 32,
    timeout_ms: 5_000,
    idempotency_window_ms: 86_400_000,
    ...changes,
  };
  return keep(createProvider(settings));
}

/** A server that grants tokens (`token-canary-1`, `-2` …) and leaves the rest to the script. */
export async function bank(
  script: Script,
  expires_in = 3600,
): Promise<Scripted & { tokens(): number; calls(): Scripted['seen'] }> {
  let granted = 0;
  const server = keep(
    await serve((request, response, socket) => {
      if (request.path !== '/api/v1/auth/token') return script(request, response, socket);
      granted += 1;
      json(response, 200, { access_token: `${TOKEN}-${granted}`, expires_in });
    }),
  );
  return {
    ...server,
    tokens: () => granted,
    calls: () => server.seen.filter((request) => !request.path.endsWith('/auth/token')),
  };
}

export async function providerFor(
  script: Script,
  changes: Partial<ProviderSettings> = {},
): Promise<Provider> {
  return providerAt((await bank(script)).base_url, changes);
}

export const payout = (changes: object = {}) => ({
  payout_id: 'po_1',
  reference_id: 'r-1',
  beneficiary_id: 'ben_1',
  amount: 1500.5,
  mode: 'IMPS',
  status: 'QUEUED',
  created_at: '2026-11-21T10:00:00Z',
  updated_at: '2026-11-21T10:00:00Z',
  ...changes,
});
export const error = (code: string, message = 'No.') => ({ error: { code, message } });
