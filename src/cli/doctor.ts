/**
 * `payrun doctor`: looks at everything that a night's run needs, one thing after the other, and goes on after each
 * failure: who repairs one thing wants to know of the next. It changes nothing and sends nothing but a balance query.
 */
import { statSync } from 'node:fs';
import { platform } from 'node:os';
import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import { samePerson } from '../domain/payout/batch.ts';
import { troubleOf } from '../operations/provider-trouble.ts';
import { uncheckedRestores } from '../store/restores.ts';
import type { Context, Data, Outcome, Verb } from './command.ts';
import type { Config, ProviderConfig } from './config.ts';
import { EXIT } from './exit-codes.ts';

export interface Check {
  check: string;
  ok: 'yes' | 'no' | 'unknown';
  detail: string;
  hint: string | null;
}

export const verb: Verb = {
  name: 'doctor',
  summary: 'Check configuration, key, ledger, clock and provider',
  effect: 'reads',
  examples: ['payrun doctor', 'payrun doctor --json'],
  columns: ['check', 'ok', 'detail', 'hint'],
  run,
};

async function run(context: Context): Promise<Outcome> {
  const checks: Check[] = [node(context), await engine(context)];
  const add = async (name: string, look: () => Promise<Check[]>) => {
    checks.push(...(await attempt(name, look)));
  };
  const config = await attemptValue(() => context.config());
  checks.push(config.ok ? good('config', config.value.file) : failed('config', config.error));
  if (config.ok) {
    await add('key', () => key(context, config.value));
    await add('ledger', () => ledger(context, config.value));
    checks.push(timeZone(context, config.value));
    checks.push(...approvers(config.value));
    if (Object.keys(config.value.providers).length === 0) {
      checks.push({
        check: 'provider',
        ok: 'unknown',
        detail: 'none is configured',
        hint: 'Add a [providers.NAME] section to payrun.toml.',
      });
    }
    for (const settings of Object.values(config.value.providers)) {
      await add(`provider ${settings.name}`, () => provider(context, settings));
    }
  }
  const items: Data[] = checks.map((check) => ({ ...check }));
  const bad = checks.filter((check) => check.ok === 'no').length;
  const columns = ['check', 'ok', 'detail', 'hint'].map((name) => ({ key: name }));
  return { data: { items }, view: [{ columns, rows: items }], exit: bad > 0 ? EXIT.findings : EXIT.done };
}

function good(check: string, detail: string): Check {
  return { check, ok: 'yes', detail, hint: null };
}

function failed(check: string, error: unknown): Check {
  const detail = error instanceof Error ? error.message : String(error);
  return { check, ok: 'no', detail, hint: error instanceof PayrunError ? (error.hint ?? null) : null };
}

/** What a check throws is its finding. */
async function attempt(name: string, look: () => Promise<Check[]>): Promise<Check[]> {
  const made = await attemptValue(look);
  return made.ok ? made.value : [failed(name, made.error)];
}

async function attemptValue<T>(
  make: () => Promise<T>,
): Promise<{ ok: true; value: T } | { ok: false; error: unknown }> {
  try {
    return { ok: true, value: await make() };
  } catch (error) {
    return { ok: false, error };
  }
}

function node({ world }: Context): Check {
  const [major = 0, minor = 0] = world.node_version.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 14) || major > 22;
  if (fits) return good('node', world.node_version);
  return {
    check: 'node',
    ok: 'no',
    detail: world.node_version,
    hint: 'payrun needs Node 20.19 or later, or 22.14 or later.',
  };
}

/** A driver that does not fit this Node does not load at all, or ends the process: so it is asked first. */
async function engine({ world }: Context): Promise<Check> {
  const versions = await attemptValue(async () =>
    (await import('../store/engine-version.ts')).engineVersions(),
  );
  if (!versions.ok) {
    return {
      ...failed('sqlite', versions.error),
      hint: 'Install payrun again with this Node, so that better-sqlite3 is built for it.',
    };
  }
  const { sqlite, driver } = versions.value;
  const detail = `SQLite ${sqlite}, better-sqlite3 ${driver}`;
  if (world.node_version.startsWith('20.') && !driver.startsWith('12.')) {
    return {
      check: 'sqlite',
      ok: 'no',
      detail,
      hint: 'better-sqlite3 13 crashes on Node 20: install payrun with Node 20, or use Node 22.',
    };
  }
  return good('sqlite', detail);
}

/** Where approvals are signed, a batch that needs more than there are persons with keys is never sent. */
function approvers({ approval }: Config): Check[] {
  if (approval.keys.length === 0) return [];
  const persons: string[] = [];
  for (const { name } of approval.keys)
    if (!persons.some((other) => samePerson(other, name))) persons.push(name);
  const most = Math.max(approval.required, ...approval.bands.map(({ required }) => required));
  const detail = `keys of ${persons.length}; a batch needs up to ${most} approvals`;
  if (persons.length >= most) return [good('approvers', detail)];
  const hint = 'Add [[approval.keys]] of others; who imported a batch does not count for it.';
  return [{ check: 'approvers', ok: 'no', detail, hint }];
}

