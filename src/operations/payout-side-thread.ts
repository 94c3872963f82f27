/** Reads the payouts of a reconciliation in a thread of its own; the other end is payouts-in-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLedgerAsItIs } from '../store/ledger-database.ts';
import { readPayoutSide } from './payout-side.ts';
import type { PayoutThreadJob, PayoutThreadReply } from './payouts-in-thread.ts';
import { failureOf } from './thread-failure.ts';

async function read(): Promise<PayoutThreadReply> {
  const { path, ...job } = workerData as PayoutThreadJob;
  try {
    const database = await openLedgerAsItIs(path);
    try {
      return { side: await readPayoutSide(database, job) };
    } finally {
      await database.close();
    }
  } catch (error) {
    return { failed: failureOf(error) };
  }
}

parentPort?.postMessage(await read());
