import { formatAmount } from '../../domain/money/money.ts';
import { RAILS } from '../../domain/payout/rail.ts';
import type { Capabilities } from '../../providers/provider.ts';
import { capabilitiesOf } from '../../providers/registry.ts';
import type { Context, Data, Outcome, TableView, Verb } from '../command.ts';
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
  'capabilities',
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
  const lines = Object.values(config.providers).map((settings) =>
    reliedOn(settings.name, capabilitiesOf(settings)),
  );
  const relied: TableView = {
    title: 'What is relied on',
    columns: Object.keys(lines[0] ?? {}).map((key) => ({ key })),
    rows: lines,
  };
  return { data: { items }, view: [{ columns, rows: items }, ...(lines.length === 0 ? [] : [relied])] };
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
    capabilities: capabilityItem(capabilitiesOf(settings)),
  };
}

/** What submission relies on, as the provider's record has it. */
function capabilityItem(record: Capabilities): Data {
  return {
    reference_known_for_ms: record.idempotency_window_ms,
    look_up_by_reference: record.look_up_by_reference,
    look_up_lateness_ms: record.look_up_lateness_ms,
    list_by_status: record.list_by_status,
    echoes: [...record.echoes],
    definite_refusals: record.definite_refusals.map(({ http_status, means, codes }) => ({
      http_status,
      means,
      codes: codes === null ? null : [...codes],
    })),
  };
}

/** One line for each provider, for people. */
function reliedOn(name: string, record: Capabilities): Record<string, string> {
  const refusals = record.definite_refusals.map(({ http_status, codes }) =>
    codes === null ? String(http_status) : `${http_status} ${codes.join(' ')}`,
  );
  return {
    provider: name,
    'knows a reference for': duration(record.idempotency_window_ms),
    'look-up late by': duration(record.look_up_lateness_ms),
    'always states': record.echoes.join(', '),
    'definite refusals': refusals.join(', '),
  };
}

function duration(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const;
  const [unit, size] = units.find(([, size]) => ms > 0 && ms % size === 0) ?? ['s', 1_000];
  return `${ms / size}${unit}`;
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
