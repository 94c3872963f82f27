/**
 * When questions without an answer say something about the provider and not about one payout. One unreadable payout,
 * or one 5xx among good answers, must not keep all the others from being settled; a provider that refuses us, or that
 * answers nothing at all, is left alone for now.
 */
import type { Unavailable } from '../providers/provider.ts';
import type { Stopped } from './submission.ts';

/** So many in a row without one good answer between them. */
const UNREACHABLE_IN_A_ROW = 5;
/**
 * The same where it answered before: the breaker then pauses it and tries again, and has given up on it by the time
 * that so many calls in a row have failed.
 */
const UNREACHABLE_AFTER_ANSWERS = 25;
const BAD_ANSWERS_IN_A_ROW = 10;

export interface Tolerance {
  answered(): void;
  /** Why nothing more should be asked, or null where the next question may still be answered. */
  unanswered(because: Unavailable): Stopped | null;
  /** At the end: why nothing at all was answered, or null where something was, or nothing was asked. */
  silence(): Stopped | null;
}

export function createTolerance(): Tolerance {
  let unreachable = 0;
  let bad = 0;
  let heard = false;
  let last: Unavailable | null = null;
  return {
    answered() {
      unreachable = 0;
      bad = 0;
      heard = true;
    },
    unanswered(because) {
      last = because;
      switch (because.kind) {
        case 'credentials':
        case 'rate_limited':
          return stoppedBy(because);
        case 'unreachable':
          unreachable += 1;
          return unreachable >= (heard ? UNREACHABLE_AFTER_ANSWERS : UNREACHABLE_IN_A_ROW)
            ? stoppedBy(because)
            : null;
        case 'bad_answer':
          bad += 1;
          return bad >= BAD_ANSWERS_IN_A_ROW ? stoppedBy(because) : null;
      }
    },
    silence: () => (heard || last === null || last.kind === 'bad_answer' ? null : stoppedBy(last)),
  };
}

export function stoppedBy(because: Unavailable): Stopped {
  switch (because.kind) {
    case 'credentials':
      return { code: 'provider_credentials', reason: because.reason };
    case 'rate_limited':
      return { code: 'provider_unreachable', reason: slowDown(because.retry_after_ms) };
    case 'unreachable':
    case 'bad_answer':
      return { code: 'provider_unreachable', reason: because.reason };
  }
}

/** What a 429 says when nobody waits any longer. */
export function slowDown(retryAfterMs: number): string {
  const minutes = Math.round(retryAfterMs / 60_000);
  if (minutes < 1) return 'the provider keeps asking to slow down (HTTP 429)';
  const hours = Math.round(minutes / 60);
  const time = minutes < 120 ? `${minutes} minutes` : hours < 48 ? `${hours} hours` : 'more than a day';
  return `the provider asks to wait ${time} (HTTP 429); retry later`;
}
