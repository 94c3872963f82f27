import { PayrunError } from '../../domain/errors.ts';
import { RESOLVE_REASONS } from '../../domain/reconciliation/break.ts';
import { resolveOneBreak } from '../../operations/resolve-break.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { breakItem, numberOf } from './break-item.ts';
import { noteOf } from './note.ts';

export const verb: Verb = {
  name: 'break resolve',
  summary: 'Explain a difference',
  effect: 'writes',
  arguments: [{ name: '<break>', description: 'its number, as `break list` shows it' }],
  options: [
    {
      flags: '--reason <code>',
      description: 'why it needs no more work',
      required: true,
      choices: RESOLVE_REASONS,
    },
    { flags: '--note <text>', description: 'in your own words, for who reads it later' },
  ],
  examples: ['payrun break resolve 15 --reason fee_agreed --note "new tariff since 1 November"'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const written = text(input, 'reason');
  const reason = RESOLVE_REASONS.find((each) => each === written);
  if (reason === undefined) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--reason is "${written ?? ''}"; known: ${RESOLVE_REASONS.join(', ')}.`,
    );
  }
  const id = numberOf(argument(input, 0), 'break');
  const note = noteOf(input);
  const terms = comparisonTerms(context, await context.config());
  const row = await resolveOneBreak(
    { database: await context.ledger(), actor: context.actor, now: () => context.world.now().toISOString() },
    id,
    { reason, note },
  );
  return { data: { ...breakItem(row, terms.today, terms.calendar), note: row.note } };
}
