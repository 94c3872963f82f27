/** Which provider speaks which API, by the `kind` of its configuration. */

import type { GateSettings } from './gate.ts';
import { nxtbankingCapabilities } from './nxtbanking/capabilities.ts';
import { createNxtbanking } from './nxtbanking/nxtbanking.ts';
import { NXTBANKING_WEBHOOKS } from './nxtbanking/webhook.ts';
import type { Capabilities, Provider } from './provider.ts';
import type { WebhookFormat } from './webhook-format.ts';

export interface ProviderSettings extends GateSettings {
  /** As in `[providers.NAME]`. */
  name: string;
  kind: 'nxtbanking';
  base_url: string;
  api_prefix: string;
  /** The secrets themselves; a provider keeps them where nothing prints them. */
  api_key: string;
  api_secret: string;
  timeout_ms: number;
  idempotency_window_ms: number;
}

export function createProvider(settings: ProviderSettings): Provider {
  switch (settings.kind) {
    case 'nxtbanking':
      return createNxtbanking(settings);
  }
}

/** What may be relied on, also where its secrets are not at hand. */
export function capabilitiesOf(
  settings: Pick<ProviderSettings, 'kind' | 'idempotency_window_ms'>,
): Capabilities {
  switch (settings.kind) {
    case 'nxtbanking':
      return nxtbankingCapabilities(settings);
  }
}

export function webhookFormat(kind: ProviderSettings['kind']): WebhookFormat {
  switch (kind) {
    case 'nxtbanking':
      return NXTBANKING_WEBHOOKS;
  }
}
