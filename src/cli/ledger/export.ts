import { formatAmount } from '../../domain/money/money.ts';
import type { JournalEntry } from '../../store/ledger-queries.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { beancountJournal } from './beancount-journal.ts';
import { hledgerJournal } from './hledger-journal.ts';
import { readJournal } from './journal.ts';

const COLUMNS = [
  ...['entry', 'at', 'booked_on', 'event', 'reference_id', 'entry_ref', 'provider', 'utr'],
  ...['account', 'debit', 'credit', 'currency', 'description', 'actor', 'reverses'],
];

export const verb: Verb = {
  name: 'ledger export',
  summary: 'Write the journal for another accounting tool',
  effect: 'reads',
  formats: ['hledger', 'beancount'],
  examples: [
    'payrun ledger export --format hledger -o payouts.journal',
    'payrun ledger export --format beancount -o payouts.beancount',
    'payrun ledger export --format csv -o postings.csv',
  ],
  columns: COLUMNS,
  run,
};

/** hledger's format where none is asked for; csv, ndjson and json have one row for each posting. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const journal = await readJournal(await context.ledger());
  const asked =
    context.flags.format === 'table' ? (text(input, 'format') ?? 'hledger') : context.flags.format;
  if (asked === 'hledger') return { data: {}, text: hledgerJournal(journal) };
  if (asked === 'beancount') return { data: {}, text: beancountJournal(journal) };
  return { data: {}, stream: postingRows(journal.pages) };
}

async function* postingRows(pages: AsyncIterable<JournalEntry[]>): AsyncGenerator<Data> {
  for await (const page of pages) {
    for (const entry of page) {
      const {
        id,
        recorded_at,
        postings,
        booked_on,
        event,
        reference_id,
        entry_ref,
        provider,
        utr,
        description,
        actor,
      } = entry;
      for (const { account, amount_minor, currency } of postings) {
        yield {
          entry: Number(id),
          ...{ at: recorded_at, booked_on, event, reference_id, entry_ref, provider, utr, account },
          debit: amount_minor > 0n ? formatAmount(amount_minor, currency) : null,
          credit: amount_minor < 0n ? formatAmount(-amount_minor, currency) : null,
          ...{ currency, description, actor },
          reverses: entry.reverses_id === null ? null : Number(entry.reverses_id),
        };
      }
    }
  }
}
