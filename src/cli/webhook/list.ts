import { PayrunError } from '../../domain/errors.ts';
import type { Database } from '../../store/database.ts';
import { listWebhooks, WEBHOOK_STATES, type WebhookFilter, type WebhookRow } from '../../store/webhooks.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { positiveInteger } from '../submission.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 1000;
const COLUMNS = [
  'id',
  'provider',
  'event',
  'provider_id',
  'reference_id',
  'status',
  'received_at',
  'state',
  'applied_at',
  'effect',
];

// Which payout was told of and what came of it is what a person looks for; the event says the status.
const SPARE = new Set(['provider', 'provider_id', 'status', 'applied_at']);
const VIEW = COLUMNS.map((key) => ({ key, spare: SPARE.has(key) }));

export const verb: Verb = {
  name: 'webhook list',
  summary: 'List events that were received, and what became of them',
  effect: 'reads',
  options: [
    { flags: '--provider <name>', description: 'only of this provider' },
    { flags: '--state <state>', description: 'only events in this state', choices: WEBHOOK_STATES },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <id>', description: 'go on behind this one: `next` of the page before' },
  ],
  examples: ['payrun webhook list', 'payrun webhook list --state received --json'],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const provider = text(input, 'provider');
  const filter: WebhookFilter = {
    provider: provider === undefined ? null : (await context.providerConfig(provider)).name,
    state: WEBHOOK_STATES.find((state) => state === text(input, 'state')) ?? null,
    after: afterOf(text(input, 'after')),
    limit: PAGE,
  };
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const database = await context.ledger();
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv'))
    return { data: { items: [], next: null }, stream: everyWebhook(database, filter) };
  const limit = given ?? DEFAULT_LIMIT;
  const rows = await listWebhooks(database, { ...filter, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? (shown.at(-1)?.id.toString() ?? null) : null;
  const items = shown.map(itemOf);
  return {
    data: { items, next },
    view: items.length === 0 ? ['Nothing to list.'] : [{ columns: VIEW, rows: items }],
    ...(next === null ? {} : { next: `There are more: payrun webhook list --after ${next}` }),
  };
}

async function* everyWebhook(database: Database, from: WebhookFilter): AsyncGenerator<Data> {
  for (let filter = from; ; ) {
    const rows = await listWebhooks(database, filter);
    yield* rows.map(itemOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < filter.limit) return;
    filter = { ...filter, after: last.id };
  }
}

function itemOf(row: WebhookRow): Data {
  return { ...row, id: Number(row.id) };
}

function afterOf(written: string | undefined): bigint {
  if (written === undefined) return 0n;
  if (/^\d{1,18}$/.test(written)) return BigInt(written);
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--after is "${written}"; give it the \`next\` of the page before.`,
  );
}
