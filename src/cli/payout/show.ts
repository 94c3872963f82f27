import { REVEAL_OPTIONS, revealReason } from '../beneficiary/beneficiary-item.ts';
import { argument, type Verb } from '../command.ts';
import { findPayout } from './find-payout.ts';
import { itemOf, onePayout } from './item.ts';
import { revealedAccounts } from './reveal.ts';
import { wayOn } from './way-on.ts';

export const verb: Verb = {
  name: 'payout show',
  summary: 'Show one payout',
  effect: 'reads',
  arguments: [
    {
      name: '<reference>',
      description: 'the payout’s reference_id, or the provider’s reference of an attempt',
    },
  ],
  options: REVEAL_OPTIONS,
  examples: [
    'payrun payout show salary-nov-000007',
    'payrun payout show salary-nov-000007 --reveal --reason "bank asks"',
  ],
  async run(context, input) {
    const reason = revealReason(input);
    const row = await findPayout(await context.ledger(), argument(input, 0));
    const accounts = reason === null ? null : await revealedAccounts(context, [row], reason);
    const next = wayOn(row);
    return { ...onePayout(itemOf(row, accounts?.get(row.id))), ...(next === null ? {} : { next }) };
  },
};
