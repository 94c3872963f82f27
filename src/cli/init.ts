import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { PayrunError } from '../domain/errors.ts';
import { createLedger } from '../operations/create-ledger.ts';
import { createKeyFile, generateKey } from '../vault/key-file.ts';
import type { Context, Outcome, Verb } from './command.ts';
import { CONFIG_FILE, type Config } from './config.ts';
import configTemplate from './payrun.toml';
import { readVaultKey } from './vault-key.ts';

export const verb: Verb = {
  name: 'init',
  summary: 'Write a configuration, a key and an empty ledger here',
  effect: 'writes',
  examples: ['payrun init'],
  run,
};

/** Files of the folder in the order in which they are made: the key before the ledger that it seals. */
interface Plan {
  config: string;
  ignore: string;
  /** Null where the key comes from the environment. */
  key: string | null;
  ledger: string;
}

async function run(context: Context): Promise<Outcome> {
  const { world, flags } = context;
  const config = resolve(world.cwd, flags.config ?? world.env.PAYRUN_CONFIG ?? CONFIG_FILE);
  const isNew = !existsSync(config);
  if (isNew && !flags.dry_run) writeNew(config, configTemplate);
  // A configuration that was there before may keep its key and ledger elsewhere.
  const settings = isNew && flags.dry_run ? null : await context.config();
  const plan = planOf(config, settings);
  const made = new Set(isNew ? [config] : []);
  for (const path of [plan.ignore, plan.key, plan.ledger])
    if (path !== null && !existsSync(path)) made.add(path);
  try {
    refuseLedgerWithoutKey(plan);
  } catch (refusal) {
    if (isNew && !flags.dry_run) rmSync(config);
    throw refusal;
  }
  if (!flags.dry_run && settings) await make(context, settings, plan, made);
  // Its head is what -v tells.
  if (!flags.dry_run && flags.verbose) await context.ledger();
  const all = [config, plan.ignore, plan.key, plan.ledger].flatMap((path) => (path === null ? [] : [path]));
  const shown = (paths: readonly string[]) => paths.map((path) => relative(world.cwd, path));
  const data = {
    created: shown(all.filter((path) => made.has(path))),
    kept: shown(all.filter((path) => !made.has(path))),
  };
  return { data, next: nextStep(plan, made, shown) };
}

function planOf(config: string, settings: Config | null): Plan {
  const folder = dirname(config);
  return {
    config,
    ignore: join(folder, '.gitignore'),
    key: settings ? settings.vault.key_file : join(folder, 'payrun.key'),
    ledger: settings ? settings.ledger.path : join(folder, 'payrun.db'),
  };
}

/** A new key would not open what the lost one sealed, and would hide that it is lost. */
function refuseLedgerWithoutKey(plan: Plan): void {
  if (plan.key === null || existsSync(plan.key) || !existsSync(plan.ledger)) return;
  throw new PayrunError(
    'usage',
    'key_missing',
    `There is a ledger at ${plan.ledger}, and its key ${plan.key} is missing.`,
    {
      hint: 'Put the key back from your copy: no other opens the account numbers in that ledger. To read it without them, an empty payrun.toml is enough. To start anew, move the ledger away first.',
    },
  );
}

async function make(
  context: Context,
  settings: Config,
  plan: Plan,
  made: ReadonlySet<string>,
): Promise<void> {
  const { world } = context;
  const randomBytes = (length: number) => world.randomBytes(length);
  if (made.has(plan.ignore)) writeNew(plan.ignore, ignoreList(plan));
  if (plan.key !== null && made.has(plan.key)) createKeyFile(plan.key, generateKey(randomBytes));
  await createLedger({
    path: plan.ledger,
    key: readVaultKey(world, settings.vault),
    randomBytes,
    now: world.now().toISOString(),
  });
}

/** The key opens every account number in the ledger: neither belongs in a repository. */
function ignoreList(plan: Plan): string {
  const ledger = basename(plan.ledger);
  const key = plan.key === null ? [] : [basename(plan.key)];
  // SQLite's own files beside the ledger, its lock, and ledgers that a restore kept aside.
  return `${[...key, ledger, `${ledger}-*`, `${ledger}.*`].join('\n')}\n`;
}

function writeNew(path: string, content: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { flag: 'wx' });
  } catch (cause) {
    throw new PayrunError(
      'failed',
      'folder_unwritable',
      `Cannot create ${path}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function nextStep(
  plan: Plan,
  made: ReadonlySet<string>,
  shown: (paths: readonly string[]) => string[],
): string {
  if (plan.key === null || !made.has(plan.key)) return 'Try it: payrun demo';
  return `Keep a copy of ${shown([plan.key]).join('')} elsewhere: without it no account number in the ledger can be read. Then set the API credentials, and: payrun doctor`;
}
