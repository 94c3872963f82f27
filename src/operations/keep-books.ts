/**
 * Keeps the books of a run: in this thread for few payouts, and for many in one with a connection of its own, so that
 * no answer waits while the disk writes, and no slow disk keeps a timer late.
 */
import type { Database } from '../store/database.ts';
import { countSendable } from '../store/submission.ts';
import { openThreadedBooks, threadsCanBegin } from './books-in-thread.ts';
import { claimPayouts } from './claim-payouts.ts';
import { type PayoutQueue, readQueue } from './payout-queue.ts';
import { recordOutcomes } from './record-outcomes.ts';
import type { SendingBooks } from './sending-books.ts';
import type { Bookkeeping } from './submission.ts';

// More than one group: to begin a thread takes as long as to store a few hundred payouts.
const WORTH_A_THREAD = 257;

/** Keeps them while `work` lasts. A thread begins at once, so that it is there when the first group is to be stored. */
export async function withSendingBooks<T>(
  terms: Bookkeeping,
  queue: PayoutQueue,
  work: (books: SendingBooks) => Promise<T>,
): Promise<T> {
  const threaded = threadsCanBegin(terms.database) && (await isLong(terms.database, queue));
  const books = threaded ? openThreadedBooks(terms, queue) : booksHere(terms, queue);
  const done = await work(books).catch(async (error) => {
    // What went wrong first is what is told.
    await books.close().catch(() => undefined);
    throw error;
  });
  await books.close();
  return done;
}

function booksHere(terms: Bookkeeping, queue: PayoutQueue): SendingBooks {
  const next = readQueue(queue);
  return {
    claim: (limit) => terms.database.transaction((tx) => claimPayouts(tx, terms, next, limit)),
    record: (group) => terms.database.transaction((tx) => recordOutcomes(tx, terms, group)),
    close: async () => {},
  };
}

async function isLong(database: Database, queue: PayoutQueue): Promise<boolean> {
  if ('payout_ids' in queue) return queue.payout_ids.length >= WORTH_A_THREAD;
  if (queue.first !== null && queue.first < WORTH_A_THREAD) return false;
  return (await countSendable(database, queue.batch_id, WORTH_A_THREAD)) >= WORTH_A_THREAD;
}
