/**
 * payrun.toml: strict, with the line and a way out for every mistake. Secrets never stand in it: they are named by
 * environment variable or by a file that only its owner can read.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { isTimeZone } from '../domain/calendar-day.ts';
import { PayrunError } from '../domain/errors.ts';
import { isAccountName } from '../domain/ledger/account.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import type { ApprovalPolicy } from '../domain/payout/approval-policy.ts';
import { isRail, NETWORK_RULES, RAILS, type RailRule, type RailRules } from '../domain/payout/rail.ts';
import { DEFAULT_REASONS } from '../domain/reconciliation/break.ts';
import { approvalSchema, bandSchema, interpretApproval, keySchema } from './config-approval.ts';
import { lineOf } from './config-line.ts';
import { nearest } from './output/nearest.ts';
import type { SecretRef } from './secret.ts';
import type { World } from './world.ts';

// zod's small form: the configuration is read at every start, and the large form takes four times as long to load.
const text = z.string().check(z.minLength(1, 'must not be empty'));
const secretRef = z.union([z.strictObject({ env: text }), z.strictObject({ file: text })]);

/** One, or several that are good at the same time: while a secret is replaced, the old one and the new one. */
const secretRefs = z.pipe(
  z.union([secretRef, z.array(secretRef).check(z.minLength(1), z.maxLength(4))]),
  z.transform((refs): SecretRef[] => (Array.isArray(refs) ? refs : [refs])),
);

const decimal = z.pipe(
  z.union([z.string(), z.number()]),
  z.transform((value) => String(value)),
);
const count = z.int().check(z.minimum(0));

const railSchema = z.strictObject({
  min: z.optional(decimal),
  max: z.optional(decimal),
  fee: z.optional(decimal),
  tax_rate: z.optional(decimal),
});

const providerSchema = z.strictObject({
  kind: z.enum(['nxtbanking']),
  base_url: text,
  api_prefix: z._default(z.string(), '/api/v1'),
  api_key: secretRef,
  api_secret: secretRef,
  webhook_secret: z.optional(secretRefs),
  requests_per_second: z._default(z.number().check(z.minimum(0)), 50),
  concurrency: z._default(z.int().check(z.minimum(1), z.maximum(256)), 16),
  timeout_ms: z._default(z.int().check(z.minimum(100), z.maximum(600_000)), 150_000),
  idempotency_window: z._default(z.string(), '24h'),
  fees: z._default(z.enum(['deducted', 'invoiced']), 'deducted'),
  tax: z._default(z.enum(['recoverable', 'expense']), 'recoverable'),
  rails: z._default(z.partialRecord(z.enum(RAILS), railSchema), {}),
});

const PROVIDER_NAME = z
  .string()
  .check(z.regex(/^[a-z][a-z0-9_-]{0,31}$/, 'a provider is named in lower-case letters, digits, _ and -'));

