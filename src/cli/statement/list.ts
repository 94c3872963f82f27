import { type KeptStatement, listStatements } from '../../store/statements.ts';
import { numberOf } from '../break/break-item.ts';
import { statementsOf } from '../break/choice.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { positiveInteger } from '../submission.ts';

const DEFAULT_LIMIT = 1000;

export const verb: Verb = {
  name: 'statement list',
  summary: 'List the statements taken in',
  effect: 'reads',
  options: [
    { flags: '--provider <name>', description: 'only of this provider' },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <statement>', description: 'go on behind this one: `next` of the page before' },
  ],
  examples: ['payrun statement list'],
  columns: [
    'statement',
    'provider',
    'file',
    'sha256',
    'profile',
    'lines',
    'new_lines',
    'from',
    'to',
    'imported_at',
    'imported_by',
    'withdrawn_at',
    'withdrawn_by',
    'withdrawn_reason',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const provider = text(input, 'provider');
  const after = text(input, 'after');
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const { format } = context.flags;
  const all = given === null && (format === 'ndjson' || format === 'csv');
  const limit = all ? null : (given ?? DEFAULT_LIMIT);
  const rows = await listStatements(await context.ledger(), {
    provider: provider === undefined ? null : await statementsOf(context, provider),
    after: after === undefined ? 0n : numberOf(after, 'statement'),
    limit: limit === null ? null : limit + 1,
  });
  const shown = limit === null ? rows : rows.slice(0, limit);
  const next = shown.length < rows.length ? (shown.at(-1)?.id.toString() ?? null) : null;
  const items = shown.map(statementItem);
  const withdrawn = shown.some((row) => row.withdrawn_at !== null) ? ['withdrawn_at'] : [];
  const columns = ['statement', 'provider', 'file', 'lines', 'new_lines', 'from', 'to', 'imported_at'].concat(
    withdrawn,
  );
  return {
    data: { items, next },
    view:
      items.length === 0 ? ['No statements.'] : [{ columns: columns.map((key) => ({ key })), rows: items }],
    ...(next === null ? {} : { next: `There are more: payrun statement list --after ${next}` }),
  };
}

export function statementItem(row: KeptStatement): Data {
  return {
    statement: Number(row.id),
    provider: row.provider,
    file: row.file_name,
    sha256: row.sha256,
    profile: row.profile,
    lines: Number(row.row_count),
    new_lines: Number(row.new_count),
    from: row.from_on,
    to: row.to_on,
    imported_at: row.imported_at,
    imported_by: row.imported_by,
    withdrawn_at: row.withdrawn_at,
    withdrawn_by: row.withdrawn_by,
    withdrawn_reason: row.withdrawn_reason,
  };
}
