import { reopenOneBreak } from '../../operations/resolve-break.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { breakItem, numberOf } from './break-item.ts';
import { noteOf } from './note.ts';

export const verb: Verb = {
  name: 'break reopen',
  summary: 'Take back the explanation of a difference',
  effect: 'writes',
  arguments: [{ name: '<break>', description: 'its number, as `break list --state resolved` shows it' }],
  options: [{ flags: '--note <text>', description: 'why, for who reads it later' }],
  examples: ['payrun break reopen 15'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const id = numberOf(argument(input, 0), 'break');
  const note = noteOf(input);
  const terms = comparisonTerms(context, await context.config());
  const row = await reopenOneBreak(
    { database: await context.ledger(), actor: context.actor, now: () => context.world.now().toISOString() },
    id,
    note,
  );
  return { data: { ...breakItem(row, terms.today, terms.calendar), note: row.note } };
}
