import { PayrunError } from '../../domain/errors.ts';
import { MOVES, type PayoutEvent } from '../../domain/ledger/payout-entries.ts';
import { formatAmount } from '../../domain/money/money.ts';
import {
  type AccountPlace,
  type BeneficiaryLine,
  beneficiaryLines,
  type LinePage,
  payoutSums,
  type StateSum,
  sumsBefore,
} from '../../store/beneficiary-account.ts';
import type { Database } from '../../store/database.ts';
import {
  argument,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  text,
  type Verb,
} from '../command.ts';
import { dayFlag, limitFlag } from '../ledger/flags.ts';
import { namedBeneficiaries } from './beneficiary-item.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 1000;
const COLUMNS = [
  ...['entry', 'at', 'booked_on', 'event', 'reference_id', 'batch', 'state', 'amount', 'currency'],
  ...['in_transit', 'paid', 'utr', 'return_utr', 'description'],
];
const SHOWN = [
  'booked_on',
  'event',
  'reference_id',
  'state',
  'amount',
  'currency',
  'in_transit',
  'paid',
  'utr',
];

export const verb: Verb = {
  name: 'beneficiary account',
  summary: 'Show the statement of account of a beneficiary',
  effect: 'reads',
  arguments: [{ name: '<ref>', description: 'its beneficiary_ref' }],
  options: [
    { flags: '--since <day>', description: 'booked on this day or later' },
    { flags: '--until <day>', description: 'booked on this day or earlier' },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <place>', description: 'go on behind this line: `next` of the page before' },
  ],
  examples: [
    'payrun beneficiary account acme-01',
    'payrun beneficiary account acme-01 --since 2026-11-01 --format csv -o acme-november.csv',
  ],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const [beneficiary] = await namedBeneficiaries(context, [argument(input, 0)]);
  if (!beneficiary) return { data: { items: [], next: null } };
  const database = await context.ledger();
  const page: LinePage = {
    beneficiary_id: beneficiary.id,
    events: Object.keys(MOVES),
    since: await dayFlag(context, input, 'since'),
    until: await dayFlag(context, input, 'until'),
    after: placeOf(text(input, 'after')),
    limit: PAGE,
  };
  const given = limitFlag(input);
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyLine(database, page) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  // One more than asked tells whether the account goes on.
  const lines = await beneficiaryLines(database, { ...page, limit: limit + 1 });
  const items = await withTotals(database, page, lines.slice(0, limit));
  const last = lines.length > limit ? lines[limit - 1] : undefined;
  const next = last === undefined ? null : placeText(last);
  const currencies = currencyItems(await payoutSums(database, beneficiary.id));
  const { beneficiary_ref, name } = beneficiary;
  return {
    data: { beneficiary_ref, name, account: beneficiary.account_masked, currencies, items, next },
    view: [
      `${beneficiary_ref}: ${name}, ${beneficiary.account_masked}`,
      currencies.length === 0 ? 'No payouts.' : currencyTable(currencies),
      ...(items.length === 0 ? [] : [{ columns: SHOWN.map(column), rows: items }]),
    ],
    ...(next === null
      ? {}
      : { next: `There are more: payrun beneficiary account ${beneficiary_ref} --after ${next}` }),
  };
}

async function* everyLine(database: Database, from: LinePage): AsyncGenerator<Data> {
  let page = from;
  for (;;) {
    const lines = await beneficiaryLines(database, page);
    yield* await withTotals(database, page, lines);
    const last = lines.at(-1);
    if (last === undefined || lines.length < page.limit) return;
    page = { ...page, after: { booked_on: last.booked_on, entry: last.entry } };
  }
}

interface Totals {
  in_transit: bigint;
  paid: bigint;
}

/** What is in transit to the beneficiary and what was paid after each line, whatever of the account is shown. */
async function withTotals(
  database: Database,
  page: LinePage,
  lines: readonly BeneficiaryLine[],
): Promise<Data[]> {
  const [first] = lines;
  if (!first) return [];
  const totals = new Map<string, Totals>();
  const add = ({
    event,
    currency,
    amount_minor,
  }: Pick<BeneficiaryLine, 'event' | 'currency' | 'amount_minor'>): Totals => {
    const move = MOVES[event as PayoutEvent];
    const before = totals.get(currency) ?? { in_transit: 0n, paid: 0n };
    const after = {
      in_transit: before.in_transit + (move?.in_transit ?? 0n) * amount_minor,
      paid: before.paid + (move?.paid ?? 0n) * amount_minor,
    };
    totals.set(currency, after);
    return after;
  };
  for (const sum of await sumsBefore(database, page, first)) add(sum);
  return lines.map((line) => {
    const { in_transit, paid } = add(line);
    const amount = (minor: bigint) => formatAmount(minor, line.currency);
    return {
      ...{ entry: Number(line.entry), at: line.recorded_at, booked_on: line.booked_on, event: line.event },
      ...{ reference_id: line.reference_id, batch: line.batch, state: line.state },
      ...{ amount: amount(line.amount_minor), currency: line.currency },
      ...{ in_transit: amount(in_transit), paid: amount(paid) },
      ...{ utr: line.utr, return_utr: line.return_utr, description: line.description },
    };
  });
}

function currencyItems(sums: readonly StateSum[]): Data[] {
  return [...new Set(sums.map(({ currency }) => currency))].map((currency) => {
    const own = sums.filter((sum) => sum.currency === currency);
    const total = (of: readonly StateSum[]) => of.reduce((minor, sum) => minor + sum.amount_minor, 0n);
    const at = (position: string) =>
      formatAmount(total(own.filter((sum) => sum.position === position)), currency);
    const states = [...new Set(own.map(({ state }) => state))].map((state) => {
      const inState = own.filter((sum) => sum.state === state);
      const count = inState.reduce((rows, sum) => rows + Number(sum.count), 0);
      return { state, count, amount: formatAmount(total(inState), currency) };
    });
    return {
      currency,
      payouts: own.reduce((count, sum) => count + Number(sum.count), 0),
      in_transit: at('in_transit'),
      paid: at('paid'),
      states: Object.fromEntries(states.map(({ state, count }) => [state, count])),
      amounts: Object.fromEntries(states.map(({ state, amount }) => [state, amount])),
    };
  });
}

function currencyTable(currencies: readonly Data[]): TableView {
  const rows = currencies.map(({ states, amounts, ...row }) => ({
    ...row,
    states: Object.entries(states as Record<string, number>)
      .map(([state, count]) => `${count} ${state} (${(amounts as Record<string, string>)[state]})`)
      .join(', '),
  }));
  return { columns: ['currency', 'payouts', 'in_transit', 'paid', 'states'].map(column), rows };
}

function column(key: string): TableView['columns'][number] {
  return key === 'in_transit' || key === 'paid' ? { key, align: 'right' } : { key };
}

/** `2026-11-20.15`: the day and the entry. */
function placeText({ booked_on, entry }: AccountPlace): string {
  return `${booked_on}.${entry}`;
}

function placeOf(written: string | undefined): AccountPlace | null {
  if (written === undefined) return null;
  const [, booked_on, entry] = /^(\d{4}-\d{2}-\d{2})\.(\d{1,18})$/.exec(written) ?? [];
  if (booked_on !== undefined && entry !== undefined) return { booked_on, entry: BigInt(entry) };
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--after is "${written}"; give it the \`next\` of the page before.`,
  );
}
