/**
 * How many requests come how fast: the limit that the sandbox enforces, and the peak that an auditor reads. Both look
 * at rolling windows and not at the seconds of the clock, which let twice the limit through around each full second.
 */

const SECOND_MS = 1000;
// A little under a second, so that a client that keeps to a limit per second shows at most that many, whatever the
// timers and the network did to the spacing.
export const PEAK_WINDOW_MS = 900;

/** Instants within the last so many milliseconds. */
class Window {
  readonly #length_ms: number;
  #instants: number[] = [];
  #start = 0;

  constructor(lengthMs: number) {
    this.#length_ms = lengthMs;
  }

  /** How many there are at `now`. */
  count(now: number): number {
    while ((this.#instants[this.#start] ?? now) <= now - this.#length_ms) this.#start += 1;
    // Half of it is past: letting go of it now costs each instant one copy.
    if (this.#start > this.#instants.length / 2) {
      this.#instants = this.#instants.slice(this.#start);
      this.#start = 0;
    }
    return this.#instants.length - this.#start;
  }

  add(now: number): void {
    this.#instants.push(now);
  }

  oldest(): number | undefined {
    return this.#instants[this.#start];
  }
}

export class Rush {
  readonly #limit: number | null;
  readonly #monotonic_ms: () => number;
  readonly #second = new Window(SECOND_MS);
  readonly #peak_window = new Window(PEAK_WINDOW_MS);
  #peak = 0;
  #requests = 0;

  /** `limit` is requests in any rolling second; null for none. */
  constructor(limit: number | null, monotonicMs: () => number) {
    this.#limit = limit;
    this.#monotonic_ms = monotonicMs;
  }

  /** Takes note of a request: null where it may go on, or after how many whole seconds there is room. */
  arrive(): number | null {
    const now = this.#monotonic_ms();
    this.#requests += 1;
    this.#peak_window.add(now);
    this.#peak = Math.max(this.#peak, this.#peak_window.count(now));
    if (this.#limit === null) return null;
    if (this.#second.count(now) < this.#limit) {
      this.#second.add(now);
      return null;
    }
    return Math.ceil(((this.#second.oldest() ?? now) + SECOND_MS - now) / SECOND_MS);
  }

  figures(): { requests: number; peak: number } {
    return { requests: this.#requests, peak: this.#peak };
  }
}
