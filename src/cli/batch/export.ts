import { EVERY_PAYOUT } from '../../store/payout-list.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { csvText } from '../output/csv.ts';
import { PAYOUT_COLUMNS } from '../payout/item.ts';
import { streamPayouts } from '../payout/list.ts';
import { findBatch } from './find-batch.ts';

export const verb: Verb = {
  name: 'batch export',
  summary: 'Write one row per payout with its outcome',
  effect: 'reads',
  arguments: [{ name: '<batch>', description: 'the batch’s name' }],
  examples: [
    'payrun batch export salary-nov -o salary-nov-outcomes.csv',
    'payrun batch export salary-nov --format ndjson',
  ],
  columns: PAYOUT_COLUMNS,
  run,
};

/** CSV unless another format is asked for: an export is for programs, also on a terminal. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const batch = await findBatch(await context.ledger(), argument(input, 0));
  const rows = () => streamPayouts(context, { ...EVERY_PAYOUT, batch_id: batch.id }, 0n, null);
  if (context.flags.format === 'table') return { data: {}, text: csvText(rows(), PAYOUT_COLUMNS) };
  return { data: { batch: batch.name }, stream: rows() };
}
