/** What a verb may reach, opened when it first asks and closed when it has ended. */

import { existsSync } from 'node:fs';
import { PayrunError, type SoFar } from '../domain/errors.ts';
import type { Provider } from '../providers/provider.ts';
import type { ProviderSettings } from '../providers/provider-settings.ts';
import type { ChainHead } from '../store/chain.ts';
import type { Database } from '../store/database.ts';
import type { RateSlots } from '../store/rate-slots.ts';
import type { Vault } from '../vault/vault.ts';
import type { Context, Warning } from './command.ts';
import type { Config, ProviderConfig } from './config.ts';
import type { GlobalFlags } from './global-flags.ts';
import { nearest } from './output/nearest.ts';
import { createProgress, remembered } from './output/progress.ts';
import type { World } from './world.ts';

export interface OpenContext {
  context: Context;
  /** The head of the chain as it is now; null where no ledger was opened. */
  head(): Promise<ChainHead | null>;
  close(): Promise<void>;
}

/**
 * `onAbandon` is called before a second signal ends the process, for what can be written at once; with how far the work
 * under way has come, as far as it is stored.
 */
export function openContext(
  world: World,
  flags: GlobalFlags,
  warnings: Warning[],
  onAbandon: (code: number, soFar: SoFar | undefined) => void,
): OpenContext {
  const closers: (() => Promise<void>)[] = [];
  const { progress, soFar } = remembered(createProgress(world, flags));
  const signals = stopOnSignal(
    world,
    (text) => progress.line(text),
    (code) => onAbandon(code, soFar()),
  );
  const config = once(async () => (await import('./config.ts')).loadConfig(world, flags.config));
  let opened: Database | null = null;
  const ledger = once(async () => {
    const database = await openLedgerFile(world, flags, await config());
    closers.push(() => database.close());
    opened = database;
    return database;
  });
  const vault = once(async () => openLedgerVault(world, await config(), await ledger()));
  const providers = new Map<string, Promise<Provider>>();
  const context: Context = {
    world,
    flags,
    progress,
    actor: {
      name: flags.as ?? (world.env.PAYRUN_ACTOR || world.os_user),
      os_user: world.os_user,
      host: world.host,
    },
    config,
    ledger,
    vault,
    providerConfig: async (name) => pickProvider(await config(), name),
    provider: async (name, patienceMs) => {
      const settings = pickProvider(await config(), name);
      const open =
        providers.get(settings.name) ??
        openProvider(world, await config(), settings, {
          stop: signals.stop,
          on_pause: (why) => progress.note(why === null ? null : `${settings.name}: ${why}`),
          patience_ms: patienceMs ?? Number.POSITIVE_INFINITY,
        });
      // What could not be opened was complained of, and needs no closing.
      if (!providers.has(settings.name)) closers.push(async () => (await open.catch(() => null))?.close());
      providers.set(settings.name, open);
      return open;
    },
    warn: (warning) => warnings.push(warning),
    confirm: (question) => confirm(world, flags, question, signals.stop),
    ask: (question) => ask(world, flags, question, signals.stop),
    stop: signals.stop,
  };
  return {
    context,
    head: async () => (opened === null ? null : (await import('../store/chain.ts')).chainHead(opened)),
    close: async () => {
      signals.forget();
      for (const close of closers.reverse()) await close();
    },
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

async function openLedgerFile(world: World, flags: GlobalFlags, config: Config): Promise<Database> {
  const { openLedger } = await import('../store/ledger-database.ts');
  return openLedger(config.ledger.path, world.now().toISOString(), { rehearse: flags.dry_run });
}

async function openLedgerVault(world: World, config: Config, database: Database): Promise<Vault> {
  const [{ openVault }, { readVaultKey }, { vaultKeys }] = await Promise.all([
    import('../vault/vault.ts'),
    import('./vault-key.ts'),
    import('../store/vault-keys.ts'),
  ]);
  const key = readVaultKey(world, config.vault);
  return openVault(key, await vaultKeys(database), (length) => world.randomBytes(length));
}

async function openProvider(
  world: World,
  config: Config,
  settings: ProviderConfig,
  { patience_ms, ...pausing }: Pick<ProviderSettings, 'stop' | 'on_pause'> & { patience_ms: number },
): Promise<Provider> {
  const [{ createProvider }, { readSecret }] = await Promise.all([
    import('../providers/registry.ts'),
    import('./secret.ts'),
  ]);
  const secret = (key: 'api_key' | 'api_secret') =>
    readSecret(settings[key], `[providers.${settings.name}] ${key}`, config.folder, world);
  const slots = await openSlots(world, config, settings);
  const ahead = slots?.aheadMs() ?? 0;
  if (ahead > patience_ms) {
    slots?.close();
    throw await stillPaused(settings.name, ahead);
  }
  const provider = createProvider({
    name: settings.name,
    kind: settings.kind,
    base_url: settings.base_url,
    api_prefix: settings.api_prefix,
    api_key: secret('api_key'),
    api_secret: secret('api_secret'),
    requests_per_second: settings.requests_per_second,
    concurrency: settings.concurrency,
    timeout_ms: settings.timeout_ms,
    idempotency_window_ms: settings.idempotency_window_ms,
    ...pausing,
    ...(slots === null ? {} : { slots }),
  });
  const close = async () => {
    await provider.close();
    slots?.close();
  };
  return { ...provider, close };
}

async function stillPaused(name: string, ms: number): Promise<PayrunError> {
  const { pausedUntil } = await import('../providers/gate.ts');
  return new PayrunError('provider_unavailable', 'provider_unreachable', `${name} ${pausedUntil(ms)}.`, {
    hint: 'Another process of this ledger was told so. Run it again after that time.',
  });
}

/** Beside a ledger, since its processes are those that share a key; null where there is no rate to share. */
async function openSlots(world: World, config: Config, settings: ProviderConfig): Promise<RateSlots | null> {
  const { path } = config.ledger;
  if (settings.requests_per_second === 0 || !existsSync(path)) return null;
  const [{ openRateSlots }, { besideDatabase }] = await Promise.all([
    import('../store/rate-slots.ts'),
    import('../store/database-file.ts'),
  ]);
  return openRateSlots(besideDatabase(path, '.rate'), settings.name, () => world.sharedClockMs());
}

function pickProvider(config: Config, name: string | undefined): ProviderConfig {
  const names = Object.keys(config.providers);
  const wanted = name ?? (names.length === 1 ? names[0] : undefined);
  const found = wanted === undefined ? undefined : config.providers[wanted];
  if (found) return found;
  if (names.length === 0) {
    throw new PayrunError('usage', 'provider_missing', `${config.file} names no provider.`, {
      hint: 'Add a [providers.NAME] section; `payrun init` writes one to start from.',
    });
  }
  if (name === undefined) {
    throw new PayrunError(
      'usage',
      'provider_unclear',
      `${config.file} names several providers: ${names.join(', ')}.`,
      {
        hint: 'Say which with --provider NAME.',
      },
    );
  }
  const guess = nearest(name, names);
  throw new PayrunError('usage', 'provider_unknown', `There is no provider "${name}" in ${config.file}.`, {
    hint: guess ? `Did you mean "${guess}"?` : `Known: ${names.join(', ')}.`,
  });
}

async function confirm(world: World, flags: GlobalFlags, question: string, stop: AbortSignal): Promise<void> {
  // A rehearsal moves nothing, so there is nothing to confirm.
  if (flags.yes || flags.dry_run) return;
  const answer = await ask(world, flags, question, stop);
  if (answer === true) return;
  if (answer === null) {
    throw new PayrunError(
      'usage',
      'confirmation_needed',
      'This moves money, and nobody is here to confirm it.',
      {
        hint: 'Add --yes to confirm it beforehand.',
      },
    );
  }
  const kind = stop.aborted ? 'interrupted' : 'failed';
  throw new PayrunError(kind, 'not_confirmed', 'Not confirmed, so nothing was sent.');
}

/** Null where nobody is at a terminal; silence and a signal are no. */
async function ask(
  world: World,
  flags: GlobalFlags,
  question: string,
  stop: AbortSignal,
): Promise<boolean | null> {
  if (!world.stdin.isTTY || !world.stderr.isTTY || !flags.input) return null;
  await world.stderr.write(`${question} [y/N] `);
  const answer = (await world.stdin.readLine(stop)).trim().toLowerCase();
  return !stop.aborted && (answer === 'y' || answer === 'yes');
}

/** The first signal asks to stop, the second leaves at once; by then everything confirmed is on disk. */
function stopOnSignal(
  world: World,
  say: (text: string) => void,
  onAbandon: (code: number) => void,
): { stop: AbortSignal; forget(): void } {
  const controller = new AbortController();
  const forget = world.onSignal((signal) => {
    const code = signal === 'SIGINT' ? 130 : 143;
    if (controller.signal.aborted) {
      onAbandon(code);
      // Not through the progress line, which writes when it has time: the process ends here.
      void world.stderr.write(
        `${world.stderr.isTTY ? '\n' : ''}Stopped at once; what was sent is stored. Go on with the same command again (nothing is paid twice).\n`,
      );
      world.exit(code);
      return;
    }
    say(
      'Stopping: nothing new is begun, what is in flight is finished and stored. A second signal stops at once.',
    );
    controller.abort(signal);
  });
  return { stop: controller.signal, forget };
}
