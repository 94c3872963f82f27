/** The books of a run kept in a thread of their own; its other end is books-thread.ts. */
import { Worker } from 'node:worker_threads';
import { Bug } from '../domain/errors.ts';
import type { Provider } from '../providers/provider.ts';
import type { Database } from '../store/database.ts';
import type { PayoutQueue } from './payout-queue.ts';
import type { Recorded } from './record-outcomes.ts';
import type { SendingBooks } from './sending-books.ts';
import type { Bookkeeping, Sendable, SentOutcome } from './submission.ts';
import { errorOf, type Failure } from './thread-failure.ts';

/** From this file's place in the bundle; build.js writes it in. */
declare const BOOKS_THREAD: string | undefined;

/** What the thread keeps books with: nothing that could reach the network, and no secret. */
export interface BooksJob extends Pick<Bookkeeping, 'actor' | 'rules'> {
  path: string;
  epoch: bigint;
  provider: Pick<Provider, 'name' | 'kind' | 'capabilities'>;
  queue: PayoutQueue;
}

/** `close` is a message by itself, and the thread's end the answer to it. */
export type BooksRequest = { id: number; claim: number } | { id: number; record: readonly SentOutcome[] };

export type BooksReply = { id: number; done: Sendable[] | Recorded[] } | { id: number; failed: Failure };

/** Run from its sources, as tests are, there is no file that a thread could begin with; memory has one connection. */
export function threadsCanBegin(database: Database): boolean {
  return typeof BOOKS_THREAD !== 'undefined' && database.path !== ':memory:';
}

export function openThreadedBooks(books: Bookkeeping, queue: PayoutQueue): SendingBooks {
  if (typeof BOOKS_THREAD === 'undefined') throw new Bug('There is no thread to begin.');
  const { database, runner, actor, rules } = books;
  const { name, kind, capabilities } = books.provider;
  const job: BooksJob = {
    path: database.path,
    epoch: runner.epoch,
    actor,
    rules,
    provider: { name, kind, capabilities },
    queue,
  };
  const worker = new Worker(new URL(BOOKS_THREAD, import.meta.url), { workerData: job });
  const asked = new Map<number, { resolve: (done: never) => void; reject: (error: unknown) => void }>();
  let last = 0;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of asked.values()) reject(ended);
    asked.clear();
  };
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      end(new Bug('The thread that keeps the books has ended.'));
      resolve();
    });
  });
  worker.once('error', end);
  worker.on('message', (reply: BooksReply) => {
    const waiting = asked.get(reply.id);
    asked.delete(reply.id);
    if ('failed' in reply) waiting?.reject(errorOf(reply.failed));
    else waiting?.resolve(reply.done as never);
  });
  const ask = <T>(request: { claim: number } | { record: readonly SentOutcome[] }) =>
    new Promise<T>((resolve, reject) => {
      if (ended) return reject(ended);
      last += 1;
      asked.set(last, { resolve, reject });
      worker.postMessage({ id: last, ...request } satisfies BooksRequest);
    });
  return {
    claim: (limit) => ask<Sendable[]>({ claim: limit }),
    record: (group) => ask<Recorded[]>({ record: group.map(toTell) }),
    async close() {
      worker.postMessage('close');
      await exited;
    },
  };
}

/** Without the bytes, which the ledger has: copying a message costs by the length of it. */
function toTell({ item, answered_at, answer, result }: SentOutcome): SentOutcome {
  const { payout_id, reference_id, attempt_no, send_id, earlier_unanswered } = item;
  return {
    item: { payout_id, reference_id, attempt_no, send_id, earlier_unanswered },
    answered_at,
    answer,
    result,
  };
}
