/**
 * payrun as a test runs it: `runPayrun` in this process, with a world of its own, for almost everything;
 * `spawnPayrun` as a real process on the built bundle, for signals, pipes and start-up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Data, Warning } from '../../src/cli/command.ts';
import { run } from '../../src/cli/main.ts';
import type { Output, Signal, World } from '../../src/cli/world.ts';
import type { RowError } from '../../src/domain/errors.ts';

export interface RunOptions {
  cwd: string;
  env?: Readonly<Record<string, string | undefined>>;
  stdin?: string | Uint8Array;
  /** Both outputs are terminals, and stdin too. */
  tty?: boolean;
  columns?: number;
  now?: () => Date;
  monotonicMs?: () => number;
  /** Pauses between tries are so many times shorter, where a test is about what comes after them. */
  haste?: number;
  /** Each call is a signal that the process gets. */
  onSignals?: (send: (signal: Signal) => void) => void;
  /** Sees what is written as it is written. */
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** What --json prints. Both of `data` and `error` are declared, so that a test can look into the one it expects. */
export interface Envelope<D> {
  schema: string;
  ok: boolean;
  exit_code: number;
  data: D;
  warnings: Warning[];
  error: { code: string; message: string; hint: string | null; rows: RowError[] };
}

export interface Ran {
  exit: number;
  stdout: string;
  stderr: string;
  /** stdout as the one JSON document that it must be: `ran.json<{items: {state: string}[]}>().data.items`. */
  json<D = Data>(): Envelope<D>;
  /** stdout as NDJSON. */
  lines<Row = Data>(): Row[];
}

export const BIN = fileURLToPath(new URL('../../bin/payrun.js', import.meta.url));

export async function runPayrun(args: readonly string[], options: RunOptions): Promise<Ran> {
  const { world, written } = makeWorld(args, options);
  const exit = await run(world);
  return ran(exit, written('stdout'), written('stderr'));
}

export interface MadeWorld {
  world: World;
  written(stream: 'stdout' | 'stderr'): string;
}

/** A world whose outputs are kept; folder, clock and randomness are real unless the options say otherwise. */
export function makeWorld(args: readonly string[], options: RunOptions): MadeWorld {
  const kept = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
  const output = (name: 'stdout' | 'stderr'): Output => ({
    isTTY: options.tty === true,
    columns: options.tty === true ? (options.columns ?? 100) : undefined,
    write: async (chunk) => {
      const bytes = Buffer.from(chunk);
      kept[name].push(bytes);
      options.onOutput?.(bytes.toString(), name);
    },
  });
  const handlers = new Set<(signal: Signal) => void>();
  options.onSignals?.((signal) => {
    for (const handler of handlers) handler(signal);
  });
  const world = worldOf(args, options, output('stdout'), output('stderr'), handlers);
  return { world, written: (stream) => Buffer.concat(kept[stream]).toString() };
}

function worldOf(
  args: readonly string[],
  options: RunOptions,
  stdout: Output,
  stderr: Output,
  handlers: Set<(signal: Signal) => void>,
): World {
  return {
    argv: args,
    cwd: options.cwd,
    env: options.env ?? {},
    pid: process.pid,
    node_version: process.versions.node,
    os_user: 'tester',
    host: 'test-host',
    stdin: {
      isTTY: options.tty === true,
      readAll: async () => Buffer.from(options.stdin ?? ''),
      readLine: async () =>
        Buffer.from(options.stdin ?? '')
          .toString()
          .split('\n')[0] ?? '',
    },
    stdout,
    stderr,
    now: options.now ?? (() => new Date()),
    monotonicMs: options.monotonicMs ?? (() => performance.now()),
    sharedClockMs: () => Number(process.hrtime.bigint()) / 1e6,
    randomBytes: (length) => randomBytes(length),
    sleep: async (ms, signal) => {
      await delay(ms / (options.haste ?? 1), undefined, signal ? { signal } : {}).catch(() => undefined);
    },
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    exit: (code) => {
      throw new Error(`payrun wanted to end the process with ${code}`);
    },
  };
}

export interface Spawned {
  child: ChildProcess;
  pid: number;
  done: Promise<Ran & { signal: NodeJS.Signals | null }>;
  /** Resolves with what was written so far once it matches, and fails where the process ends before. */
  waitFor(pattern: RegExp, stream?: 'stdout' | 'stderr'): Promise<string>;
}

/** The bundle as a process; its environment is PATH, HOME and what is given. */
export function spawnPayrun(
  args: readonly string[],
  options: Omit<RunOptions, 'tty' | 'columns' | 'now' | 'monotonicMs' | 'onSignals' | 'onOutput'>,
): Spawned {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: options.cwd,
    env: { PATH, HOME, ...options.env },
  });
  const text = { stdout: '', stderr: '' };
  const changed = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      for (const wake of changed) wake();
    });
  }
  child.stdin.on('error', () => undefined).end(options.stdin ?? '');
  let ended = false;
  const done = new Promise<Ran & { signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      for (const wake of changed) wake();
      resolve({ ...ran(code ?? -1, text.stdout, text.stderr), signal });
    });
  });
  const waitFor = (pattern: RegExp, stream: 'stdout' | 'stderr' = 'stdout') =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(text[stream]) && !ended) return;
        changed.delete(look);
        if (pattern.test(text[stream])) resolve(text[stream]);
        else
          reject(new Error(`payrun ended before ${pattern} was on ${stream}:\n${text.stdout}${text.stderr}`));
      };
      changed.add(look);
      look();
    });
  return { child, pid: child.pid ?? -1, done, waitFor };
}

function ran(exit: number, stdout: string, stderr: string): Ran {
  return {
    exit,
    stdout,
    stderr,
    json: () => {
      try {
        return JSON.parse(stdout);
      } catch {
        throw new Error(`stdout is not one JSON document:\n${stdout}\nstderr:\n${stderr}`);
      }
    },
    lines: () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  };
}
