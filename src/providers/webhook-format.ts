/**
 * How a provider tells of changes by itself. An event is a hint and no proof: it says about which payout the provider
 * is worth asking, and nothing of it reaches the books.
 */
import type { ProviderState } from '../domain/payout/payout.ts';

/** The known fields of an event, bounded, and with long digit runs in free text masked: fit to be stored. */
export interface ProviderEvent {
  /** The event's name, raw; what counts is the status. */
  event: string;
  provider_id: string;
  provider_reference: string;
  status: string;
  state: ProviderState;
  /** Null where the event states none that can be read. */
  amount_minor: bigint | null;
  utr: string | null;
  failure_reason: string | null;
  /** RFC 3339 UTC, by the provider's clock. */
  stated_at: string;
}

export interface WebhookFormat {
  /** In lower case, as Node spells headers. */
  signature_header: string;
  /** Whether one of the secrets made this signature over these very bytes; takes as long whatever the answer. */
  isSigned(body: Uint8Array, signature: string | undefined, secrets: readonly string[]): boolean;
  /** Null where the bytes are no event. To be asked only of bytes whose signature fits, or that a person vouches for. */
  read(body: Uint8Array): ProviderEvent | null;
}
