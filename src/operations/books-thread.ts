/**
 * Keeps the books of a run in a thread of its own; the other end is books-in-thread.ts. What has come in while the disk
 * was writing is stored in one transaction: where the disk is slow, it is asked less often.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { composerOf } from '../providers/composer.ts';
import type { Transaction } from '../store/database.ts';
import { openLedger } from '../store/ledger-database.ts';
import type { BooksJob, BooksReply, BooksRequest } from './books-in-thread.ts';
import { claimPayouts } from './claim-payouts.ts';
import { readQueue } from './payout-queue.ts';
import { recordOutcomes } from './record-outcomes.ts';
import { failureOf } from './thread-failure.ts';

const { path, epoch, provider, queue, ...job } = workerData as BooksJob;
const now = () => new Date().toISOString();

async function open() {
  const database = await openLedger(path, now());
  return {
    ...job,
    database,
    provider: { ...provider, compose: composerOf(provider) },
    runner: { epoch },
    now,
  };
}

const opened = open();
// Whoever asks is told why it could not be opened; until then nobody waits for it.
opened.catch(() => undefined);
const next = readQueue(queue);
let waiting: BooksRequest[] = [];
let busy = false;

async function store(requests: readonly BooksRequest[]): Promise<BooksReply[]> {
  try {
    const books = await opened;
    const answer = async (tx: Transaction, request: BooksRequest): Promise<BooksReply> => {
      const { id } = request;
      if ('claim' in request) return { id, done: await claimPayouts(tx, books, next, request.claim) };
      return { id, done: await recordOutcomes(tx, books, request.record) };
    };
    return await books.database.transaction(async (tx) => {
      const replies: BooksReply[] = [];
      for (const request of requests) replies.push(await answer(tx, request));
      return replies;
    });
  } catch (error) {
    return requests.map(({ id }) => ({ id, failed: failureOf(error) }));
  }
}

async function storeWhatWaits(): Promise<void> {
  if (busy) return;
  busy = true;
  for (; waiting.length > 0; ) {
    const requests = waiting;
    waiting = [];
    for (const reply of await store(requests)) parentPort?.postMessage(reply);
    // What came in meanwhile is delivered in between.
    await new Promise(setImmediate);
  }
  busy = false;
}

async function end(): Promise<void> {
  await opened.then((books) => books.database.close()).catch(() => undefined);
  parentPort?.close();
}

parentPort?.on('message', (request: BooksRequest | 'close') => {
  if (request === 'close') return void end();
  waiting.push(request);
  return void storeWhatWaits();
});
