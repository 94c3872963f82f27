import { cancelBatch } from '../../operations/cancel-batch.ts';
import { statesOfBatches } from '../../store/batches.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { findBatch } from './find-batch.ts';
import { countsOf } from './standing.ts';

export const verb: Verb = {
  name: 'batch cancel',
  summary: 'Cancel what was not sent of a batch',
  effect: 'writes',
  arguments: [{ name: '<batch>', description: 'the batch’s name' }],
  examples: ['payrun batch cancel salary-nov'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const database = await context.ledger();
  const batch = await findBatch(database, argument(input, 0));
  const deps = { database, now: context.world.now().toISOString(), actor: context.actor };
  const { cancelled, kept, closed } = await cancelBatch(deps, batch);
  if (kept > 0)
    context.warn({
      code: 'rows_kept',
      message: `${kept} rows of batch ${batch.name} were sent or may have been, so they stay; what the provider does not know of them is not sent again.`,
    });
  return {
    data: {
      batch: batch.name,
      cancelled,
      kept,
      states: countsOf(await statesOfBatches(database, [batch.id])),
    },
    next: closed
      ? 'All of it is cancelled: the corrected file, or the same, may be imported again.'
      : `Find out what became of the rest, which sends nothing: payrun batch submit ${batch.name} --yes`,
  };
}
