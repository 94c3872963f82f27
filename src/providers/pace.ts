/**
 * The one gate through which every call to a provider goes: at most so many at once, at most so many in any second,
 * and none while the provider has asked for a pause. More urgent calls go first among those that wait.
 */
import PQueue from 'p-queue';

export interface PaceSettings {
  /** The provider's cap; 0 or Infinity is none. */
  requests_per_second: number;
  concurrency: number;
}

export type MayStart = () => boolean;

export interface Pace {
  /**
   * Runs `task` when its turn has come. Answers `not_started` where `mayStart`, asked at that moment and now and then
   * before it, says no, or where `close` ends the wait.
   */
  run<T>(priority: number, task: () => Promise<T>, mayStart?: MayStart): Promise<T | 'not_started'>;
  /** Starts nothing for so long; a shorter pause never ends a longer one. */
  pauseFor(ms: number): void;
  close(): void;
}

/** Times in milliseconds of a clock that never goes back. */
export interface Meter {
  /** When the next call may start. */
  nextMs(): number;
  /** `waited`: the call was there before it might start, so that what it is late by may be made up for. */
  count(nowMs: number, waited: boolean): void;
  /** A pause is no lateness: calls that wait it out have nothing to make up for. */
  pauseUntil(ms: number): void;
}

// A request is counted where it arrives, and network and event loop let it arrive early or late.
const SHARE_OF_CAP = 0.95;
// How late a timer or a busy loop may be and the calls that waited still make it up. Without it every millisecond of
// lateness would be lost for good, which at 1000 a second is a tenth of the rate. Idle time earns nothing: a burst at
// the start opens new connections, arrives late, and would meet at the provider what was sent after it.
const LARGEST_ARREARS_MS = 100;
// Whatever is made up for, as many starts as the cap take a second, and a little more.
const WINDOW_MS = 1_020;
// No process sends faster; it bounds what the window remembers.
const LARGEST_WINDOW = 100_000;
// How long an interrupted command may seem to hang while a pause of many minutes is under way.
const ASK_AGAIN_MS = 250;

/**
 * Even spacing below the cap, which lateness does not stretch, and under it a window that is never over the cap. p-queue's own
 * limits are not used: its windows may hold three times the cap, its strict ones lose whatever a timer is late, and
 * both read the wall clock, so that a clock set back by an hour would stop all sending for an hour.
 */
export function createMeter(requestsPerSecond: number): Meter | null {
  if (requestsPerSecond === 0 || requestsPerSecond === Number.POSITIVE_INFINITY) return null;
  const spacingMs = 1000 / (requestsPerSecond * SHARE_OF_CAP);
  const size = Math.min(Math.ceil(requestsPerSecond), LARGEST_WINDOW);
  const starts: number[] = [];
  let oldest = 0;
  let dueMs = Number.NEGATIVE_INFINITY;
  return {
    nextMs: () => Math.max(dueMs, (starts[oldest] ?? Number.NEGATIVE_INFINITY) + WINDOW_MS),
    count(nowMs, waited) {
      const late = waited && starts.length > 0;
      dueMs = Math.max(dueMs, late ? nowMs - LARGEST_ARREARS_MS : nowMs) + spacingMs;
      starts[oldest] = nowMs;
      oldest = (oldest + 1) % size;
    },
    pauseUntil(ms) {
      dueMs = Math.max(dueMs, ms);
    },
  };
}

export function createPace(settings: PaceSettings): Pace {
  const meter = createMeter(settings.requests_per_second);
  const queue = new PQueue({ concurrency: settings.concurrency });
  const waiting = new Set<AbortController>();
  let closedUntilMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function closeUntil(ms: number): void {
    closedUntilMs = Math.max(closedUntilMs, ms);
    if (closedUntilMs <= performance.now()) return;
    queue.pause();
    if (timer === undefined) openInTime();
  }

  function openInTime(): void {
    const leftMs = closedUntilMs - performance.now();
    timer = leftMs > 0 ? setTimeout(openInTime, Math.ceil(leftMs)) : undefined;
    if (timer === undefined) queue.start();
  }

  return {
    async run(priority, task, mayStart) {
      const leave = new AbortController();
      let started = false;
      let waited = false;
      // Runs at once when the queue takes it, so that the gate is shut before the queue looks at the next one.
      const begin = async () => {
        started = true;
        waiting.delete(leave);
        if (mayStart && !mayStart()) return 'not_started';
        meter?.count(performance.now(), waited);
        if (meter) closeUntil(meter.nextMs());
        return task();
      };
      const turn = queue.add(begin, { priority, signal: leave.signal });
      if (!started) {
        waited = true;
        waiting.add(leave);
      }
      // Only while it waits: an abort after the start would make the queue drop an answer that is on its way.
      const stopAsking =
        started || !mayStart
          ? undefined
          : whenUnwanted(mayStart, () => {
              if (!started) leave.abort();
            });
      try {
        return await turn;
      } catch (error) {
        // Nothing takes back what has started: the queue would drop its answer.
        if (started) throw error;
        return 'not_started';
      } finally {
        waiting.delete(leave);
        stopAsking?.();
      }
    },
    pauseFor(ms) {
      const untilMs = performance.now() + ms;
      meter?.pauseUntil(untilMs);
      closeUntil(untilMs);
    },
    close() {
      clearTimeout(timer);
      for (const leave of [...waiting]) leave.abort();
    },
  };
}

/** Calls `then` when `mayStart` has come to say no, until the returned function is called. */
export function whenUnwanted(mayStart: MayStart, then: () => void): () => void {
  const timer = setInterval(() => {
    if (!mayStart()) then();
  }, ASK_AGAIN_MS);
  return () => clearInterval(timer);
}
