/**
 * When questions without an answer say something about the provider and not about one payout. One unreadable payout,
 * or one 5xx among good answers, must not keep all the others from being settled; a provider that refuses us, or that
 * answers nothing at all, is left alone for now.
 */
import type { Unavailable } from '../providers/provider.ts';
import type { Stopped } from './submission.ts';

/** So many in a row without one good answer between them. */
const UNREACHABLE_IN_A_ROW = 5;
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
          return unreachable >= UNREACHABLE_IN_A_ROW ? stoppedBy(because) : null;
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
      return { code: 'provider_unreachable', reason: 'it asks to slow down' };
    case 'unreachable':
    case 'bad_answer':
      return { code: 'provider_unreachable', reason: because.reason };
  }
}
