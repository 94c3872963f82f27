/**
 * The one gate through which every call to a provider goes: at most so many at once, at most so many in any second,
 * and none while the provider has asked for a pause. More urgent calls go first among those that wait.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';

export interface PaceSettings {
  /** The provider's cap; 0 or Infinity is none. */
  requests_per_second: number;
  concurrency: number;
  /** Where other processes with the same key agree with this one; without it they add their rates up. */
  slots?: SharedSlots | undefined;
  /** Told of each call whose place is so far away as only a pause that another process was asked for puts it. */
  on_far_place?: ((ms: number) => void) | undefined;
}

/** One row of places in time for all processes that call a provider with one key. */
export interface SharedSlots {
  /**
   * Takes the next place, `spacingMs` behind the one before; answers in how many milliseconds it is. A call that
   * `waited` may make up for a little of what it is late by.
   */
  take(spacingMs: number, waited: boolean): number;
  /** Nobody gets a place within the next so many milliseconds. */
  pauseFor(ms: number): void;
}

/** What a person wants to be told of; shorter waits are over before anybody has read of them. */
export const WORTH_TELLING_MS = 5_000;

export type MayStart = () => boolean;

export interface Pace {
  /**
   * Runs `task` when its turn has come. Answers `not_started` where `mayStart`, asked at that moment and now and then
   * before it, says no, or where `close` ends the wait.
   */
  run<T>(priority: number, task: () => Promise<T>, mayStart?: MayStart): Promise<T | 'not_started'>;
  /** Starts nothing for so long; a shorter pause never ends a longer one. */
  pauseFor(ms: number): void;
  /** Starts nothing until `letGo`. */
  hold(): void;
  letGo(): void;
  /** Runs one call past those that wait, also while held; it keeps to the rate like any other. */
  outside<T>(task: () => Promise<T>): Promise<T | 'not_started'>;
  /** Ends every wait there is; what comes later may start. */
  flush(): void;
  close(): void;
}

/** Times in milliseconds of a clock that never goes back. */
export interface Meter {
  readonly spacing_ms: number;
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
    spacing_ms: spacingMs,
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
  return new QueuedPace(settings);
}

class QueuedPace implements Pace {
  readonly #meter: Meter | null;
  readonly #slots: SharedSlots | undefined;
  readonly #onFarPlace: PaceSettings['on_far_place'];
  readonly #queue: PQueue;
  readonly #waiting = new Set<AbortController>();
  #closedUntilMs = Number.NEGATIVE_INFINITY;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  #held = false;
  /** How often all who waited were sent away. */
  #flushes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: PaceSettings) {
    this.#meter = createMeter(settings.requests_per_second);
    this.#slots = settings.slots;
    this.#onFarPlace = settings.on_far_place;
    this.#queue = new PQueue({ concurrency: settings.concurrency });
  }

  async run<T>(priority: number, task: () => Promise<T>, mayStart?: MayStart): Promise<T | 'not_started'> {
    const leave = new AbortController();
    let started = false;
    let waited = false;
    // Runs at once when the queue takes it, so that the gate is shut before the queue looks at the next one.
    const begin = async (): Promise<T | 'not_started'> => {
      started = true;
      this.#waiting.delete(leave);
      if (mayStart && !mayStart()) return 'not_started';
      const startMs = this.#takePlace(waited);
      if (startMs > performance.now() && !(await this.#hasCome(startMs, mayStart, false)))
        return 'not_started';
      return task();
    };
    const turn = this.#queue.add(begin, this.#hasRoom() ? { priority } : { priority, signal: leave.signal });
    if (!started) {
      waited = true;
      this.#waiting.add(leave);
    }
    // Only while it waits: an abort after the start would make the queue drop an answer that is on its way.
    const leaveUnstarted = () => {
      if (!started) leave.abort();
    };
    const stopAsking = started || !mayStart ? undefined : whenUnwanted(mayStart, leaveUnstarted);
    try {
      return await turn;
    } catch (error) {
      // Nothing takes back what has started: the queue would drop its answer.
      if (started) throw error;
      return 'not_started';
    } finally {
      this.#waiting.delete(leave);
      stopAsking?.();
    }
  }

  /** What finds room starts within `add`, and what has started is not left any more: no signal to watch. */
  #hasRoom(): boolean {
    const { isPaused, size, pending, concurrency } = this.#queue;
    return !isPaused && size === 0 && pending < concurrency;
  }

  async outside<T>(task: () => Promise<T>): Promise<T | 'not_started'> {
    // The gate is not asked, so that what it would have waited for is waited for here.
    if (this.#meter && !(await this.#hasCome(this.#meter.nextMs(), undefined, true))) return 'not_started';
    return (await this.#hasCome(this.#takePlace(true), undefined, true)) ? task() : 'not_started';
  }

  pauseFor(ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, performance.now() + ms);
    this.#meter?.pauseUntil(this.#pausedUntilMs);
    this.#slots?.pauseFor(ms);
    this.#closeUntil(this.#pausedUntilMs);
  }

  hold(): void {
    this.#held = true;
    this.#queue.pause();
  }

  letGo(): void {
    this.#held = false;
    if (this.#timer === undefined) this.#openInTime();
  }

  flush(): void {
    this.#flushes += 1;
    for (const leave of [...this.#waiting]) leave.abort();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.flush();
  }

  #closeUntil(ms: number): void {
    this.#closedUntilMs = Math.max(this.#closedUntilMs, ms);
    if (this.#closedUntilMs <= performance.now()) return;
    this.#queue.pause();
    if (this.#timer === undefined) this.#openInTime();
  }

  #openInTime(): void {
    const leftMs = this.#closedUntilMs - performance.now();
    this.#timer = leftMs > 0 ? setTimeout(() => this.#openInTime(), Math.ceil(leftMs)) : undefined;
    if (this.#timer === undefined && !this.#held) this.#queue.start();
  }

  /** Takes the next place; answers when it is, which is now unless another process has taken what is before it. */
  #takePlace(waited: boolean): number {
    if (!this.#meter) return Number.NEGATIVE_INFINITY;
    const waitMs = this.#slots?.take(this.#meter.spacing_ms, waited) ?? 0;
    if (waitMs >= WORTH_TELLING_MS) this.#onFarPlace?.(waitMs);
    const startMs = performance.now() + waitMs;
    this.#meter.count(startMs, waited);
    this.#closeUntil(this.#meter.nextMs());
    return startMs;
  }

  /** Whether its place has come; false where the wait for it was ended. */
  async #hasCome(startMs: number, mayStart: MayStart | undefined, evenHeld: boolean): Promise<boolean> {
    const before = this.#flushes;
    for (;;) {
      const leftMs = Math.max(startMs, this.#pausedUntilMs) - performance.now();
      if (leftMs <= 0 && (evenHeld || !this.#held)) return true;
      await sleep(Math.min(Math.max(leftMs, 1), ASK_AGAIN_MS));
      if (this.#flushes !== before || mayStart?.() === false) return false;
    }
  }
}

/** Calls `then` when `mayStart` has come to say no, until the returned function is called. */
export function whenUnwanted(mayStart: MayStart, then: () => void): () => void {
  const timer = setInterval(() => {
    if (!mayStart()) then();
  }, ASK_AGAIN_MS);
  return () => clearInterval(timer);
}
