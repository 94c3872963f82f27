import { rotateKey } from '../../operations/rotate-key.ts';
import { holdRunner } from '../../store/runner.ts';
import { countSealedRows } from '../../store/vault-keys.ts';
import type { Context, Outcome, Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/counted.ts';
import { readVaultKey } from '../vault-key.ts';

export const verb: Verb = {
  name: 'key rotate',
  summary: 'Seal all account numbers anew under a new data key',
  effect: 'writes',
  examples: ['payrun key rotate'],
  run,
};

async function run(context: Context): Promise<Outcome> {
  const { world, actor, stop } = context;
  const database = await context.ledger();
  // Read first: a key that does not open the ledger ends this before anything is begun.
  const { key_id: present } = await context.vault();
  if (context.flags.dry_run) {
    const rows = await countSealedRows(database);
    return {
      data: { rows, resealed: 0, key: Number(present) },
      next: `${counted(rows, 'row', 'rows')} would be sealed anew.`,
    };
  }
  const now = () => world.now().toISOString();
  const runner = await holdRunner(database, { pid: world.pid, actor, command: 'key rotate', since: now() });
  try {
    let begun = false;
    const rotated = await rotateKey({
      database,
      runner,
      actor,
      key: readVaultKey(world, (await context.config()).vault),
      randomBytes: (length) => world.randomBytes(length),
      now,
      stop,
      onProgress: (done, total) => {
        if (!begun) context.progress.start('Sealing anew', total);
        begun = true;
        context.progress.update({ done });
      },
    });
    const { rows, resealed, key_id, complete } = rotated;
    const data = { rows, resealed, key: Number(key_id) };
    if (complete) return { data };
    return {
      data,
      exit: stop.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted,
      next: 'Stopped in between; every row opens. Go on with: payrun key rotate',
    };
  } finally {
    await context.progress.end();
    runner.release();
  }
}
