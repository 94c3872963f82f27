import { importBeneficiaries } from '../../operations/import-beneficiaries.ts';
import { argument, type Context, flag, type Input, type Outcome, type Verb } from '../command.ts';
import { readInputFile } from '../input-file.ts';

export const verb: Verb = {
  name: 'beneficiary import',
  summary: 'Import beneficiaries from a CSV file',
  effect: 'writes',
  arguments: [
    {
      name: '<file>',
      description: 'a CSV file with beneficiary_ref, name, account_number and ifsc, or vpa; - for stdin',
    },
  ],
  options: [
    {
      flags: '--allow-changes',
      description:
        'take changes of bank details; they are verified anew, and approvals of what is still to be sent there are voided',
    },
  ],
  examples: [
    'payrun beneficiary import beneficiaries.csv',
    'payrun beneficiary import moved.csv --allow-changes',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const file = await readInputFile(context, argument(input, 0));
  const { world, actor } = context;
  const { warnings, ...counts } = await importBeneficiaries(
    {
      database: await context.ledger(),
      vault: await context.vault(),
      actor,
      now: () => world.now().toISOString(),
    },
    file,
    { allow_changes: flag(input, 'allowChanges') },
  );
  for (const warning of warnings) context.warn(warning);
  return { data: { file: file.name, ...counts } };
}
