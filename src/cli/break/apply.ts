import { applyBreakSheet } from '../../operations/apply-break-sheet.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { nextStep } from '../next-step.ts';

export const verb: Verb = {
  name: 'break apply',
  summary: 'Take in a sheet with the explanations that people filled in',
  effect: 'writes',
  arguments: [
    { name: '<file>', description: 'what `break export` wrote, with reason and note filled in; - for stdin' },
  ],
  examples: ['payrun break apply breaks.csv --dry-run', 'payrun break apply breaks.csv'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const file = await readInputFile(context, argument(input, 0));
  const { breaks } = await context.config();
  const { rows, resolved, unchanged, warnings } = await applyBreakSheet(
    { database: await context.ledger(), actor: context.actor, now: () => context.world.now().toISOString() },
    file,
    breaks.reasons,
  );
  for (const warning of warnings) context.warn(warning);
  return { data: { file: file.name, rows, resolved, unchanged }, ...nextStep(context) };
}
