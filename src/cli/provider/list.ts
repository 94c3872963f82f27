import { formatAmount } from '../../domain/money/money.ts';
import { RAILS } from '../../domain/payout/rail.ts';
import type { Context, Data, Outcome, Verb } from '../command.ts';
import type { Config, ProviderConfig } from '../config.ts';
import { readSecret } from '../secret.ts';

const COLUMNS = [
  'provider',
  'kind',
  'base_url',
  'credentials',
  'webhook_secret',
  'requests_per_second',
  'concurrency',
  'timeout_ms',
  'fees',
  'tax',
  'rails',
];

export const verb: Verb = {
  name: 'provider list',
  summary: 'List configured providers',
  effect: 'reads',
  examples: ['payrun provider list'],
  columns: COLUMNS,
  run,
};

async function run(context: Context): Promise<Outcome> {
  const config = await context.config();
  const items = Object.values(config.providers).map((settings) => itemOf(context, config, settings));
  const columns = ['provider', 'kind', 'base_url', 'credentials', 'webhook_secret'].map((key) => ({ key }));
  return { data: { items }, view: [{ columns, rows: items }] };
}

function itemOf(context: Context, config: Config, settings: ProviderConfig): Data {
  const set = (name: 'api_key' | 'api_secret' | 'webhook_secret') => isSet(context, config, settings, name);
  return {
    provider: settings.name,
    kind: settings.kind,
    base_url: settings.base_url,
    credentials: set('api_key') && set('api_secret') ? 'set' : 'missing',
    webhook_secret:
      settings.webhook_secret === undefined ? 'not configured' : set('webhook_secret') ? 'set' : 'missing',
    requests_per_second: settings.requests_per_second,
    concurrency: settings.concurrency,
    timeout_ms: settings.timeout_ms,
    fees: settings.fees,
    tax: settings.tax,
    rails: RAILS.map((rail) => railItem(rail, settings)),
  };
}

function railItem(rail: (typeof RAILS)[number], { rails }: ProviderConfig): Data {
  const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor, 'INR'));
  const { min_minor, max_minor, fee_minor, tax_rate } = rails[rail];
  return { rail, min: amount(min_minor), max: amount(max_minor), fee: amount(fee_minor), tax_rate };
}

/** Whether a secret is where the configuration says; why it is not is what `provider check` tells. */
function isSet(
  context: Context,
  config: Config,
  settings: ProviderConfig,
  name: 'api_key' | 'api_secret' | 'webhook_secret',
): boolean {
  const refs = [settings[name] ?? []].flat();
  try {
    return refs.length > 0 && refs.every((ref) => readSecret(ref, name, config.folder, context.world) !== '');
  } catch {
    return false;
  }
}
