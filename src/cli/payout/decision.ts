/** The occasion of a person's decision about a payout, under the books' rules of its own provider. */
import type { Decision } from '../../operations/decide-payout.ts';
import type { Context } from '../command.ts';
import { bookRules } from '../submission.ts';
import { findPayoutToDecide } from './find-payout.ts';

/** With the reference_id of the payout that `named` names. */
export async function decisionBy(
  context: Context,
  named: string,
): Promise<{ decision: Decision; reference: string }> {
  const database = await context.ledger();
  const payout = await findPayoutToDecide(database, named);
  const settings = await context.providerConfig(payout.provider);
  const decision = {
    database,
    actor: context.actor,
    rules: await bookRules(context, settings),
    at: context.world.now().toISOString(),
  };
  return { decision, reference: payout.reference_id };
}