const configSchema = z.strictObject({
  ledger: z.prefault(
    z.strictObject({
      path: z._default(text, 'payrun.db'),
      time_zone: z._default(z.string(), 'Asia/Kolkata'),
      payout_account: z._default(z.string(), 'expenses:payouts'),
    }),
    {},
  ),
  calendar: z.prefault(
    z.strictObject({
      weekend: z._default(z.array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])), ['Sat', 'Sun']),
      holidays_file: z.optional(z.string()),
    }),
    {},
  ),
  vault: z.prefault(
    z
      .strictObject({ key_file: z.optional(z.string()), key_env: z.optional(z.string()) })
      .check(
        z.refine(
          (vault) => !(vault.key_file && vault.key_env),
          'name the key by key_file or by key_env, not by both',
        ),
      ),
    {},
  ),
  providers: z._default(z.record(PROVIDER_NAME, providerSchema), {}),
  beneficiaries: z.prefault(z.strictObject({ unverified: z._default(z.enum(['pay', 'hold']), 'pay') }), {}),
  checks: z.prefault(
    z.strictObject({
      look_alike_days: z._default(count, 3),
      look_alikes: z._default(z.enum(['warn', 'hold']), 'warn'),
    }),
    {},
  ),
  approval: approvalSchema,
  reconciliation: z.prefault(
    z.strictObject({
      settlement_days: z._default(count, 1),
      amount_tolerance: z._default(z.record(z.string(), decimal), {}),
    }),
    {},
  ),
  breaks: z.prefault(
    z.strictObject({
      reasons: z._default(
        z
          .array(
            z
              .string()
              .check(z.regex(/^[a-z][a-z0-9_]{0,39}$/, 'a reason is a word of small letters, digits and _')),
          )
          .check(z.minLength(1)),
        [...DEFAULT_REASONS],
      ),
      write_off_account: z._default(
        z.string().check(z.refine(isAccountName, 'is no account; write for example expenses:write-offs')),
        'expenses:write-offs',
      ),
    }),
    {},
  ),
  statements: z._default(z.record(z.string(), z.record(z.string(), z.unknown())), {}),
});

type ParsedConfig = z.output<typeof configSchema>;
type ParsedProvider = z.output<typeof providerSchema>;

export interface ProviderConfig extends Omit<ParsedProvider, 'rails' | 'idempotency_window'> {
  name: string;
  idempotency_window_ms: number;
  rails: RailRules;
}

export interface Config
  extends Omit<ParsedConfig, 'providers' | 'ledger' | 'vault' | 'calendar' | 'reconciliation' | 'approval'> {
  /** Where it was read from; relative paths in it are relative to that folder. */
  file: string;
  folder: string;
  ledger: ParsedConfig['ledger'];
  vault: { key_file: string | null; key_env: string | null };
  calendar: { weekend: readonly string[]; holidays_file: string | null };
  reconciliation: {
    settlement_days: number;
    /** Minor units by currency. */
    amount_tolerance: ReadonlyMap<string, bigint>;
  };
  approval: ApprovalPolicy;
  providers: Readonly<Record<string, ProviderConfig>>;
}

export const CONFIG_FILE = 'payrun.toml';

export function loadConfig(world: World, configFlag: string | null): Config {
  const file = resolve(world.cwd, configFlag ?? world.env.PAYRUN_CONFIG ?? CONFIG_FILE);
  if (!existsSync(file)) {
    // An auditor has a copy of the ledger and nothing else; a new key beside it would hide that the old one is missing.
    const hint = existsSync(join(dirname(file), 'payrun.db'))
      ? 'There is a ledger beside it: put its payrun.toml back, or name another with --config. To read that ledger, an empty payrun.toml is enough, and no key.'
      : 'Run `payrun init` to write one, or name another with --config.';
    throw new PayrunError('usage', 'config_missing', `There is no configuration at ${file}.`, { hint });
  }
  const source = readFileSync(file, 'utf8');
  return interpret(parseSource(source, file), source, file, world);
}

function parseSource(source: string, file: string): unknown {
  try {
    return parse(source);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n')[0] ?? '';
    throw new PayrunError('usage', 'config_invalid', `${file}:${cause.line}: ${reason}`, { cause });
  }
}

