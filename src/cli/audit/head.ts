import { chainHead } from '../../store/chain.ts';
import type { Context, Outcome, Verb } from '../command.ts';
import { chainItem } from '../ledger/problems.ts';

export const verb: Verb = {
  name: 'audit head',
  summary: 'Print the head of the chain, to be kept elsewhere',
  effect: 'reads',
  examples: ['payrun audit head --json | jq -r .data.head'],
  run,
};

async function run(context: Context): Promise<Outcome> {
  return { data: chainItem(await chainHead(await context.ledger())) };
}
