/** Reads a statement in a thread of its own; the other end is statement-in-thread.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { NotPlain } from '../statements/stream-records.ts';
import { OpenFile, StatementStream, type StreamPage } from '../statements/stream-statement.ts';
import type { StatementThreadJob, StatementThreadReply } from './statement-in-thread.ts';
import { failureOf } from './thread-failure.ts';

// A message costs as much as some lines; a few hundred kilobytes are enough that it does not show.
const PAGES_A_MESSAGE = 8;
// So far ahead that neither waits for the other for long, and a few megabytes at most.
const MOST_AHEAD = 8;

const { file, profile, time_zone, taken } = workerData as StatementThreadJob;
let sent = 0;
let through = 0;

function tell(reply: StatementThreadReply, buffers: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, buffers);
}

function send(pages: StreamPage[]): void {
  const buffers = pages.flatMap(({ plain }) =>
    [plain.lines, plain.ends, plain.line_nos, plain.keys].map(({ buffer }) => buffer),
  );
  tell({ pages, through }, buffers);
  sent += 1;
  for (let done = Atomics.load(taken, 0); sent - done >= MOST_AHEAD; done = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, done);
}

function read(): void {
  const stream = new StatementStream(new OpenFile(file), profile, time_zone);
  let pages: StreamPage[] = [];
  for (const page of stream.pages((bytes) => {
    through = bytes;
  })) {
    if (page.plain.ends.length === 0 && page.rows.length === 0) continue;
    pages.push(page);
    if (pages.length < PAGES_A_MESSAGE) continue;
    send(pages);
    pages = [];
  }
  send(pages);
  tell({ count: stream.count });
}

try {
  read();
} catch (error) {
  tell({ failed: error instanceof NotPlain ? 'not_plain' : failureOf(error) });
}
