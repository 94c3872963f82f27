import { Bug } from '../../domain/errors.ts';
import { type ImportedStatement, importStatements } from '../../operations/import-statement.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { nextStep } from '../next-step.ts';
import { readingTerms } from '../reconciliation-terms.ts';
import { stagesOf, statementInputs } from '../statement-input.ts';
import { countView, proofData, proofView } from './statement-proof.ts';

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
  const inputs = await statementInputs(context, [argument(input, 0)]);
  const { result: statements, warnings } = await importStatements(
    {
      database: await context.ledger(),
      actor: context.actor,
      now: () => context.world.now().toISOString(),
      stages: stagesOf(context),
    },
    inputs,
    { ...reading, provider: settings.name },
    (_, store) => store(),
  ).finally(() => context.progress.end());
  for (const warning of warnings) context.warn(warning);
  const [taken] = statements;
  if (taken === undefined) throw new Bug('A file that was read was not stored.');
  const { statement, count, proofs, ...rest } = taken;
  const proved = proofs.map(proofData);
  return {
    data: {
      statement: Number(statement),
      provider: settings.name,
      ...rest,
      count: count === null ? null : { ...count },
      proofs: proved,
    },
    view: [
      sentence(taken, settings.name),
      ...(count === null ? [] : [countView(count)]),
      ...(proofs.length === 0 ? [] : proofView(proofs)),
    ],
    ...nextStep(context, 'Hold it against the ledger with: payrun reconcile'),
  };
}

function sentence(taken: ImportedStatement, provider: string): string {
  const { file, statement, profile, lines, new_lines, from, to } = taken;
  const what = `${file} ${taken.already_imported ? 'was taken in before, as' : 'is'} statement ${statement} of ${provider}`;
  const days = from === null || to === null ? 'no dates' : from === to ? from : `${from} to ${to}`;
  return `${what} (${profile}): ${lines} lines, ${new_lines} of them new, ${days}.`;
}
