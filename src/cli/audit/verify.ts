import { PayrunError } from '../../domain/errors.ts';
import { verifyChain } from '../../operations/verify-chain.ts';
import { type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { chainItem, chainProgress, problemItems, problemView } from '../ledger/problems.ts';

export const verb: Verb = {
  name: 'audit verify',
  summary: 'Recompute the chain, and find on it a head that was kept elsewhere',
  effect: 'reads',
  options: [
    {
      flags: '--from <head>',
      description: 'a head of an earlier day: what it stood for must still be there, unchanged',
    },
  ],
  examples: ['payrun audit verify', 'payrun audit verify --from "$(cat head-of-yesterday)"'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const from = text(input, 'from')?.trim().toLowerCase();
  if (from !== undefined && !/^[0-9a-f]{64}$/.test(from)) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--from is "${from}"; a head has 64 hexadecimal digits, as \`payrun audit head\` prints it.`,
    );
  }
  const onProgress = chainProgress(context, 'Verifying');
  const verified = await verifyChain(await context.ledger(), {
    onProgress,
    ...(from === undefined ? {} : { from }),
  });
  const { problems, chain, from_seq } = verified;
  const since = from === undefined || from_seq === null ? null : Number(chain.length - from_seq);
  const entries = Number(verified.entries);
  const audit_events = Number(verified.audit_events);
  const summary = `${chain.length} items in the chain: ${entries} entries, ${audit_events} audit events\nhead ${chain.head}`;
  return {
    data: {
      ...chainItem(chain),
      entries,
      audit_events,
      items_since: since,
      problems: problemItems(problems),
    },
    view: [since === null ? summary : `${summary}\n${since} items since ${from}`, ...problemView(problems)],
    exit: problems.length > 0 ? EXIT.findings : EXIT.done,
  };
}
