import { type BeneficiaryRecord, listBeneficiaries } from '../../store/beneficiaries.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { positiveInteger } from '../submission.ts';
import { beneficiaryItems, REVEAL_OPTIONS, revealReason } from './beneficiary-item.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 1000;
const COLUMNS = [
  'beneficiary_ref',
  'name',
  'destination_kind',
  'account',
  'ifsc',
  'bank_name',
  'account_type',
  'email',
  'phone',
  'registrations',
  'created_at',
  'updated_at',
];

export const verb: Verb = {
  name: 'beneficiary list',
  summary: 'List beneficiaries',
  effect: 'reads',
  options: [
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <ref>', description: 'go on behind this one: `next` of the page before' },
    ...REVEAL_OPTIONS,
  ],
  examples: ['payrun beneficiary list', 'payrun beneficiary list --format csv -o beneficiaries-seen.csv'],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const after = text(input, 'after') ?? null;
  // Before anything is written: a list without an end is printed as it is read.
  revealReason(input);
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyone(context, input, after) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  // One more than asked tells whether the list goes on.
  const records = await listBeneficiaries(await context.ledger(), { after, limit: limit + 1 });
  const shown = records.slice(0, limit);
  const items = await beneficiaryItems(context, input, shown);
  const next = records.length > limit ? (shown.at(-1)?.beneficiary_ref ?? null) : null;
  const columns = ['beneficiary_ref', 'name', 'account', 'ifsc', 'status', 'registered_name'].map((key) => ({
    key,
  }));
  return {
    data: { items, next },
    view: [{ columns, rows: items.flatMap(tableRows) }],
    ...(next === null ? {} : { next: `There are more: payrun beneficiary list --after ${next}` }),
  };
}

/** One row for each provider that knows the beneficiary, and one where none does. */
function tableRows(item: Data): Data[] {
  const registrations = Array.isArray(item.registrations) ? item.registrations : [];
  const first = { ...item, status: 'unregistered', registered_name: null };
  if (registrations.length === 0) return [first];
  return registrations.map((registration) => ({ ...first, ...(registration as Data) }));
}

async function* everyone(context: Context, input: Input, from: string | null): AsyncIterable<Data> {
  const database = await context.ledger();
  let page: BeneficiaryRecord[] = [];
  for (let after = from; ; after = page.at(-1)?.beneficiary_ref ?? null) {
    page = await listBeneficiaries(database, { after, limit: PAGE });
    yield* await beneficiaryItems(context, input, page);
    if (page.length < PAGE) return;
  }
}
