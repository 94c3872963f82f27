import { approvalsNeeded } from '../../domain/payout/batch.ts';
import { approveBatch } from '../../operations/approve-batch.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { findBatch } from './find-batch.ts';

export const verb: Verb = {
  name: 'batch approve',
  summary: 'Approve a batch as it is now',
  effect: 'writes',
  arguments: [{ name: '<batch>', description: 'the batch’s name' }],
  examples: ['payrun batch approve salary-nov --as meera'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const database = await context.ledger();
  const { approval } = await context.config();
  const batch = await findBatch(database, argument(input, 0));
  const deps = { database, now: context.world.now().toISOString(), actor: context.actor };
  const { digest, approvals, required, warnings } = await approveBatch(deps, batch, approval);
  for (const warning of warnings) context.warn(warning);
  const missing = approvalsNeeded(required) - approvals;
  return {
    data: { batch: batch.name, digest, approvals, required },
    next:
      missing > 0
        ? `It needs ${missing} more, from ${missing === 1 ? 'another person' : 'other persons'}.`
        : `Send it with: payrun batch submit ${batch.name}`,
  };
}
