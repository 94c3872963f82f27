import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { type BatchRow, listBatches, type StateCount, statesOfBatches } from '../../store/batches.ts';
import type { Reader } from '../../store/database.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { positiveInteger } from '../submission.ts';
import { countsOf } from './standing.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 500;
const COLUMNS = [
  'batch',
  'provider',
  'rows',
  'amount',
  'currency',
  'states',
  'account',
  'file',
  'imported_at',
  'imported_by',
  'cancelled_at',
];

export const verb: Verb = {
  name: 'batch list',
  summary: 'List batches',
  effect: 'reads',
  options: [
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <next>', description: 'go on behind this one: `next` of the page before' },
  ],
  examples: ['payrun batch list', 'payrun batch list --format csv -o batches.csv'],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const after = readCursor(text(input, 'after'));
  const database = await context.ledger();
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyBatch(database, after) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  // One more than asked tells whether the list goes on.
  const batches = await listBatches(database, { after, limit: limit + 1 });
  const shown = batches.slice(0, limit);
  const items = await itemsOf(database, shown);
  const next = batches.length > limit ? (shown.at(-1)?.id.toString() ?? null) : null;
  return {
    data: { items, next },
    view: [viewOf(items)],
    ...(next === null ? {} : { next: `There are more: add --after ${next}.` }),
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

async function* everyBatch(database: Reader, from: bigint): AsyncIterable<Data> {
  for (let after = from; ; ) {
    const page = await listBatches(database, { after, limit: PAGE });
    yield* await itemsOf(database, page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    after = last.id;
  }
}

async function itemsOf(database: Reader, batches: readonly BatchRow[]): Promise<Data[]> {
  const byBatch = new Map<bigint, StateCount[]>();
  const counted = await statesOfBatches(
    database,
    batches.map((batch) => batch.id),
  );
  for (const row of counted) byBatch.set(row.batch_id, [...(byBatch.get(row.batch_id) ?? []), row]);
  return batches.map((batch) => ({
    batch: batch.name,
    provider: batch.provider,
    rows: Number(batch.row_count),
    amount: formatAmount(batch.amount_minor, batch.currency),
    currency: batch.currency,
    states: countsOf(byBatch.get(batch.id) ?? []),
    account: batch.account,
    file: batch.file_name,
    imported_at: batch.imported_at,
    imported_by: batch.imported_by,
    cancelled_at: batch.cancelled_at,
  }));
}

function viewOf(items: readonly Data[]) {
  const rows = items.map((item) => ({ ...item, states: statesText(item.states) }));
  const right = 'right' as const;
  const columns = [
    { key: 'batch' },
    { key: 'provider' },
    { key: 'rows', align: right },
    { key: 'amount', align: right },
    { key: 'currency' },
    { key: 'states' },
    { key: 'imported_at', spare: true },
    { key: 'imported_by', spare: true },
  ];
  return { columns, rows };
}

function statesText(states: Data[string] | undefined): string {
  if (typeof states !== 'object' || states === null) return '';
  return Object.entries(states)
    .map(([state, count]) => `${String(count)} ${state}`)
    .join(', ');
}
