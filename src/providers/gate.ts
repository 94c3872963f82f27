/**
 * The way to one provider: every call of every kind takes its turn here, keeps to the rate, waits out the pauses that
 * the provider asks for, and is counted by the breaker. What comes back of a call is handed on as it is.
 */
import { createBreaker } from './breaker.ts';
import type { DownloadResult, HttpResult } from './http.ts';
import { createPace, type MayStart, type PaceSettings, WORTH_TELLING_MS } from './pace.ts';
import { LONGEST_PAUSE_MS } from './provider.ts';

export interface GateSettings extends PaceSettings {
  /** Once aborted, no call is begun. */
  stop?: AbortSignal | undefined;
  /** Told when the provider is left alone for a while, with a sentence, and when that is over, with null. */
  on_pause?: ((why: string | null) => void) | undefined;
}

/** The call was not made: its wait was ended, or the provider was given up for now. */
export interface NotMade {
  kind: 'stopped' | 'gave_up';
  reason: string;
}

export interface Gate {
  run<T extends HttpResult | DownloadResult>(
    urgency: number,
    call: () => Promise<T>,
    mayStart?: MayStart | undefined,
  ): Promise<T | NotMade>;
  /** A 429 is for all calls. Longer than anybody waits is left to a person, and a wrong header to the next run. */
  pauseAsAsked(ms: number): void;
  close(): void;
}

/** How a pause that another process was asked for is told of, to the second and in UTC. */
export function pausedUntil(ms: number): string {
  return `asked for a pause until ${new Date(Date.now() + ms).toISOString().slice(0, 19)}Z`;
}

/** `probe` is the question that tries whether a provider in trouble answers again. */
export function createGate(settings: GateSettings, probe: () => Promise<HttpResult>): Gate {
  const { stop } = settings;
  const onPause = (why: string | null) => settings.on_pause?.(why);
  const pace = createPace({ ...settings, on_far_place: tellOfPause });
  const breaker = createBreaker({ pace, onPause, probe });
  const unlessStopped = stop && (() => !stop.aborted);
  let told: NodeJS.Timeout | undefined;
  let toldUntilMs = Number.NEGATIVE_INFINITY;

  /** Another process was asked for it; every call of this one comes upon it, and a person reads of it once. */
  function tellOfPause(ms: number): void {
    const until = performance.now() + ms;
    if (until < toldUntilMs + WORTH_TELLING_MS) return;
    toldUntilMs = until;
    onPause(`${pausedUntil(ms)}; waiting`);
    clearTimeout(told);
    told = setTimeout(() => onPause(null), ms);
  }

  return {
    async run(urgency, call, mayStart = unlessStopped) {
      const result = await pace.run(urgency, () => breaker.watch(call), mayStart);
      if (result !== 'not_started') return result;
      const reason = breaker.gaveUp();
      return reason === null
        ? { kind: 'stopped', reason: 'stopped before it was sent' }
        : { kind: 'gave_up', reason };
    },
    pauseAsAsked(ms) {
      if (ms > LONGEST_PAUSE_MS) return;
      pace.pauseFor(ms);
      if (ms < WORTH_TELLING_MS) return;
      onPause(`waiting ${Math.ceil(ms / 1000)} s, as it asked (HTTP 429)`);
      clearTimeout(told);
      told = setTimeout(() => onPause(null), ms);
    },
    close() {
      clearTimeout(told);
      breaker.close();
      pace.close();
    },
  };
}
