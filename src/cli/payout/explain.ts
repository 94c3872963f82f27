import { storyOfPayout } from '../../operations/lines-of-file.ts';
import { LOST_ACCOUNT } from '../../store/former-accounts.ts';
import { argument, type Data, type Verb } from '../command.ts';
import { PAGE_OPTION, pageAsked, STORY_COLUMNS, tellStory } from '../story-report.ts';
import { findPayout } from './find-payout.ts';
import { payoutItem } from './item.ts';

export const verb: Verb = {
  name: 'payout explain',
  summary: 'Tell the whole story of a payout',
  effect: 'reads',
  arguments: [
    {
      name: '<reference>',
      description: 'the payout’s reference_id, or the provider’s reference of an attempt',
    },
  ],
  options: [PAGE_OPTION],
  examples: [
    'payrun payout explain salary-nov-000007',
    'payrun payout explain salary-nov-000007 --report dispute.html',
  ],
  columns: STORY_COLUMNS,
  async run(context, input) {
    const page = await pageAsked(context, input);
    const database = await context.ledger();
    const payout = await findPayout(database, argument(input, 0));
    const events = await storyOfPayout(database, payout.id);
    const item = await payoutItem(database, payout.id);
    const standing = `${payout.reference_id}: ${item.amount} ${item.currency} to ${item.beneficiary_name} (${item.account}) by ${item.rail}, ${item.state}`;
    return tellStory(context, page, {
      title: `Payout ${payout.reference_id}`,
      facts: factsOf(item),
      events,
      about: { payout: item },
      standing: `${standing}${item.utr ? `, UTR ${item.utr}` : ''}`,
    });
  },
};

/** What somebody asks who disputes it. */
function factsOf(item: Data): [string, string | null][] {
  const said = (key: string) => (item[key] === null ? null : String(item[key]));
  const money = (key: string) => (item[key] === null ? null : `${item[key]} ${item.currency}`);
  return [
    ['state', said('state')],
    ['amount', money('amount')],
    [
      'to',
      `${item.beneficiary_name} (${item.beneficiary_ref}), ${item.account === LOST_ACCOUNT ? '' : 'account '}${item.account}`,
    ],
    ['batch', `${item.batch}, row ${item.row}`],
    ['provider', `${item.provider} by ${item.rail}`],
    ['provider’s id', said('provider_id')],
    ['UTR', said('utr')],
    ['UTR of the return', said('return_utr')],
    ['fee', money('fee')],
    ['tax', money('tax')],
    ['reason', said('failure_reason')],
    ['sent', said('submitted_at')],
    ['paid', said('paid_at')],
    ['returned', said('returned_at')],
  ];
}