function interpret(tree: unknown, source: string, file: string, world: World): Config {
  const result = configSchema.safeParse(tree, { error: en().localeError });
  if (!result.success) {
    // A misspelt key is also a missing one; the misspelling is what helps.
    const issue =
      result.error.issues.find(({ code }) => code === 'unrecognized_keys') ?? result.error.issues[0];
    throw issue ? configError(issue, source, file) : result.error;
  }
  const { providers, ledger, vault, calendar, reconciliation, approval, ...rest } = result.data;
  const folder = dirname(file);
  checkTimeZone(ledger.time_zone, source, file);
  const overriddenPath = world.env.PAYRUN_LEDGER_PATH ?? ledger.path;
  return {
    ...rest,
    file,
    folder,
    ledger: { ...ledger, path: within(folder, overriddenPath) },
    vault: {
      key_env: vault.key_env ?? null,
      key_file: vault.key_env ? null : within(folder, vault.key_file ?? 'payrun.key'),
    },
    calendar: {
      weekend: calendar.weekend,
      holidays_file: calendar.holidays_file ? within(folder, calendar.holidays_file) : null,
    },
    reconciliation: {
      ...reconciliation,
      amount_tolerance: toleranceOf(reconciliation.amount_tolerance, source, file),
    },
    approval: interpretApproval(approval, source, file),
    providers: Object.fromEntries(
      Object.entries(providers).map(([name, provider]) => [
        name,
        interpretProvider(name, provider, source, file),
      ]),
    ),
  };
}

function toleranceOf(
  given: Readonly<Record<string, string>>,
  source: string,
  file: string,
): ReadonlyMap<string, bigint> {
  return new Map(
    Object.entries(given).map(([currency, amount]) => {
      const parsed = parseAmountOrZero(amount, currency);
      if (parsed.ok) return [currency, parsed.minor];
      const line = lineOf(source, ['reconciliation', 'amount_tolerance', currency]);
      const key = `[reconciliation] amount_tolerance.${currency}`;
      throw new PayrunError('usage', 'config_invalid', `${file}:${line}: ${key}: ${parsed.message}`);
    }),
  );
}

function interpretProvider(
  name: string,
  parsed: ParsedProvider,
  source: string,
  file: string,
): ProviderConfig {
  const fail = (key: string, message: string): never => {
    const line = lineOf(source, ['providers', name, ...key.split('.')]);
    throw new PayrunError(
      'usage',
      'config_invalid',
      `${file}:${line}: [providers.${name}] ${key}: ${message}`,
    );
  };
  const { rails, idempotency_window, ...rest } = parsed;
  const problem = baseUrlProblem(parsed.base_url);
  if (problem) fail('base_url', problem);
  const window = parseDuration(idempotency_window);
  if (window === null)
    return fail(
      'idempotency_window',
      `"${idempotency_window}" is no duration; write for example 24h, 30m or 90s.`,
    );
  return {
    ...rest,
    name,
    // An environment's own server: the same file serves the sandbox in CI and the provider at night.
    base_url: parsed.base_url.replace(/\/+$/, ''),
    idempotency_window_ms: window,
    rails: interpretRails(rails, fail),
  };
}

function interpretRails(
  rails: ParsedProvider['rails'],
  fail: (key: string, message: string) => never,
): RailRules {
  const rules: Record<string, RailRule> = { ...NETWORK_RULES };
  for (const [rail, given] of Object.entries(rails)) {
    if (!isRail(rail) || !given) continue;
    const minor = (key: 'min' | 'max' | 'fee', unless: bigint | null): bigint | null => {
      const value = given[key];
      if (value === undefined) return unless;
      const parsed = parseAmountOrZero(value, 'INR');
      return parsed.ok ? parsed.minor : fail(`rails.${rail}.${key}`, parsed.message);
    };
    const network = NETWORK_RULES[rail];
    const rate = given.tax_rate ?? network.tax_rate;
    if (rate !== null && !/^(0(\.\d{1,6})?|1)$/.test(rate))
      fail(`rails.${rail}.tax_rate`, `"${rate}" is no rate; write 0.18 for 18 per cent.`);
    rules[rail] = {
      min_minor: minor('min', network.min_minor),
      max_minor: minor('max', network.max_minor),
      fee_minor: minor('fee', network.fee_minor),
      tax_rate: rate,
    };
  }
  return rules as Record<(typeof RAILS)[number], RailRule>;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Why this base_url cannot be used, or null. Credentials never travel in plain text beyond this machine. */
export function baseUrlProblem(baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return `"${baseUrl}" is no URL; write for example https://api.nxtbanking.com.`;
  const url = new URL(baseUrl);
  if (url.username || url.password)
    return 'a URL with credentials in it is refused; use api_key and api_secret.';
  if (url.pathname !== '/' || url.search || url.hash)
    return `"${baseUrl}" has a path; put it into api_prefix.`;
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) return null;
  return `"${baseUrl}" is not https; plain http is for loopback only, since it would show the credentials to the network.`;
}

