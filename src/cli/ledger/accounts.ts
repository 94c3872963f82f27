import { listAccounts } from '../../store/ledger-queries.ts';
import type { Context, Outcome, Verb } from '../command.ts';

export const verb: Verb = {
  name: 'ledger accounts',
  summary: 'List accounts',
  effect: 'reads',
  examples: ['payrun ledger accounts', 'payrun ledger accounts --format csv'],
  columns: ['account', 'class', 'opened_at', 'postings', 'first_booked_on', 'last_booked_on'],
  run,
};

async function run(context: Context): Promise<Outcome> {
  const accounts = await listAccounts(await context.ledger());
  return {
    data: {
      items: accounts.map((each) => ({
        account: each.account,
        class: each.class,
        opened_at: each.opened_at,
        postings: Number(each.posting_count),
        first_booked_on: each.first_booked_on,
        last_booked_on: each.last_booked_on,
      })),
    },
  };
}
