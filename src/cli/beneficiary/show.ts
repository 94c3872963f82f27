import { Bug } from '../../domain/errors.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import {
  beneficiaryItems,
  namedBeneficiaries,
  REVEAL_OPTIONS,
  withFormerAccounts,
} from './beneficiary-item.ts';

export const verb: Verb = {
  name: 'beneficiary show',
  summary: 'Show one beneficiary',
  effect: 'reads',
  arguments: [{ name: '<ref>', description: 'its beneficiary_ref' }],
  options: REVEAL_OPTIONS,
  examples: [
    'payrun beneficiary show acme-01',
    'payrun beneficiary show acme-01 --reveal --reason "bank asks by phone"',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const records = await namedBeneficiaries(context, [argument(input, 0)]);
  const [record] = records;
  const [item] = await beneficiaryItems(context, input, records);
  if (!record || !item) throw new Bug('A beneficiary was found and not shown.');
  return { data: await withFormerAccounts(context, item, record) };
}