function checkTimeZone(zone: string, source: string, file: string): void {
  if (isTimeZone(zone)) return;
  const line = lineOf(source, ['ledger', 'time_zone']);
  throw new PayrunError(
    'usage',
    'config_invalid',
    `${file}:${line}: [ledger] time_zone: "${zone}" is no time zone; write for example Asia/Kolkata.`,
  );
}

function within(folder: string, path: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `2m`, `24h`, `7d`, `300ms` → milliseconds, or null. */
export function parseDuration(text: string): number | null {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = UNIT_MS[parts?.[2] ?? ''];
  return parts && unit !== undefined ? Number(parts[1]) * unit : null;
}

type Issue = z.core.$ZodIssue;

function configError(issue: Issue, source: string, file: string): PayrunError {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = knownKeys(path);
    const guess = nearest(key, known);
    const place = [...path, key];
    return new PayrunError(
      'usage',
      'config_key_unknown',
      `${file}:${lineOf(source, place)}: unknown key "${place.join('.')}".`,
      {
        hint: guess ? `Did you mean "${guess}"?` : `Known here: ${known.join(', ')}.`,
      },
    );
  }
  const secret = path.some((key) => ['api_key', 'api_secret', 'webhook_secret'].includes(key));
  const message = secret
    ? 'a secret never stands in this file; write { env = "NAME" } or { file = "path" }'
    : issue.message.endsWith('received undefined')
      ? 'is missing'
      : issue.message;
  return new PayrunError(
    'usage',
    'config_invalid',
    `${file}:${lineOf(source, path)}: ${path.join('.')}: ${message}.`,
  );
}

/** The keys that the schema knows at a place, for did-you-mean. */
function knownKeys(path: readonly string[]): string[] {
  const shape = (schema: { shape: object }) => Object.keys(schema.shape);
  if (path.length === 0) return shape(configSchema);
  if (path[0] === 'providers' && path.length === 2) return shape(providerSchema);
  if (path[0] === 'approval' && path.length === 3) return shape(path[1] === 'keys' ? keySchema : bandSchema);
  if (path[0] === 'providers' && path[2] === 'rails')
    return path.length === 3 ? [...RAILS] : shape(railSchema);
  return CONFIG_KEYS.filter((key) => key.startsWith(`${path.join('.')}.`)).map((key) =>
    key.slice(path.join('.').length + 1),
  );
}

/** Every key of payrun.toml, with X for a provider's name; docs/reference.md has each. */
export const CONFIG_KEYS: readonly string[] = [
  ...['path', 'time_zone', 'payout_account'].map((key) => `ledger.${key}`),
  ...['weekend', 'holidays_file'].map((key) => `calendar.${key}`),
  ...['key_file', 'key_env'].map((key) => `vault.${key}`),
  ...Object.keys(providerSchema.shape)
    .filter((key) => key !== 'rails')
    .map((key) => `providers.X.${key}`),
  ...Object.keys(railSchema.shape).map((key) => `providers.X.rails.R.${key}`),
  'beneficiaries.unverified',
  'checks.look_alike_days',
  'checks.look_alikes',
  'approval.required',
  ...Object.keys(bandSchema.shape).map((key) => `approval.bands.${key}`),
  ...Object.keys(keySchema.shape).map((key) => `approval.keys.${key}`),
  'reconciliation.settlement_days',
  'reconciliation.amount_tolerance',
  'breaks.reasons',
  'breaks.write_off_account',
];
