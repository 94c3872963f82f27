import { relative, resolve } from 'node:path';
import { PayrunError } from '../../domain/errors.ts';
import { restoreLedger } from '../../operations/restore-ledger.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { readVaultKey } from '../vault-key.ts';
import { chainItem, chainProgress } from './problems.ts';

export const verb: Verb = {
  name: 'ledger restore',
  summary: 'Put a backup in the place of the ledger, which is kept aside',
  effect: 'writes',
  arguments: [{ name: '<file>', description: 'a backup that `ledger backup` wrote' }],
  examples: ['payrun ledger restore backups/payrun-2026-11-20.db'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const file = argument(input, 0);
  if (file === '') throw new PayrunError('usage', 'file_missing', 'The name of the file is empty.');
  const { world, flags } = context;
  const config = await context.config();
  // The ledger itself is not opened: it may be damaged or missing, which is why somebody restores.
  const restored = await restoreLedger({
    ledger: config.ledger.path,
    backup: resolve(world.cwd, file),
    actor: context.actor,
    now: world.now().toISOString(),
    key: readVaultKey(world, config.vault),
    randomBytes: (length) => world.randomBytes(length),
    dry_run: flags.dry_run,
    onProgress: chainProgress(context, 'Proving the backup'),
  });
  const shown = (path: string) => relative(world.cwd, path) || path;
  const { kept, sent_until, verified } = restored;
  const data = {
    file,
    ledger: shown(config.ledger.path),
    kept: kept === null ? null : shown(kept),
    entries: Number(verified.entries),
    chain: chainItem(verified.chain),
    sent_until,
  };
  if (flags.dry_run) return { data, next: 'The backup is sound; nothing was put in its place.' };
  // Only now is it the ledger of this command, whose head -v tells.
  if (flags.verbose) await context.ledger();
  return {
    data,
    next: `Nothing is sent from this ledger until the provider's list was compared with it: payrun payout sync`,
  };
}
