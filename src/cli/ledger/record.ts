import { recordEntries } from '../../operations/record-entries.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { NEW_ACCOUNT_OPTION, withNewAccounts } from '../new-accounts.ts';

export const verb: Verb = {
  name: 'ledger record',
  summary: 'Record journal entries by hand from a CSV file',
  effect: 'writes',
  arguments: [
    {
      name: '<file>',
      description:
        'a CSV file with entry_ref, date, account, debit, credit, currency, description, tags; - for stdin',
    },
  ],
  options: [NEW_ACCOUNT_OPTION],
  examples: ['payrun ledger record opening-balances.csv', 'payrun ledger record november.csv --dry-run'],
  columns: ['entry', 'entry_ref', 'booked_on', 'postings'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const file = await readInputFile(context, argument(input, 0));
  const { actor, world } = context;
  const { providers } = await context.config();
  const deps = {
    database: await context.ledger(),
    actor,
    at: world.now().toISOString(),
    providers: Object.keys(providers),
  };
  const { recorded, warnings, rows, accounts_opened } = await withNewAccounts(
    context,
    input,
    (new_accounts) => recordEntries({ ...deps, new_accounts }, file),
  );
  for (const warning of warnings) context.warn(warning);
  const items = recorded.map(({ entry, entry_ref, booked_on, posting_count }) => ({
    entry: Number(entry),
    entry_ref,
    booked_on,
    postings: posting_count,
  }));
  return { data: { file: file.name, rows, entries: items.length, accounts_opened, items } };
}
