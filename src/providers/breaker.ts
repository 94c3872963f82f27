/**
 * The circuit breaker of one provider. Where half of the calls or more fail, or many in a row, everything that waits
 * for its turn goes on waiting, and after a pause one question, never a payout, tries whether the provider answers
 * again. It only decides when calls start: what came back of one is handed on as it came, so that unknown stays
 * unknown. After twenty seconds of trouble it stops waiting, so that no command hangs.
 */
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
  type IBreaker,
  SamplingBreaker,
} from 'cockatiel';
import type { DownloadResult, HttpResult } from './http.ts';
import type { Pace } from './pace.ts';

type Result = HttpResult | DownloadResult;

export interface Breaker {
  /** Runs a call whose turn has come, and takes note of how it ended. */
  watch<T extends Result>(call: () => Promise<T>): Promise<T>;
  /** Why the calls that waited were sent away, since the last one that was answered; or null. */
  gaveUp(): string | null;
  close(): void;
}

export interface BreakerSettings {
  pace: Pick<Pace, 'hold' | 'letGo' | 'outside' | 'flush'>;
  /** One cheap question that moves nothing; any answer below 500 shows that the provider is back. */
  probe: () => Promise<Result>;
  /** Told when a pause begins, with a sentence, and when it is over, with null. */
  onPause: (why: string | null) => void;
  /** From 0 to 1. */
  random?: () => number;
  times?: BreakerTimes;
}

export interface BreakerTimes {
  first_pause_ms: number;
  longest_pause_ms: number;
  /** From the first pause on, unless it was well for as long as a sample is. */
  patience_ms: number;
}

const TIMES: BreakerTimes = { first_pause_ms: 1_000, longest_pause_ms: 8_000, patience_ms: 20_000 };
const SAMPLE_MS = 10_000;
// Twenty calls in the sample: below that, half of them is chance.
const LEAST_CALLS_A_SECOND = 2;
// cockatiel opens above the threshold, and half is to be enough.
const HALF = 0.4999;
// Where calls hang until their deadline there are never twenty in ten seconds.
const IN_A_ROW = 10;

export function createBreaker(settings: BreakerSettings): Breaker {
  return new WatchedCircuit(settings);
}

class WatchedCircuit implements Breaker {
  readonly #settings: BreakerSettings;
  readonly #times: BreakerTimes;
  #circuit = this.#freshCircuit();
  #troubleSince = 0;
  #wellSince = Number.NEGATIVE_INFINITY;
  #pauses = 0;
  #paused = false;
  #reason: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#times = settings.times ?? TIMES;
  }

  async watch<T extends Result>(call: () => Promise<T>): Promise<T> {
    const result = await this.#circuit.execute(call);
    if (!isFailure(result)) this.#reason = null;
    return result;
  }

  gaveUp(): string | null {
    return this.#reason;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #freshCircuit(): CircuitBreakerPolicy {
    // The pause is kept here, on a clock that never goes back; to cockatiel a probe may always be made.
    const fresh = circuitBreaker(handleWhenResult(isFailure), { halfOpenAfter: 0, breaker: sampleOrRow() });
    fresh.onBreak((event) => this.#break('value' in event ? whyFailed(event.value) : 'no answer'));
    fresh.onReset(() => {
      this.#wellSince = performance.now();
      this.#letGo(null);
    });
    return fresh;
  }

  #break(failure: string): void {
    if (this.#paused || this.#closed) return;
    const now = performance.now();
    // One that came soon after another is the same trouble, and waits longer.
    if (now - this.#wellSince > SAMPLE_MS) {
      this.#troubleSince = now;
      this.#pauses = 0;
    }
    this.#paused = true;
    this.#settings.pace.hold();
    this.#pause(failure);
  }

  #pause(failure: string): void {
    const { first_pause_ms, longest_pause_ms, patience_ms } = this.#times;
    const leftMs = patience_ms - (performance.now() - this.#troubleSince);
    if (leftMs <= 0) {
      this.#giveUp(failure);
      return;
    }
    // Between half and all of it, so that the processes that one outage stopped do not all come back at once.
    const most = Math.min(first_pause_ms * 2 ** this.#pauses, longest_pause_ms);
    const random = this.#settings.random ?? Math.random;
    const pauseMs = Math.min(most * (0.5 + random() / 2), leftMs);
    this.#pauses += 1;
    this.#settings.onPause(
      `paused for ${seconds(pauseMs)} since too many calls fail (${failure}); then one tries again`,
    );
    this.#timer = setTimeout(() => void this.#tryAgain(failure), pauseMs);
  }

  async #tryAgain(failure: string): Promise<void> {
    const { pace, probe } = this.#settings;
    try {
      const result = await pace.outside(() => this.#circuit.execute(probe));
      if (!this.#closed && result !== 'not_started' && isFailure(result)) this.#pause(whyFailed(result));
    } catch (error) {
      // The clock was set back, and to cockatiel the pause has not begun.
      if (!this.#closed) this.#pause(error instanceof BrokenCircuitError ? failure : String(error));
    }
  }

  /** Those that wait are told, and whoever comes next may try. */
  #giveUp(failure: string): void {
    const troubled = seconds(performance.now() - this.#troubleSince);
    this.#circuit = this.#freshCircuit();
    this.#wellSince = Number.NEGATIVE_INFINITY;
    this.#settings.pace.flush();
    this.#letGo(`the provider has been in trouble for ${troubled}, at last: ${failure}`);
  }

  #letGo(why: string | null): void {
    this.#paused = false;
    this.#reason = why;
    this.#settings.onPause(null);
    this.#settings.pace.letGo();
  }
}

/** Half of the calls of a sample, or so many in a row. */
function sampleOrRow(): IBreaker {
  const sample = new SamplingBreaker({
    threshold: HALF,
    duration: SAMPLE_MS,
    minimumRps: LEAST_CALLS_A_SECOND,
  });
  const row = new ConsecutiveBreaker(IN_A_ROW);
  return {
    state: null,
    success(state) {
      sample.success(state);
      row.success();
    },
    failure(state) {
      const bySample = sample.failure(state);
      return row.failure() || bySample;
    },
  };
}

/** What says that the provider is in trouble. A refusal of any kind is an answer, and 429 has a pause of its own. */
function isFailure(result: unknown): boolean {
  const { kind, status = 0 } = result as { kind: Result['kind']; status?: number };
  return kind !== 'answer' || status >= 500;
}

function whyFailed(result: unknown): string {
  const failed = result as Result;
  return failed.kind === 'answer' ? `HTTP ${failed.status}` : failed.reason;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}
