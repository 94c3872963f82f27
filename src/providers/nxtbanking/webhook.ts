/**
 * NxtBanking's events: an HMAC over the raw bytes, and a body of which the known fields are kept. The signature is
 * proven before anything is read; a body that was parsed and written again would be other bytes.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { ProviderEvent, WebhookFormat } from '../webhook-format.ts';
import { maskText } from './record.ts';
import { stateOf } from './status.ts';
import { id, optionalText, parsed, readInstant, readMinor, word } from './wire.ts';

const eventSchema = z.object({
  event: word.min(1),
  payout_id: id,
  reference_id: id,
  status: word.min(1),
  utr: word.nullish(),
  // An amount that cannot be read exactly makes no worse hint of the event.
  amount: z.unknown().optional(),
  failure_reason: optionalText,
  timestamp: z.string(),
});

export const NXTBANKING_WEBHOOKS: WebhookFormat = {
  signature_header: 'x-nxtb-signature',
  isSigned,
  read: readEvent,
};

// Upper case is not what the contract says. Several, in two headers or in one, are what a sender has that changes its
// secret; more than a few are no rotation but an attempt.
const HEX_SHA256 = /^[0-9a-f]{64}$/;
const MOST_SIGNATURES = 4;

function isSigned(body: Uint8Array, signature: string | undefined, secrets: readonly string[]): boolean {
  const stated = signature?.split(/, ?/) ?? [];
  const wellFormed = stated.length <= MOST_SIGNATURES && stated.every((each) => HEX_SHA256.test(each));
  // The digests are compared all the same, so that a refusal takes as long as an acceptance.
  const given = (wellFormed && stated.length > 0 ? stated : ['0'.repeat(64)]).map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  let fits = false;
  for (const secret of secrets) {
    const made = createHmac('sha256', secret).update(body).digest();
    // No early end: how long it takes must not tell which of the secrets fits.
    for (const each of given) fits = timingSafeEqual(made, each) || fits;
  }
  return wellFormed && stated.length > 0 && fits;
}

function readEvent(body: Uint8Array): ProviderEvent | null {
  const text = decode(body);
  const event = text === null ? null : parsed(eventSchema, text);
  const stated = readInstant(event?.timestamp);
  if (event === null || stated === null) return null;
  return {
    event: maskText(event.event),
    provider_id: event.payout_id,
    provider_reference: event.reference_id,
    status: maskText(event.status),
    state: stateOf(event.status),
    amount_minor: readMinor(event.amount),
    utr: event.utr || null,
    failure_reason: event.failure_reason ? maskText(event.failure_reason) : null,
    stated_at: stated,
  };
}

function decode(body: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return null;
  }
}
