/** What the followers of `--wait` share: the end of the time, and how long an outage on the way is sat out. */
import type { Stopped } from '../operations/submission.ts';

/** A round under way when the time is up may end by itself; one that a pause of the provider holds up may not. */
const GRACE_MS = 2_000;
/** A deployment or a failover takes less; who does not answer then is not going to soon. */
const OUTAGE_MS = 120_000;
/** How long a single question waits for the end of a pause that another process was asked for. */
export const QUESTION_PATIENCE_MS = 30_000;
/** The same for work that nobody watches: as long as a pause that this process was asked for itself. */
export const PAUSE_PATIENCE_MS = 15 * 60_000;

export interface TimeLimit {
  /** Aborted by a signal to the process, or soon after the time is up. */
  signal: AbortSignal;
  end(): void;
}

export function timeLimit(stop: AbortSignal, ms: number): TimeLimit {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), ms + GRACE_MS);
  return { signal: AbortSignal.any([stop, over.signal]), end: () => clearTimeout(timer) };
}

export interface OutagePatience {
  /** Whether to ask again after a round that ended so. */
  bears(stopped: Stopped | null): boolean;
}

/** A provider that never answered is not waited for; one that did is, for two minutes. */
export function outagePatience(monotonicMs: () => number): OutagePatience {
  let answered = false;
  let since: number | null = null;
  return {
    bears(stopped) {
      if (stopped === null) {
        answered = true;
        since = null;
        return true;
      }
      if (!answered || stopped.code !== 'provider_unreachable') return false;
      since ??= monotonicMs();
      return monotonicMs() - since < OUTAGE_MS;
    },
  };
}
