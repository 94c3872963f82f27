import { resolve } from 'node:path';
import { backupLedger } from '../../operations/backup-ledger.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { chainItem, chainProgress } from './problems.ts';

export const verb: Verb = {
  name: 'ledger backup',
  summary: 'Write a proven copy of the ledger, also while others work on it',
  effect: 'reads',
  arguments: [{ name: '<file>', description: 'the backup to write; it must not exist' }],
  examples: ['payrun ledger backup backups/payrun-2026-11-20.db'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const file = argument(input, 0);
  const { bytes, sha256, verified } = await backupLedger({
    database: await context.ledger(),
    path: resolve(context.world.cwd, file),
    now: context.world.now().toISOString(),
    dry_run: context.flags.dry_run,
    onProgress: chainProgress(context, 'Proving the copy'),
  });
  const data = {
    file,
    bytes,
    sha256,
    entries: Number(verified.entries),
    postings: Number(verified.postings),
    chain: chainItem(verified.chain),
  };
  return {
    data,
    view: [
      `${file}: ${verified.entries} entries, ${verified.postings} postings, ${bytes} bytes, proven\nhead ${verified.chain.head}`,
    ],
    next: 'The key is not in it. Keep a copy of the key elsewhere: without it nobody can read the account numbers.',
  };
}
