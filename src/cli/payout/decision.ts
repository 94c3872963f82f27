/** The occasion of a person's decision about a payout, under the books' rules of its own provider. */
import { type Decision, requirePayout } from '../../operations/decide-payout.ts';
import type { Context } from '../command.ts';
import { bookRules } from '../submission.ts';

export async function decisionBy(context: Context, referenceId: string): Promise<Decision> {
  const database = await context.ledger();
  const payout = await requirePayout(database, referenceId);
  const settings = await context.providerConfig(payout.provider);
  return {
    database,
    actor: context.actor,
    rules: await bookRules(context, settings),
    at: context.world.now().toISOString(),
  };
}
