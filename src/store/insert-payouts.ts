/** The rows of a batch as they are imported: drafts, a group at a time, with the hash that later proves them unchanged. */
import type { Hash } from 'node:crypto';
import { canonicalImport } from '../domain/payout/batch.ts';
import type { PayoutRow } from '../domain/payout/payout-row.ts';
import type { BatchRow } from './batches.ts';
import type { Transaction } from './database.ts';
import type { Value } from './sql-value.ts';

const ROW_COLUMNS = ['id', 'reference_id', 'row_no', 'line_no', 'beneficiary_id', 'amount_minor'] as const;
// In most batches every row has the same value there; then it is bound once and not for each.
const OFTEN_SAME = ['rail', 'narration', 'purpose', 'account', 'tags'] as const;

/**
 * Drafts, in row order and with ids that follow each other: what reads a batch in order reads one stretch of the table.
 * `imported` takes in all columns of each row: its digest becomes the batch's `rows_sha256`.
 */
export async function insertPayouts(
  tx: Transaction,
  batch: BatchRow,
  rows: readonly PayoutRow[],
  imported: Hash,
): Promise<void> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from payouts');
  const [first] = rows;
  const varying = OFTEN_SAME.filter((column) => rows.some((row) => row[column] !== first?.[column]));
  const shared = OFTEN_SAME.filter((column) => !varying.includes(column));
  await tx.insertMany(
    'payouts',
    [...ROW_COLUMNS, ...varying],
    payoutValues((last?.id ?? 0n) + 1n, batch, rows, varying, imported),
    {
      batch_id: batch.id,
      currency: batch.currency,
      provider: batch.provider,
      state: 'draft',
      created_at: batch.imported_at,
      updated_at: batch.imported_at,
      ...Object.fromEntries(shared.map((column) => [column, first?.[column] ?? null])),
    },
  );
}

// Each call of the hash costs as much as some thousand characters.
const HASHED_AT_ONCE = 100;

function* payoutValues(
  firstId: bigint,
  batch: BatchRow,
  rows: readonly PayoutRow[],
  varying: readonly (typeof OFTEN_SAME)[number][],
  hash: Hash,
): Iterable<readonly Value[]> {
  let id = firstId;
  let text = '';
  let waiting = 0;
  for (const row of rows) {
    const values: Value[] = [
      id,
      row.reference_id,
      row.row_no,
      row.line,
      row.beneficiary.id,
      row.amount_minor,
    ];
    for (const column of varying) values.push(row[column]);
    text += canonicalImport({
      id,
      row_no: row.row_no,
      line_no: row.line,
      reference_id: row.reference_id,
      beneficiary_id: row.beneficiary.id,
      amount_minor: row.amount_minor,
      currency: batch.currency,
      rail: row.rail,
      narration: row.narration,
      purpose: row.purpose,
      account: row.account,
      tags: row.tags,
      provider: batch.provider,
      created_at: batch.imported_at,
    });
    waiting += 1;
    if (waiting === HASHED_AT_ONCE) {
      hash.update(text);
      text = '';
      waiting = 0;
    }
    yield values;
    id += 1n;
  }
  hash.update(text);
}
