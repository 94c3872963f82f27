import { PayrunError } from '../../domain/errors.ts';
import { BREAK_KINDS, BREAK_STATES } from '../../domain/reconciliation/break.ts';
import { type BreakFilter, type BreakRow, everyBreak, listBreaks } from '../../store/breaks.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { positiveInteger } from '../submission.ts';
import { BREAK_COLUMNS, BREAK_VIEW, breakItem, numberOf } from './break-item.ts';

const DEFAULT_LIMIT = 1000;
export const STATES: readonly string[] = [...BREAK_STATES, 'all'];

export const verb: Verb = {
  name: 'break list',
  summary: 'List differences',
  effect: 'reads',
  options: [
    { flags: '--state <state>', description: 'open (the default), resolved, closed or all', choices: STATES },
    { flags: '--kind <kind>', description: 'only this kind', choices: BREAK_KINDS },
    { flags: '--provider <name>', description: 'only of this provider' },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <break>', description: 'go on behind this one: `next` of the page before' },
  ],
  examples: ['payrun break list', 'payrun break list --kind amount_differs --format csv'],
  columns: BREAK_COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const provider = text(input, 'provider');
  const terms = comparisonTerms(context, await context.config());
  const itemOf = (row: BreakRow) => breakItem(row, terms.today, terms.calendar);
  const filter = {
    state: stateOf(text(input, 'state')),
    kind: kindOf(text(input, 'kind')),
    provider: provider === undefined ? null : (await context.providerConfig(provider)).name,
    after: afterOf(text(input, 'after')),
  };
  const database = await context.ledger();
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyItem(context, filter, itemOf) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  const rows = await listBreaks(database, { ...filter, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? (shown.at(-1)?.id.toString() ?? null) : null;
  const items = shown.map(itemOf);
  return {
    data: { items, next },
    view: items.length === 0 ? ['No breaks.'] : [{ columns: BREAK_VIEW, rows: items }],
    ...(next === null ? {} : { next: `There are more: payrun break list --after ${next}` }),
  };
}

async function* everyItem(
  context: Context,
  filter: Omit<BreakFilter, 'limit'>,
  itemOf: (row: BreakRow) => Data,
): AsyncGenerator<Data> {
  for await (const row of everyBreak(await context.ledger(), filter)) yield itemOf(row);
}

export function stateOf(written: string | undefined): BreakFilter['state'] {
  return oneOf(written ?? 'open', [...BREAK_STATES, 'all'] as const, '--state');
}

export function kindOf(written: string | undefined): BreakFilter['kind'] {
  return written === undefined ? null : oneOf(written, BREAK_KINDS, '--kind');
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
