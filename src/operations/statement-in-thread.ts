/**
 * Reads a large statement while what has been read of it is stored: in a thread of its own, where payrun runs as a
 * bundle. What it reads and when it gives up is what the stream itself does; the other end is statement-thread.ts.
 */
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Bug } from '../domain/errors.ts';
import type { LineCount } from '../statements/line-count.ts';
import type { Profile } from '../statements/profile.ts';
import { NotPlain } from '../statements/stream-records.ts';
import type { OpenedFile, OpenFile, StatementStream, StreamPage } from '../statements/stream-statement.ts';
import { errorOf, type Failure } from './thread-failure.ts';

/** From this file's place in the bundle; build.js writes it in. */
declare const STATEMENT_THREAD: string | undefined;

export interface StatementThreadJob {
  file: OpenedFile;
  profile: Profile;
  time_zone: string;
  /** How many messages were taken: the thread waits while it is too far ahead of that. */
  taken: Int32Array;
}

export type StatementThreadReply =
  | { pages: StreamPage[]; through: number }
  | { count: LineCount }
  | { failed: Failure | 'not_plain' };

/** To be read once; `tell` hears how many bytes of the file are read, and the stream's count is complete at the end. */
export function pagesOf(
  stream: StatementStream,
  file: OpenFile,
  tell: (bytes: number) => void,
): Iterable<StreamPage> | AsyncIterable<StreamPage> {
  // Run from its sources, as tests are, there is no file that a thread could begin with.
  return typeof STATEMENT_THREAD === 'undefined' ? stream.pages(tell) : inThread(stream, file, tell);
}

async function* inThread(
  stream: StatementStream,
  file: OpenFile,
  tell: (bytes: number) => void,
): AsyncGenerator<StreamPage, void, undefined> {
  if (typeof STATEMENT_THREAD === 'undefined') throw new Bug('There is no thread to begin.');
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const { profile, timeZone: time_zone } = stream;
  const workerData: StatementThreadJob = { file: file.opened, profile, time_zone, taken };
  const worker = new Worker(new URL(STATEMENT_THREAD, import.meta.url), {
    workerData,
  });
  try {
    for await (const [reply] of on(worker, 'message', { close: ['exit'] })) {
      const said = reply as StatementThreadReply;
      if ('failed' in said) throw said.failed === 'not_plain' ? new NotPlain() : errorOf(said.failed);
      if ('count' in said) {
        Object.assign(stream.count, said.count);
        return;
      }
      Atomics.add(taken, 0, 1);
      Atomics.notify(taken, 0);
      yield* said.pages;
      tell(said.through);
    }
    throw new Bug('The thread that reads a statement has ended without an answer.');
  } finally {
    // Nothing reads the file any more when it is closed.
    await worker.terminate();
  }
}
