import { Bug } from '../../domain/errors.ts';
import { beneficiaryStory } from '../../store/beneficiary-story.ts';
import { argument, type Context, type Data, type Input, type Outcome, type Verb } from '../command.ts';
import { PAGE_OPTION, pageAsked, STORY_COLUMNS, tellStory } from '../story-report.ts';
import { beneficiaryItems, namedBeneficiaries, withFormerAccounts } from './beneficiary-item.ts';

export const verb: Verb = {
  name: 'beneficiary explain',
  summary: 'Tell the whole story of a beneficiary',
  effect: 'reads',
  arguments: [{ name: '<ref>', description: 'its beneficiary_ref' }],
  options: [PAGE_OPTION],
  examples: ['payrun beneficiary explain acme-01', 'payrun beneficiary explain acme-01 --report acme.html'],
  columns: STORY_COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const page = await pageAsked(context, input);
  const records = await namedBeneficiaries(context, [argument(input, 0)]);
  const [record] = records;
  const [present] = await beneficiaryItems(context, input, records);
  if (!record || !present) throw new Bug('A beneficiary was found and not explained.');
  const item = await withFormerAccounts(context, present, record);
  const { beneficiary_ref, name, account_masked } = record;
  return tellStory(context, page, {
    title: `Beneficiary ${beneficiary_ref}`,
    facts: factsOf(item),
    events: await beneficiaryStory(await context.ledger(), record),
    about: { beneficiary: item },
    standing: `${beneficiary_ref}: ${name}, ${account_masked}`,
  });
}

function factsOf(item: Data): [string, string | null][] {
  const said = (key: string) => (item[key] === null ? null : String(item[key]));
  const known = (item.registrations as Data[]).map((each): [string, string] => {
    const name = each.registered_name === null ? '' : `, known to the bank as ${each.registered_name}`;
    return [`at ${each.provider}`, `${each.status}${name}`];
  });
  const former = (item.former_accounts as Data[]).map((each): [string, string] => [
    'former account',
    `${each.account}${each.ifsc === null ? '' : `, IFSC ${each.ifsc}`}, of ${each.name}, from ${each.from} until ${each.until}`,
  ]);
  return [
    ['name', said('name')],
    ['account', said('account')],
    ['IFSC', said('ifsc')],
    ['bank', said('bank_name')],
    ...former,
    ['e-mail', said('email')],
    ['phone', said('phone')],
    ...known,
  ];
}
