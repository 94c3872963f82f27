/**
 * Outcomes on their way to the books, many in one group: durability then costs one flush of the disk for a group and
 * not for each payout. An outcome waits some milliseconds for company, and the wire does not wait for it.
 */
import { Bug } from '../domain/errors.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { SendingBooks } from './sending-books.ts';
import type { Sendable, Sent } from './submission.ts';

/** Outcomes are stored when so many have come together, or after so long. */
const GROUP = 256;
const SHORTEST_GATHER_MS = 2;
const LONGEST_GATHER_MS = 25;
/** Four parts gathering to one part storing: where the disk is slow, the groups grow, and it is no one's bottleneck. */
const GATHER_SHARE = 4;

/** What a stored outcome means for the sender. */
export interface Stored {
  sent: Sent;
  /** The payout is to be sent once more with the same bytes, after `sent.result.retry_after_ms`; its send is stored. */
  again: Sendable | null;
  state: StoredPayout['state'];
}

export interface OutcomeRecorder {
  /** Resolves when the outcome is on disk. */
  record(sent: Sent): Promise<Stored>;
}

export function createOutcomeRecorder(books: SendingBooks): OutcomeRecorder {
  let waiting: { sent: Sent; resolve: (stored: Stored) => void; reject: (error: unknown) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let gatherMs = SHORTEST_GATHER_MS;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const startedMs = performance.now();
    const group = waiting;
    waiting = [];
    books.record(group.map((each) => each.sent)).then(
      (recorded) => {
        const tookMs = performance.now() - startedMs;
        gatherMs = Math.min(Math.max(tookMs * GATHER_SHARE, SHORTEST_GATHER_MS), LONGEST_GATHER_MS);
        for (const [index, { sent, resolve, reject }] of group.entries()) {
          const outcome = recorded[index];
          if (outcome === undefined)
            reject(new Bug('The books answered for fewer payouts than they were told.'));
          else resolve({ sent, state: outcome.state, again: nextSend(sent.item, outcome.next_send_id) });
        }
      },
      (error) => {
        for (const each of group) each.reject(error);
      },
    );
  };
  return {
    record: (sent) =>
      new Promise((resolve, reject) => {
        waiting.push({ sent, resolve, reject });
        if (waiting.length >= GROUP) flush();
        else timer ??= setTimeout(flush, gatherMs);
      }),
  };
}

function nextSend(item: Sendable, sendId: bigint | null): Sendable | null {
  return sendId === null ? null : { ...item, send_id: sendId };
}
