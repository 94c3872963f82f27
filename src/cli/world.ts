/**
 * Everything outside: folder, environment, clock, randomness, streams, signals. Commands get it as one object, so
 * that a test runs the same command with other hands; nothing else in payrun reads `process`.
 */
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

export interface Output {
  readonly isTTY: boolean;
  /** Width in characters, or undefined where there is no terminal. */
  readonly columns: number | undefined;
  /** Resolves when the text was taken; a reader that went away ends the writing quietly. */
  write(text: string | Uint8Array): Promise<void>;
  /** Why not everything could be written, or nothing where it could. */
  readonly failure?: Error | undefined;
}

export interface Input {
  readonly isTTY: boolean;
  /** All of it, as bytes; what there is so far once `stop` is given, and then nothing more can be read. */
  readAll(stop: AbortSignal): Promise<Uint8Array>;
  /** One line of an answer typed by a person. */
  readLine(stop: AbortSignal): Promise<string>;
}

export type Signal = 'SIGINT' | 'SIGTERM';

export interface World {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Without the v: `22.14.0`. */
  readonly node_version: string;
  readonly os_user: string;
  readonly host: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  now(): Date;
  /** Never goes back, whatever happens to the clock: for deadlines and rates. */
  monotonicMs(): number;
  /** The same, counted from one point for all processes of this machine. */
  sharedClockMs(): number;
  randomBytes(length: number): Uint8Array;
  /** Ends early, without an error, when the signal is given. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `handler` for each signal until the returned function is called. */
  onSignal(handler: (signal: Signal) => void): () => void;
  /** Ends the process now, after a second signal; everything confirmed is on disk by design. */
  exit(code: number): void;
}

export function processWorld(): World {
  return {
    argv: process.argv.slice(2),
    cwd: process.cwd(),
    env: process.env,
    pid: process.pid,
    node_version: process.versions.node,
    os_user: osUser(),
    host: hostname(),
    stdin: processInput(),
    stdout: processOutput(process.stdout),
    stderr: processOutput(process.stderr),
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    sharedClockMs: () => Number(process.hrtime.bigint()) / 1e6,
    randomBytes: (length) => randomBytes(length),
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal ? { signal } : {}).catch(() => undefined);
    },
    onSignal: (handler) => {
      const onInterrupt = () => handler('SIGINT');
      const onTerminate = () => handler('SIGTERM');
      process.on('SIGINT', onInterrupt);
      process.on('SIGTERM', onTerminate);
      return () => {
        process.off('SIGINT', onInterrupt);
        process.off('SIGTERM', onTerminate);
      };
    },
    exit: (code) => process.exit(code),
  };
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no user file knows.
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

function processOutput(stream: NodeJS.WriteStream): Output {
  let closed = false;
  let failure: Error | undefined;
  // `payrun … | head` closes the pipe early; that is the reader's right and no failure of ours. After anything else
  // the work goes on to its end, as it would unseen, and the command says that its words are lost.
  const fail = (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code !== 'EPIPE') failure ??= error;
  };
  stream.on('error', fail);
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      // A terminal whose size nobody has set says 0.
      return stream.isTTY && stream.columns > 0 ? stream.columns : undefined;
    },
    get failure() {
      return failure;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (closed || text.length === 0) {
          resolve();
          return;
        }
        // The stream tells of an error later than of the write that it ended.
        stream.write(text, (error) => {
          if (error) fail(error);
          resolve();
        });
      }),
  };
}

function processInput(): Input {
  return {
    get isTTY() {
      return process.stdin.isTTY === true;
    },
    readAll: (stop) => readStream(process.stdin, stop),
    readLine: async (stop) => {
      const { createInterface } = await import('node:readline/promises');
      const lines = createInterface({ input: process.stdin });
      try {
        return await new Promise<string>((resolve) => {
          lines.once('line', resolve);
          lines.once('close', () => resolve(''));
          // A question that a signal has answered must not keep the process waiting for its input.
          stop.addEventListener('abort', () => lines.close(), { once: true });
        });
      } finally {
        lines.close();
      }
    },
  };
}

/** A stream to its end, or to the signal: it is then destroyed, so that nothing keeps the process waiting for it. */
export async function readStream(stream: Readable, stop: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const leave = () => stream.destroy();
  stop.addEventListener('abort', leave, { once: true });
  if (stop.aborted) leave();
  try {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    stop.removeEventListener('abort', leave);
  }
  return Buffer.concat(chunks);
}
