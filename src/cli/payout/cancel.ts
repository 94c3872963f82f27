import { cancelPayout } from '../../operations/decide-payout.ts';
import { argument, type Verb } from '../command.ts';
import { decisionBy } from './decision.ts';
import { onePayout, payoutItem } from './item.ts';

export const verb: Verb = {
  name: 'payout cancel',
  summary: 'Cancel a payout that was not sent',
  effect: 'writes',
  arguments: [{ name: '<reference>', description: 'the payout’s reference_id' }],
  examples: ['payrun payout cancel salary-nov-000007'],
  async run(context, input) {
    const { decision, reference } = await decisionBy(context, argument(input, 0));
    const payout = await cancelPayout(decision, reference);
    return onePayout(await payoutItem(decision.database, payout.id));
  },
};
