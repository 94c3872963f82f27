import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { isDay } from '../../domain/reconciliation/calendar.ts';
import type { JournalEntry } from '../../store/journal.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { beancountJournal } from './beancount-journal.ts';
import { dayFlag, dayOf } from './flags.ts';
import { hledgerJournal } from './hledger-journal.ts';
import { type Asked, readJournal } from './journal.ts';

/** The first six are those by which accounting programs take in journals. */
const JOURNAL_COLUMNS = [
  ...['Journal No', 'Journal Date', 'Account Name', 'Description', 'Debits', 'Credits', 'Currency'],
  ...['Event', 'Reference', 'UTR', 'Provider', 'Entry Ref', 'Reverses', 'Tags', 'Actor', 'Recorded At'],
];

export const verb: Verb = {
  name: 'ledger export',
  summary: 'Write the journal for another accounting tool',
  effect: 'reads',
  formats: ['hledger', 'beancount'],
  options: [
    {
      flags: '--since <start>',
      description:
        'a day: from it on, after the balances before it; or the number of an entry: what was written after it, to be appended to what was exported before',
    },
    { flags: '--until <day>', description: 'up to the end of this day' },
  ],
  examples: [
    'payrun ledger export --format hledger -o payouts.journal',
    'payrun ledger export --format beancount -o payouts.beancount',
    'payrun ledger export --format csv --since 2026-11-01 --until 2026-11-30 -o november.csv',
    'payrun ledger export --since 4812 >> payouts.journal',
  ],
  columns: JOURNAL_COLUMNS,
  run,
};

/** hledger's format where none is asked for; csv, ndjson and json have one row for each posting. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const asked = await stretch(context, input);
  const journal = await readJournal(await context.ledger(), asked);
  const format =
    context.flags.format === 'table' ? (text(input, 'format') ?? 'hledger') : context.flags.format;
  const data = { last_entry: Number(journal.last_entry) };
  const next =
    asked.kind === 'days'
      ? {}
      : { next: `What is written later: payrun ledger export --since ${journal.last_entry}` };
  if (format === 'hledger') return { data, text: hledgerJournal(journal), ...next };
  if (format === 'beancount') return { data, text: beancountJournal(journal), ...next };
  return { data, stream: postingRows(journal.pages, format === 'csv' ? journalRow : postingItem), ...next };
}

async function stretch(context: Context, input: Input): Promise<Asked> {
  const written = text(input, 'since');
  const since = written === undefined ? undefined : ((await dayOf(context, written)) ?? written);
  const until = await dayFlag(context, input, 'until');
  if (since === undefined) return until === null ? { kind: 'whole' } : { kind: 'days', since: null, until };
  if (isDay(since)) return { kind: 'days', since, until };
  if (!/^\d{1,18}$/.test(since)) {
    const message = `--since is "${since}"; write a day such as 2026-11-20, today or yesterday, or the number of an entry.`;
    throw new PayrunError('usage', 'option_invalid', message);
  }
  if (until === null) return { kind: 'piece', after: BigInt(since) };
  const message = '--until goes with a day in --since; what follows an entry has no last day.';
  throw new PayrunError('usage', 'usage', message);
}

async function* postingRows(
  pages: AsyncIterable<JournalEntry[]>,
  rowOf: (entry: JournalEntry, posting: JournalEntry['postings'][number]) => Data,
): AsyncGenerator<Data> {
  for await (const page of pages) {
    for (const entry of page) for (const posting of entry.postings) yield rowOf(entry, posting);
  }
}

function postingItem(entry: JournalEntry, posting: JournalEntry['postings'][number]): Data {
  const { account, currency } = posting;
  const { recorded_at: at, booked_on, event, reference_id, entry_ref, provider, utr } = entry;
  return {
    entry: Number(entry.id),
    ...{ at, booked_on, event, reference_id, entry_ref, provider, utr, account },
    ...sides(posting),
    ...{ currency, description: entry.description, actor: entry.actor },
    reverses: entry.reverses_id === null ? null : Number(entry.reverses_id),
    tags: entry.tags,
  };
}

function journalRow(entry: JournalEntry, posting: JournalEntry['postings'][number]): Data {
  const { debit, credit } = sides(posting);
  return {
    'Journal No': Number(entry.id),
    'Journal Date': entry.booked_on,
    'Account Name': posting.account,
    Description: entry.description === '' ? entry.event : entry.description,
    Debits: debit,
    Credits: credit,
    Currency: posting.currency,
    Event: entry.event,
    Reference: entry.reference_id,
    UTR: entry.utr,
    Provider: entry.provider,
    'Entry Ref': entry.entry_ref,
    Reverses: entry.reverses_id === null ? null : Number(entry.reverses_id),
    Tags: entry.tags,
    Actor: entry.actor,
    'Recorded At': entry.recorded_at,
  };
}

function sides({ amount_minor, currency }: JournalEntry['postings'][number]): {
  debit: string | null;
  credit: string | null;
} {
  return {
    debit: amount_minor > 0n ? formatAmount(amount_minor, currency) : null,
    credit: amount_minor < 0n ? formatAmount(-amount_minor, currency) : null,
  };
}
