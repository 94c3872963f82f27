import { type Reopened, reopenChosen } from '../../operations/resolve-break.ts';
import { argumentList, type Context, type Data, type Input, type Outcome, type Verb } from '../command.ts';
import { nextStep } from '../next-step.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { counted, DECIDED_VIEW, decidedItem } from './break-item.ts';
import { choiceOf, FILTER_OPTIONS } from './choice.ts';
import { noteOf } from './note.ts';

export const verb: Verb = {
  name: 'break reopen',
  summary: 'Take back the explanation of a difference',
  effect: 'writes',
  arguments: [
    { name: '[break...]', description: 'numbers, as `break list --state resolved` shows them; or a filter' },
  ],
  options: [{ flags: '--note <text>', description: 'why, for who reads it later' }, ...FILTER_OPTIONS],
  examples: ['payrun break reopen 15', 'payrun break reopen --kind fee_differs --dry-run'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const config = await context.config();
  const terms = comparisonTerms(context, config);
  const choice = await choiceOf(context, input, terms);
  const { actor, world } = context;
  const deps = {
    database: await context.ledger(),
    actor,
    now: () => world.now().toISOString(),
    time_zone: config.ledger.time_zone,
  };
  const reopened = await reopenChosen(deps, choice, noteOf(input));
  const itemOf = ({ row, reversed_by }: Reopened): Data => ({
    ...decidedItem(row, terms.today, terms.calendar),
    reversed_by: reversed_by === null ? null : Number(reversed_by),
  });
  const [only] = reopened;
  if (only && argumentList(input, 0).length === 1) return { data: itemOf(only), ...nextStep(context) };
  const items = reopened.map(itemOf);
  const reversed = reopened.filter(({ reversed_by }) => reversed_by !== null).length;
  const done = context.flags.dry_run ? 'would be open again' : 'open again';
  return {
    data: { reopened: items.length, reversed, items },
    view: [
      `${counted(items.length)} ${done}${reversed === 0 ? '' : `, what was booked with ${reversed} of them reversed`}.`,
      ...(items.length === 0 ? [] : [{ columns: [...DECIDED_VIEW, { key: 'reversed_by' }], rows: items }]),
    ],
    ...nextStep(context),
  };
}
