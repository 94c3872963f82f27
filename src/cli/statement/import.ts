import { importStatements } from '../../operations/import-statement.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { readingTerms } from '../reconciliation-terms.ts';

export const verb: Verb = {
  name: 'statement import',
  summary: 'Take in a provider’s report',
  effect: 'writes',
  arguments: [{ name: '<file>', description: 'the report; - for stdin' }],
  options: [
    { flags: '--provider <name>', description: 'whose it is (default: the only one configured)' },
    { flags: '--profile <name>', description: 'how to read it (default: told by its header)' },
  ],
  examples: ['payrun statement import report-2026-11-20.csv'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const settings = await context.providerConfig(text(input, 'provider'));
  const reading = readingTerms(await context.config(), input, settings.kind);
  const file = await readInputFile(context, argument(input, 0));
  const { statements, warnings } = await importStatements(
    {
      database: await context.ledger(),
      actor: context.actor,
      now: () => context.world.now().toISOString(),
    },
    [file],
    { ...reading, provider: settings.name },
  );
  for (const warning of warnings) context.warn(warning);
  const items = statements.map(({ statement, ...rest }) => ({
    statement: Number(statement),
    provider: settings.name,
    ...rest,
  }));
  return {
    data: { ...items[0] },
    next: 'Hold it against the ledger with: payrun reconcile',
  };
}
