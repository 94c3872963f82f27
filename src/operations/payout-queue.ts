/** Which payouts a run sends and in which order, as plain data, so that a thread can be told it. */
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { Transaction } from '../store/database.ts';
import { payoutsById, sendablePayouts } from '../store/payouts.ts';

export type PayoutQueue =
  /** The rows of a batch by position, at most `first` of them. */
  | { batch_id: bigint; first: number | null }
  /** These payouts, in this order. */
  | { payout_ids: readonly bigint[] };

/**
 * Answers the next payouts to send, in order and each at most once: one that came back unsent waits for the next run.
 * None means that there are no more. Read inside the transaction that claims them.
 */
export type NextPayouts = (tx: Transaction, limit: number) => Promise<StoredPayout[]>;

export function readQueue(queue: PayoutQueue): NextPayouts {
  return 'batch_id' in queue ? inRowOrder(queue.batch_id, queue.first) : eachOnce(queue.payout_ids);
}

function inRowOrder(batchId: bigint, first: number | null): NextPayouts {
  let after = 0n;
  let left = first ?? Number.POSITIVE_INFINITY;
  return async (tx, limit) => {
    const payouts = await sendablePayouts(tx, batchId, after, Math.min(limit, left));
    after = payouts.at(-1)?.id ?? after;
    left -= payouts.length;
    return payouts;
  };
}

function eachOnce(ids: readonly bigint[]): NextPayouts {
  const left = [...ids];
  return async (tx, limit) => {
    while (left.length > 0) {
      const payouts = await payoutsById(tx, left.splice(0, limit));
      const approved = [...payouts.values()].filter((payout) => payout.state === 'approved');
      if (approved.length > 0) return approved;
    }
    return [];
  };
}
