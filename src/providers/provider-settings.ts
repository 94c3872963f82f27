import type { GateSettings } from './gate.ts';

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
