import { releasePayout } from '../../operations/decide-payout.ts';
import { batchById } from '../../store/batches.ts';
import { argument, text, type Verb } from '../command.ts';
import { decisionBy } from './decision.ts';
import { onePayout, payoutItem } from './item.ts';

export const verb: Verb = {
  name: 'payout release',
  summary: 'Let a payout go on that was held before it was sent',
  effect: 'writes',
  arguments: [{ name: '<reference>', description: 'the payout’s reference_id' }],
  options: [{ flags: '--reason <text>', description: 'why it may be paid all the same', required: true }],
  examples: ['payrun payout release salary-nov-000007 --reason "name checked by phone"'],
  async run(context, input) {
    const { decision, reference } = await decisionBy(context, argument(input, 0));
    const { approval } = await context.config();
    const payout = await releasePayout(decision, reference, text(input, 'reason') ?? '', approval);
    const batch = (await batchById(decision.database, payout.batch_id))?.name ?? '';
    const next =
      payout.state === 'draft'
        ? `Its batch has to be approved first: payrun batch approve ${batch}`
        : `Send it with: payrun batch submit ${batch}`;
    return { ...onePayout(await payoutItem(decision.database, payout.id)), next };
  },
};
