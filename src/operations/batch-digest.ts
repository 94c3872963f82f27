/** A batch's digest, derived anew from the ledger: what an approval is compared with, at approval and before sending. */
import { createHash } from 'node:crypto';
import { canonicalEnd, canonicalPayout } from '../domain/payout/batch.ts';
import { digestRows } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';

export interface BatchContent {
  /** 64 hex digits. */
  digest: string;
  row_count: number;
  amount_minor: bigint;
  /** Of every row: a batch has one. */
  currency: string;
}

/** Streams through the batch. Total and currency are those of its rows, whatever the batch's own record says. */
export async function currentContent(reader: Reader, batchId: bigint): Promise<BatchContent> {
  const hash = createHash('sha256');
  let count = 0;
  let total = 0n;
  let currency = '';
  for await (const rows of digestRows(reader, batchId)) {
    let text = '';
    for (const row of rows) {
      text += canonicalPayout(row);
      count += 1;
      total += row.amount_minor;
      currency = row.currency;
    }
    hash.update(text);
  }
  return {
    digest: hash.update(canonicalEnd(count, total)).digest('hex'),
    row_count: count,
    amount_minor: total,
    currency,
  };
}
