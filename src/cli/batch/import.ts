import { approvalsRequired } from '../../domain/payout/approval-policy.ts';
import { importBatch } from '../../operations/import-batch.ts';
import {
  argument,
  type Context,
  flag,
  type Input,
  type Option,
  type Outcome,
  text,
  type Verb,
} from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { NEW_ACCOUNT_OPTION, withNewAccounts } from '../new-accounts.ts';
import { warnOfRepetitions } from './doubts.ts';

const OPTIONS: readonly Option[] = [
  {
    flags: '--name <name>',
    description: 'the batch’s name: at most 32 letters, digits, _ . and -',
    required: true,
  },
  {
    flags: '--provider <name>',
    description: 'the provider to pay through (default: the only one configured)',
  },
  { flags: '--account <account>', description: 'the booking account of rows that name none' },
  NEW_ACCOUNT_OPTION,
  { flags: '--expect-rows <n>', description: 'refuse a file with another number of rows' },
  { flags: '--expect-amount <amount>', description: 'refuse a file with another total' },
  { flags: '--allow-duplicate-file', description: 'import a list again that is known, under a new name' },
];

export const verb: Verb = {
  name: 'batch import',
  summary: 'Import a payout file as a draft batch',
  effect: 'writes',
  arguments: [{ name: '<file>', description: 'CSV with beneficiary_ref and amount (- for stdin)' }],
  options: OPTIONS,
  examples: [
    'payrun batch import payouts.csv --name salary-nov',
    'payrun batch import payouts.csv --name salary-nov --expect-rows 240 --expect-amount 1250000.00',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const config = await context.config();
  const settings = await context.providerConfig(text(input, 'provider'));
  const file = await readInputFile(context, argument(input, 0));
  const imported = await withNewAccounts(context, input, async (meant) =>
    importBatch(
      { database: await context.ledger(), now: context.world.now().toISOString(), actor: context.actor },
      {
        bytes: file.bytes,
        file_name: file.name,
        name: text(input, 'name') ?? '',
        provider: settings.name,
        rails: settings.rails,
        account: text(input, 'account') ?? null,
        default_account: config.ledger.payout_account,
        expect_rows: text(input, 'expectRows') ?? null,
        expect_amount: text(input, 'expectAmount') ?? null,
        allow_duplicate_file: flag(input, 'allowDuplicateFile'),
        go_on_with_same: false,
        ...(meant === null ? {} : { new_accounts: meant }),
      },
    ),
  );
  for (const warning of imported.warnings) context.warn(warning);
  const { batch, digest, file_sha256, rows, amount, currency } = imported;
  await warnOfRepetitions(context, batch);
  const needed = approvalsRequired(config.approval, batch);
  const next =
    needed > 0
      ? `It needs ${needed === 1 ? 'an approval' : `${needed} approvals`}, and not from who imported it: payrun batch approve ${batch.name}`
      : `Look at it with \`payrun batch check ${batch.name}\`, send it with \`payrun batch submit ${batch.name}\`.`;
  return {
    data: { batch: batch.name, digest, file_sha256, rows, amount, currency },
    ...(context.flags.dry_run ? { next: 'A dry run: nothing was imported.' } : { next }),
  };
}
