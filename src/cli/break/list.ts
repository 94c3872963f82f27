import { PayrunError } from '../../domain/errors.ts';
import { BREAK_STATES } from '../../domain/reconciliation/break.ts';
import { type BreakFilter, type BreakRow, everyBreak } from '../../store/breaks.ts';
import type { Reader } from '../../store/database.ts';
import {
  type Column,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  text,
  type Verb,
} from '../command.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { positiveInteger } from '../submission.ts';
import { BREAK_COLUMNS, BREAK_VIEW, breakItem, numberOf } from './break-item.ts';
import { FILTER_OPTIONS, filterOf } from './choice.ts';

const DEFAULT_LIMIT = 1000;
export const STATES: readonly string[] = [...BREAK_STATES, 'all'];

export const verb: Verb = {
  name: 'break list',
  summary: 'List differences',
  effect: 'reads',
  options: [
    { flags: '--state <state>', description: 'open (the default), resolved, closed or all', choices: STATES },
    ...FILTER_OPTIONS,
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <break>', description: 'go on behind this one: `next` of the page before' },
  ],
  examples: [
    'payrun break list',
    'payrun break list --kind amount_differs --format csv',
    "payrun break list --where 'amount>1000,age>2d'",
  ],
  columns: BREAK_COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const terms = comparisonTerms(context, await context.config());
  const itemOf = (row: BreakRow) => breakItem(row, terms.today, terms.calendar);
  const { fits, ...filter } = await filterOf(context, input, terms);
  const wanted = { ...filter, state: stateOf(text(input, 'state')), after: afterOf(text(input, 'after')) };
  const database = await context.ledger();
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: fitting(database, wanted, fits, itemOf) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  const items: Data[] = [];
  const providerOf = new Map<Data, string>();
  const listed = (row: BreakRow) => {
    const item = itemOf(row);
    providerOf.set(item, row.provider);
    return item;
  };
  let next: string | null = null;
  for await (const item of fitting(database, wanted, fits, listed)) {
    if (items.length === limit) {
      next = String(items.at(-1)?.break);
      break;
    }
    items.push(item);
  }
  // One state was asked for: it would be the same word in every row.
  const columns = wanted.state === 'all' ? BREAK_VIEW : BREAK_VIEW.filter(({ key }) => key !== 'state');
  return {
    data: { items, next },
    view: items.length === 0 ? ['No breaks.'] : viewOf(items, providerOf, columns),
    ...(next === null ? {} : { next: `There are more: payrun break list --after ${next}` }),
  };
}

/** Numbers count through all providers and accounts: where breaks of several are listed, each has a table under its name. */
function viewOf(
  items: readonly Data[],
  providerOf: ReadonlyMap<Data, string>,
  columns: readonly Column[],
): TableView[] {
  const names = [...new Set(items.map((item) => providerOf.get(item) ?? ''))];
  if (names.length < 2) return [{ columns, rows: items }];
  return names.map((title) => ({
    title,
    columns,
    rows: items.filter((item) => providerOf.get(item) === title),
  }));
}

export async function* fitting(
  reader: Reader,
  filter: Omit<BreakFilter, 'limit'>,
  fits: (row: BreakRow) => boolean,
  itemOf: (row: BreakRow) => Data,
): AsyncGenerator<Data> {
  for await (const row of everyBreak(reader, filter)) if (fits(row)) yield itemOf(row);
}

export function stateOf(written: string | undefined): BreakFilter['state'] {
  return oneOf(written ?? 'open', [...BREAK_STATES, 'all'] as const, '--state');
}

/** commander has refused others; the type has to be proven all the same. */
function oneOf<T extends string>(written: string, known: readonly T[], flag: string): T {
  const found = known.find((each) => each === written);
  if (found !== undefined) return found;
  throw new PayrunError('usage', 'option_invalid', `${flag} is "${written}"; known: ${known.join(', ')}.`);
}

function afterOf(written: string | undefined): bigint {
  return written === undefined ? 0n : numberOf(written, 'break');
}
