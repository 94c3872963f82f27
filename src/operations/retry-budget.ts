/**
 * How many sends of a run may be repeats. A bucket of tokens, as the AWS clients have it: full at the start, each
 * repeat takes some, each answered send gives a little back, so that in the long run no more than one in ten sends is
 * a repeat; and a little comes back with time, so that whoever waits gets there. What finds the bucket empty is not
 * lost: it stays unknown, and is asked about and repeated later.
 */

const FULL = 500;
const REPEAT_COSTS = 5;
const ANSWER_GIVES = 0.5;
const SECOND_GIVES = 5;

export interface RetryBudget {
  /** Takes what up to `wanted` repeats cost; answers how many may be made now. */
  take(wanted: number): number;
  /** So many sends were answered. */
  earn(answered: number): void;
}

/** `monotonicMs` is a clock that never goes back. */
export function createRetryBudget(monotonicMs: () => number): RetryBudget {
  let tokens = FULL;
  let refilledAt = monotonicMs();
  const refill = (gift: number) => {
    tokens = Math.min(FULL, tokens + gift);
  };
  return {
    take(wanted) {
      const now = monotonicMs();
      refill(((now - refilledAt) / 1000) * SECOND_GIVES);
      refilledAt = now;
      const granted = Math.min(wanted, Math.floor(tokens / REPEAT_COSTS));
      tokens -= granted * REPEAT_COSTS;
      return granted;
    },
    earn: (answered) => refill(answered * ANSWER_GIVES),
  };
}
