import { verifyLedger } from '../../operations/verify-ledger.ts';
import type { Context, Outcome, Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { chainItem, chainProgress, problemItems, problemView } from './problems.ts';

export const verb: Verb = {
  name: 'ledger verify',
  summary: 'Prove that the books balance and nothing was changed',
  effect: 'reads',
  examples: ['payrun ledger verify', 'payrun ledger verify --json | jq -r .data.chain.head'],
  run,
};

async function run(context: Context): Promise<Outcome> {
  const verified = await verifyLedger(await context.ledger(), chainProgress(context, 'Verifying'));
  const { problems, chain } = verified;
  const entries = Number(verified.entries);
  const postings = Number(verified.postings);
  return {
    data: { entries, postings, problems: problemItems(problems), chain: chainItem(chain) },
    view: [
      `${entries} entries, ${postings} postings, ${chain.length} items in the chain\nhead ${chain.head}`,
      ...problemView(problems),
    ],
    exit: problems.length > 0 ? EXIT.findings : EXIT.done,
  };
}
