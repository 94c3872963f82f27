/**
 * Reads the payouts of a reconciliation while its statements are stored: in a thread, which has the ledger open by
 * itself. Our transaction holds the write lock and changes no payout, so that what it reads is what we would read.
 */
import { Worker } from 'node:worker_threads';
import { Bug } from '../domain/errors.ts';
import type { Database } from '../store/database.ts';
import type { PayoutSide, PayoutSideJob } from './payout-side.ts';
import { errorOf, type Failure } from './thread-failure.ts';

/** From this file's place in the bundle; build.js writes it in. */
declare const PAYOUT_SIDE_THREAD: string | undefined;

export interface PayoutThreadJob extends PayoutSideJob {
  path: string;
}

export type PayoutThreadReply = { side: PayoutSide } | { failed: Failure };

export interface BegunPayouts {
  side: Promise<PayoutSide>;
  /** When it resolves nothing is read or written any more, however far it has come. */
  end(): Promise<void>;
}

/** Null where no thread can begin: run from its sources there is no file of one, and memory has one connection. */
export function beginPayouts({ path }: Database, job: PayoutSideJob): BegunPayouts | null {
  if (typeof PAYOUT_SIDE_THREAD === 'undefined' || path === ':memory:') return null;
  const workerData: PayoutThreadJob = { ...job, path };
  const worker = new Worker(new URL(PAYOUT_SIDE_THREAD, import.meta.url), {
    workerData,
  });
  const side = new Promise<PayoutSide>((resolve, reject) => {
    worker.once('message', (reply: PayoutThreadReply) => {
      if ('side' in reply) resolve(reply.side);
      else reject(errorOf(reply.failed));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Bug('The thread that reads payouts has ended without an answer.')));
  });
  // Whoever waits for it is told; until then nobody does.
  side.catch(() => undefined);
  return {
    side,
    async end() {
      await worker.terminate();
    },
  };
}
