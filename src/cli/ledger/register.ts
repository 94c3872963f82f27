import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { Database } from '../../store/database.ts';
import {
  balancesThrough,
  type RegisterPage,
  type RegisterPlace,
  type RegisterRow,
  registerPage,
} from '../../store/register.ts';
import {
  argument,
  type Context,
  type Data,
  flag,
  type Input,
  type Outcome,
  text,
  type Verb,
} from '../command.ts';
import { requireAccount } from './find-account.ts';
import { dayFlag, limitFlag, tagFlag } from './flags.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 1000;

export const verb: Verb = {
  name: 'ledger register',
  summary: 'Show an account line by line, with its running balance',
  effect: 'reads',
  arguments: [{ name: '<account>', description: 'the whole name, such as assets:providers:nxt:available' }],
  options: [
    { flags: '--since <day>', description: 'booked on this day or later' },
    { flags: '--until <day>', description: 'booked on this day or earlier' },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <place>', description: 'go on behind this line: `next` of the page before' },
    { flags: '--reverse', description: 'newest first' },
    { flags: '--tag <tag>', description: 'only entries with this tag, such as cost_centre=ops' },
  ],
  examples: [
    'payrun ledger register assets:providers:nxt:available --reverse --limit 20',
    'payrun ledger register expenses:payouts --since 2026-11-01 --until 2026-11-30 --format csv',
  ],
  columns: [
    'entry',
    'at',
    'booked_on',
    'event',
    'reference_id',
    'account',
    'amount',
    'currency',
    'balance',
    'description',
    'tags',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const account = argument(input, 0);
  const database = await context.ledger();
  const page: RegisterPage = {
    account_id: await requireAccount(database, account),
    tag: tagFlag(input),
    since: await dayFlag(context, input, 'since'),
    until: await dayFlag(context, input, 'until'),
    after: placeOf(text(input, 'after')),
    reverse: flag(input, 'reverse'),
    limit: PAGE,
  };
  const given = limitFlag(input);
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyLine(database, account, page) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  // One more than asked tells whether the account goes on.
  const rows = await registerPage(database, { ...page, limit: limit + 1 });
  const items = await withBalances(database, account, page, rows.slice(0, limit));
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  const next = last === undefined ? null : placeText(last);
  const columns = [
    'entry',
    'booked_on',
    'event',
    'reference_id',
    'amount',
    'currency',
    'balance',
    'description',
  ].map((key) => ({ key }));
  return {
    data: { items, next },
    view: items.length === 0 ? [`${account} has no lines there.`] : [{ columns, rows: items }],
    ...(next === null ? {} : { next: `There are more: add --after ${next}.` }),
  };
}

async function* everyLine(database: Database, account: string, from: RegisterPage): AsyncGenerator<Data> {
  let page = from;
  for (;;) {
    const rows = await registerPage(database, page);
    yield* await withBalances(database, account, page, rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < page.limit) return;
    page = { ...page, after: { booked_on: last.booked_on, entry: last.entry, posting_no: last.posting_no } };
  }
}

/** The balance after each line, whatever of the account is shown: taken at the first line and carried along. */
async function withBalances(
  database: Database,
  account: string,
  page: RegisterPage,
  rows: readonly RegisterRow[],
): Promise<Data[]> {
  const [first] = rows;
  if (!first) return [];
  const balances = await balancesThrough(database, page, first, page.reverse ? 'end' : 'start');
  const step = (row: RegisterRow, sign: bigint) =>
    balances.set(row.currency, (balances.get(row.currency) ?? 0n) + sign * row.amount_minor);
  if (!page.reverse) step(first, -1n);
  return rows.map((row) => {
    if (!page.reverse) step(row, 1n);
    const item = {
      entry: Number(row.entry),
      at: row.recorded_at,
      booked_on: row.booked_on,
      event: row.event,
      reference_id: row.reference_id,
      account,
      amount: formatAmount(row.amount_minor, row.currency),
      currency: row.currency,
      balance: formatAmount(balances.get(row.currency) ?? 0n, row.currency),
      description: row.description,
      tags: row.tags,
    };
    if (page.reverse) step(row, -1n);
    return item;
  });
}

/** `2026-11-20.15.2`: the day, the entry and the posting. */
function placeText(place: RegisterPlace): string {
  return `${place.booked_on}.${place.entry}.${place.posting_no}`;
}

function placeOf(written: string | undefined): RegisterPlace | null {
  if (written === undefined) return null;
  const parts = /^(\d{4}-\d{2}-\d{2})\.(\d{1,18})\.(\d{1,9})$/.exec(written);
  const [, booked_on, entry, posting_no] = parts ?? [];
  if (booked_on === undefined || entry === undefined || posting_no === undefined) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--after is "${written}"; give it the \`next\` of the page before.`,
    );
  }
  return { booked_on, entry: BigInt(entry), posting_no: BigInt(posting_no) };
}
