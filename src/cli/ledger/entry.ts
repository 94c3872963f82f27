import { formatAmount } from '../../domain/money/money.ts';
import { entryUnknown } from '../../operations/reverse-entry.ts';
import { entryById, postingsOfEntries } from '../../store/ledger-queries.ts';
import {
  argument,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  type Verb,
} from '../command.ts';
import { entryNumber } from './flags.ts';

export const verb: Verb = {
  name: 'ledger entry',
  summary: 'Show one journal entry',
  effect: 'reads',
  arguments: [{ name: '<entry>', description: 'its number, such as 15' }],
  examples: ['payrun ledger entry 15'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const id = entryNumber(argument(input, 0));
  const database = await context.ledger();
  const entry = await entryById(database, id);
  if (!entry) throw entryUnknown(id.toString());
  const number = (value: bigint | null) => (value === null ? null : Number(value));
  const postings: Data[] = ((await postingsOfEntries(database, [id])).get(id) ?? []).map(
    ({ account, amount_minor, currency }) => ({
      account,
      amount: formatAmount(amount_minor, currency),
      currency,
    }),
  );
  const about = {
    entry: Number(entry.id),
    at: entry.recorded_at,
    booked_on: entry.booked_on,
    event: entry.event,
    description: entry.description,
    actor: entry.actor,
    reference_id: entry.reference_id,
    attempt: number(entry.attempt_no),
    provider: entry.provider,
    utr: entry.utr,
    entry_ref: entry.entry_ref,
    tags: entry.tags,
    reverses: number(entry.reverses_id),
    reversed_by: number(entry.reversed_by),
  };
  const lines = Object.entries(about).flatMap(([name, value]) =>
    value === null ? [] : [`${name.replaceAll('_', ' ').padEnd(14)}${value}`],
  );
  const table: TableView = {
    columns: ['account', 'amount', 'currency'].map((key) => ({ key })),
    rows: postings,
  };
  return { data: { ...about, postings }, view: [lines.join('\n'), table] };
}
