import { PayrunError } from '../../domain/errors.ts';
import { eachPayout, listPayouts, type PayoutFilter, type PayoutListRow } from '../../store/payout-list.ts';
import { REVEAL_OPTIONS, revealReason } from '../beneficiary/beneficiary-item.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { positiveInteger } from '../submission.ts';
import { FILTER_OPTIONS, readFilter } from './filter.ts';
import { itemOf, PAYOUT_COLUMNS, PAYOUT_TABLE } from './item.ts';
import { revealedAccounts } from './reveal.ts';

const DEFAULT_LIMIT = 1000;
// Accounts are opened and audited in groups, so that a list without an end stays flat in memory.
const REVEAL_GROUP = 1000;

export const verb: Verb = {
  name: 'payout list',
  summary: 'List payouts',
  effect: 'reads',
  options: [
    ...FILTER_OPTIONS,
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <next>', description: 'go on behind this one: `next` of the page before' },
    ...REVEAL_OPTIONS,
  ],
  examples: [
    'payrun payout list --batch salary-nov --state failed,returned',
    'payrun payout list --state unknown --older-than 10m',
    'payrun payout list --format csv -o payouts.csv',
  ],
  columns: PAYOUT_COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const after = readCursor(text(input, 'after'));
  const reason = revealReason(input);
  const filter = await readFilter(context, input);
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: streamPayouts(context, filter, after, reason) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  // One more than asked tells whether the list goes on.
  const rows = await listPayouts(await context.ledger(), filter, { after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const items = await itemsOf(context, shown, reason);
  const next = rows.length > limit ? (shown.at(-1)?.id.toString() ?? null) : null;
  return {
    data: { items, next },
    view: [{ columns: PAYOUT_TABLE, rows: items }],
    ...lastLine(next, filter, shown),
  };
}

function lastLine(
  next: string | null,
  { states }: PayoutFilter,
  shown: readonly PayoutListRow[],
): { next?: string } {
  if (next !== null) return { next: `There are more: add --after ${next}, or use --format csv for all.` };
  // Who asked for held ones has to decide about them.
  const held = states?.includes('held') ? shown.find(({ state }) => state === 'held') : undefined;
  if (held === undefined) return {};
  return {
    next: `What can be decided, and how: payrun payout show ${held.reference_id}`,
  };
}

function readCursor(given: string | undefined): bigint {
  if (given === undefined) return 0n;
  if (/^\d{1,18}$/.test(given)) return BigInt(given);
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--after is "${given}"; give it the \`next\` of the page before.`,
  );
}

async function itemsOf(
  context: Context,
  rows: readonly PayoutListRow[],
  reason: string | null,
): Promise<Data[]> {
  const accounts = reason === null ? null : await revealedAccounts(context, rows, reason);
  return rows.map((row) => itemOf(row, accounts?.get(row.id)));
}

/** Every payout that the filter lets through, from behind `after` on. */
export async function* streamPayouts(
  context: Context,
  filter: PayoutFilter,
  after: bigint,
  reason: string | null,
): AsyncIterable<Data> {
  let group: PayoutListRow[] = [];
  for await (const row of eachPayout(await context.ledger(), filter, after)) {
    if (reason === null) {
      yield itemOf(row);
      continue;
    }
    group.push(row);
    if (group.length < REVEAL_GROUP) continue;
    yield* await itemsOf(context, group, reason);
    group = [];
  }
  if (group.length > 0) yield* await itemsOf(context, group, reason);
}
