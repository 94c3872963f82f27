/** Which provider speaks which API, by the `kind` of its configuration. */

import { nxtbankingCapabilities } from './nxtbanking/capabilities.ts';
import { createNxtbanking } from './nxtbanking/nxtbanking.ts';
import { NXTBANKING_WEBHOOKS } from './nxtbanking/webhook.ts';
import type { Capabilities, Provider } from './provider.ts';
import type { ProviderSettings } from './provider-settings.ts';
import type { WebhookFormat } from './webhook-format.ts';

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
