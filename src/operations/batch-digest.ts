/** A batch's digest, derived anew from the ledger: what an approval is compared with, at approval and before sending. */
import { createHash } from 'node:crypto';
import { canonicalEnd, canonicalPayout, samePerson } from '../domain/payout/batch.ts';
import { approvalsOf, digestRows } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';

/** Streams through the batch; 64 hex digits. */
export async function currentDigest(reader: Reader, batchId: bigint): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  let total = 0n;
  for await (const rows of digestRows(reader, batchId)) {
    let text = '';
    for (const row of rows) {
      text += canonicalPayout(row);
      count += 1;
      total += row.amount_minor;
    }
    hash.update(text);
  }
  return hash.update(canonicalEnd(count, total)).digest('hex');
}

/** The persons whose approval of exactly this digest stands; the same person counts once. */
export async function validApprovals(reader: Reader, batchId: bigint, digest: string): Promise<string[]> {
  const actors: string[] = [];
  for (const approval of await approvalsOf(reader, batchId)) {
    if (approval.digest !== digest || approval.voided_at !== null) continue;
    if (!actors.some((actor) => samePerson(actor, approval.actor))) actors.push(approval.actor);
  }
  return actors;
}