async function key(context: Context, config: Config): Promise<Check[]> {
  const { key_env, key_file } = config.vault;
  const { parseKey, readKeyFile } = await import('../vault/key-file.ts');
  if (key_env !== null) {
    const value = context.world.env[key_env];
    if (!value)
      return [
        {
          check: 'key',
          ok: 'no',
          detail: `the environment has no ${key_env}`,
          hint: `Set ${key_env} to the ledger's key.`,
        },
      ];
    parseKey(value, `the environment's ${key_env}`);
    return [good('key', `from the environment's ${key_env}`)];
  }
  readKeyFile(key_file ?? '');
  return [good('key', key_file ?? '')];
}

async function ledger(context: Context, config: Config): Promise<Check[]> {
  const { path } = config.ledger;
  const database = await context.ledger();
  const checks: Check[] = [good('ledger', path), fileMode(path)];
  checks.push(
    ...(await attempt('ledger key', async () => {
      const vault = await context.vault();
      return [good('ledger key', `opens the ledger's data key ${vault.key_id}`)];
    })),
  );
  checks.push(
    ...(await attempt('ledger file', async () => {
      const problems = await database.integrityProblems();
      if (problems.length === 0) return [good('ledger file', 'whole')];
      return [
        {
          check: 'ledger file',
          ok: 'no' as const,
          detail: problems.join('; '),
          hint: 'Restore a backup and compare it with the provider before submitting.',
        },
      ];
    })),
  );
  checks.push(
    ...(await attempt('books', async () => {
      const { verifyLedger } = await import('../operations/verify-ledger.ts');
      const { entries, problems, chain } = await verifyLedger(database);
      const [first] = problems;
      if (!first) return [good('books', `${entries} entries balance, chain of ${chain.length} holds`)];
      return [
        {
          check: 'books',
          ok: 'no' as const,
          detail: `${problems.length} problems, the first: ${first.message}`,
          hint: 'See them all with `payrun ledger verify`.',
        },
      ];
    })),
  );
  return checks;
}

function fileMode(path: string): Check {
  const mode = statSync(path).mode & 0o777;
  // Windows has no such bits; there the folder's access list has to protect it.
  if ((mode & 0o077) === 0 || platform() === 'win32')
    return good('ledger mode', mode.toString(8).padStart(4, '0'));
  return {
    check: 'ledger mode',
    ok: 'no',
    detail: `${path} can be read by others (mode ${mode.toString(8)})`,
    hint: `Run: chmod 600 ${path}`,
  };
}

function timeZone({ world }: Context, { ledger: { time_zone } }: Config): Check {
  const now = new Intl.DateTimeFormat('en-GB', {
    timeZone: time_zone,
    dateStyle: 'medium',
    timeStyle: 'short',
  }).format(world.now());
  return good('time zone', `${time_zone}, where it is ${now}`);
}

// Signed times and the age of payouts bear a minute or two; five is where an earlier payout could pass for ours.
const LARGEST_SKEW_MS = 5 * 60_000;
// A Date header counts whole seconds.
const SKEW_SHOWN_MS = 2_000;

async function provider(context: Context, settings: ProviderConfig): Promise<Check[]> {
  const name = `provider ${settings.name}`;
  const opened = await context.provider(settings.name);
  const answer = await opened.balance();
  if (!answer.ok) {
    const trouble = troubleOf(settings.name, answer.because);
    const refused = answer.because.kind === 'credentials';
    const credentials: Check = refused
      ? { check: `${name} credentials`, ok: 'no', detail: trouble.message, hint: trouble.hint }
      : { check: `${name} credentials`, ok: 'unknown', detail: 'it did not answer', hint: null };
    const reachable: Check = refused
      ? good(name, `${settings.base_url} answers`)
      : { check: name, ok: 'no', detail: trouble.message, hint: trouble.hint };
    return [reachable, credentials];
  }
  const { available_minor, currency, stated_at } = answer.value;
  return [
    good(name, `${settings.base_url} answers`),
    good(`${name} credentials`, 'accepted, from this address'),
    ...(await restored(context, settings.name)),
    clock(`${name} clock`, context.world.now(), stated_at),
    balance(`${name} balance`, available_minor, currency),
  ];
}

/** Nothing is sent from a ledger that was restored and whose provider's list has not been compared with it. */
async function restored(context: Context, name: string): Promise<Check[]> {
  const [restore] = await uncheckedRestores(await context.ledger(), name);
  if (restore === undefined) return [];
  const detail = `restored ${restore.restored_at} and not compared with the provider's list; nothing is sent before`;
  return [
    {
      check: `provider ${name} restore`,
      ok: 'no',
      detail,
      hint: `Run \`payrun payout sync --provider ${name}\`.`,
    },
  ];
}

function clock(check: string, now: Date, statedAt: string): Check {
  const skew = now.getTime() - Date.parse(statedAt);
  if (Number.isNaN(skew))
    return { check, ok: 'unknown', detail: 'the provider does not say its time', hint: null };
  if (Math.abs(skew) <= SKEW_SHOWN_MS) return good(check, 'in step');
  const detail = `this machine is ${Math.round(Math.abs(skew) / 1000)} seconds ${skew > 0 ? 'ahead' : 'behind'}`;
  if (Math.abs(skew) < LARGEST_SKEW_MS) return good(check, detail);
  return {
    check,
    ok: 'no',
    detail,
    hint: 'Set this machine’s clock, best by NTP: payouts are told apart by when they were made.',
  };
}

function balance(check: string, availableMinor: bigint, currency: string): Check {
  const detail = `${formatAmount(availableMinor, currency)} ${currency} available`;
  if (availableMinor > 0n) return good(check, detail);
  return { check, ok: 'no', detail, hint: 'Fund the account before submitting.' };
}
