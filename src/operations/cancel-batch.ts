/**
 * Cancels what was not sent of a batch. What may have left stays, since a cancelled payout is one that nobody was paid
 * by; it is found out about, and not sent again.
 */
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { recordAudit } from '../store/audit.ts';
import { type BatchRow, cancelUnsent, closeIfAllCancelled, statesOfBatches } from '../store/batches.ts';
import type { Database } from '../store/database.ts';

export interface CancelBatchDeps {
  database: Database;
  /** RFC 3339 UTC. */
  now: string;
  actor: Actor;
}

export interface CancelledBatch {
  /** Rows that this call cancelled, and rows that stay because they were sent. */
  cancelled: number;
  kept: number;
  /** Every row is cancelled: the name and the file may come again. */
  closed: boolean;
}

export async function cancelBatch(deps: CancelBatchDeps, batch: BatchRow): Promise<CancelledBatch> {
  if (batch.cancelled_at !== null) return { cancelled: 0, kept: 0, closed: true };
  return deps.database.transaction(async (tx) => {
    const cancelled = (await cancelUnsent(tx, { batch_id: batch.id }, deps.now)).length;
    const closed = await closeIfAllCancelled(tx, batch.id, deps.now);
    const states = await statesOfBatches(tx, [batch.id]);
    const kept = states.reduce(
      (rows, row) => (row.state === 'cancelled' ? rows : rows + Number(row.count)),
      0,
    );
    const inDoubt = states.some(({ state }) => state === 'submitting' || state === 'unknown');
    if (cancelled === 0 && kept > 0 && !inDoubt) {
      throw new PayrunError(
        'failed',
        'batch_sent',
        `Nothing of batch ${batch.name} can be cancelled: all its rows were sent.`,
        {
          hint: `See where they are with \`payrun batch show ${batch.name}\`.`,
        },
      );
    }
    await recordAudit(tx, {
      at: deps.now,
      actor: deps.actor,
      action: 'batch_cancelled',
      subject_kind: 'batch',
      subject: batch.name,
      details: { cancelled, kept },
    });
    return { cancelled, kept, closed };
  });
}
