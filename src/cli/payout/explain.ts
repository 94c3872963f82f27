import { requirePayout } from '../../operations/decide-payout.ts';
import { storyOf } from '../../store/story.ts';
import { argument, type Data, type Verb } from '../command.ts';
import { payoutItem } from './item.ts';

export const verb: Verb = {
  name: 'payout explain',
  summary: 'Tell the whole story of a payout',
  effect: 'reads',
  arguments: [{ name: '<reference>', description: 'the payout’s reference_id' }],
  examples: ['payrun payout explain salary-nov-000007'],
  columns: ['at', 'kind', 'actor', 'what', 'details'],
  async run(context, input) {
    const database = await context.ledger();
    const payout = await requirePayout(database, argument(input, 0));
    const items = (await storyOf(database, payout.id)).map((event) => ({ ...event }));
    const item = await payoutItem(database, payout.id);
    const standing = `${payout.reference_id}: ${item.amount} ${item.currency} to ${item.beneficiary_name} (${item.account}) by ${item.rail}, ${item.state}`;
    return {
      data: { payout: item, items },
      view: [`${standing}${item.utr ? `, UTR ${item.utr}` : ''}`, items.map(told).join('\n')],
    };
  },
};

/** A line for what happened, and one below for its details: a table of them would be wider than any screen. */
function told({ at, actor, what, details }: Data): string {
  const who = actor === null ? '' : ` (${String(actor)})`;
  const below = details === null ? '' : `\n${' '.repeat(26)}${String(details)}`;
  return `${String(at)}  ${String(what)}${who}${below}`;
}
