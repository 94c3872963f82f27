/**
 * Takes in one event that a provider delivered: proven by its signature, then read, then stored, and only then
 * acknowledged. It moves nothing; looking into it comes afterwards (`apply-webhooks.ts`), so that the sender never
 * waits for a question that we have to ask it.
 */
import { createHash } from 'node:crypto';
import type { ProviderEvent, WebhookFormat } from '../providers/webhook-format.ts';
import type { Database } from '../store/database.ts';
import { type NewWebhook, type StoredWebhook, storeWebhook, webhookBySha256 } from '../store/webhooks.ts';

export interface WebhookSource {
  database: Database;
  /** The provider's name. */
  provider: string;
  format: WebhookFormat;
  /** Each is good for itself: while one is replaced, events come signed with either. */
  secrets: readonly string[];
  now(): Date;
}

export type Receipt =
  | { outcome: 'stored' | 'known'; webhook: StoredWebhook }
  // No secret fits: nothing was read.
  | { outcome: 'unsigned' }
  | { outcome: 'no_event' }
  // A clock is wrong, or somebody prepares an event for later.
  | { outcome: 'from_the_future'; stated_at: string };

// Two clocks may differ so much. An event that is older is taken like any other: all it does is to make us ask.
const FUTURE_LIMIT_MS = 5 * 60_000;

export async function receiveWebhook(
  source: WebhookSource,
  body: Uint8Array,
  signature: string | undefined,
): Promise<Receipt> {
  if (!source.format.isSigned(body, signature, source.secrets)) return { outcome: 'unsigned' };
  const event = source.format.read(body);
  if (event === null) return { outcome: 'no_event' };
  const now = source.now();
  if (Date.parse(event.stated_at) - now.getTime() > FUTURE_LIMIT_MS)
    return { outcome: 'from_the_future', stated_at: event.stated_at };
  const digest = digestOf(body);
  // Told again, it needs no place in the queue of writers.
  const known = await webhookBySha256(source.database, source.provider, digest);
  if (known) return { outcome: 'known', webhook: known };
  const webhook = await source.database.transaction((tx) =>
    storeWebhook(tx, newWebhook(source.provider, digest, 'signed', event, now.toISOString())),
  );
  return { outcome: webhook.is_new ? 'stored' : 'known', webhook };
}

export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

export function newWebhook(
  provider: string,
  sha256: string,
  source: NewWebhook['source'],
  event: ProviderEvent,
  receivedAt: string,
): NewWebhook {
  return { ...event, provider, sha256, source, received_at: receivedAt };
}
