/**
 * Looks at the provider's balance while a batch is sent: somebody else may be spending it. Where it no longer covers
 * what is still to be sent, sending stops there; what was sent goes its way, and the rest waits for money.
 */
import { formatAmount } from '../domain/money/money.ts';
import { LONGEST_PAUSE_MS } from '../providers/provider.ts';
import { amountToSend, smallestToSend } from '../store/submission.ts';
import type { Stated, Stopped, Submission } from './submission.ts';
import { stoppedBy } from './tolerance.ts';

// Often enough that a night's batch stops in time, and a fraction of a per cent of its calls.
const EVERY_MS = 15_000;

/** `claimed` says how many rows this run has taken so far. */
export type Watch = (stopFor: (why: Stopped) => void, claimed: number) => void;

/** Also where a run goes on: nobody has checked then whether the money is there. */
export function balanceUnknown(provider: string, reason: string): Stated {
  return {
    code: 'balance_unknown',
    message: `The balance of ${provider} could not be read: ${reason}. Nothing shows whether it covers the rows; they are sent all the same, and the first that is refused for want of money stops them.`,
  };
}

export interface Watched {
  id: bigint;
  currency: string;
  /** How many of its rows this run may send in all; null: every one. */
  first: number | null;
}

/** To be called between groups; it looks when it is time, and keeps nobody waiting. */
export function watchBalance(submission: Submission, batch: Watched, everyMs: number = EVERY_MS): Watch {
  let dueMs = performance.now() + everyMs;
  return (stopFor, claimed) => {
    if (performance.now() < dueMs) return;
    dueMs = Number.POSITIVE_INFINITY;
    const left = batch.first === null ? null : batch.first - claimed;
    shortfall(submission, batch, left)
      .then((short) => short && stopFor(short))
      // A ledger that gave out stops the sending by itself.
      .catch(() => undefined)
      .finally(() => {
        dueMs = performance.now() + everyMs;
      });
  };
}

/** What is on its way may not be off the balance yet: then it is seen the next time, or by a 402. */
async function shortfall(
  submission: Submission,
  batch: Watched,
  left: number | null,
): Promise<Stopped | null> {
  const { name } = submission.provider;
  const balance = await submission.provider.balance();
  if (!balance.ok) {
    const { because } = balance;
    if (because.kind === 'bad_answer') submission.onWarning(balanceUnknown(name, because.reason));
    return because.kind === 'rate_limited' && because.retry_after_ms > LONGEST_PAUSE_MS
      ? stoppedBy(because)
      : null;
  }
  if (balance.value.currency !== batch.currency) return null;
  // Rows that do not fit are skipped one by one, until none fits any more: then each would only be refused.
  const skips = submission.on_low_balance === 'skip';
  const needed = skips
    ? await smallestToSend(submission.database, batch.id)
    : await amountToSend(submission.database, batch.id, left);
  if (needed === 0n || balance.value.available_minor >= needed) return null;
  const { available_minor } = balance.value;
  const [has, needs, missing] = [available_minor, needed, needed - available_minor].map((minor) =>
    formatAmount(minor, batch.currency),
  );
  const want = skips
    ? `the smallest row still to send needs ${needs}`
    : `the rows still to send need ${needs}: ${missing} are missing`;
  const reason = `the provider has ${has} ${batch.currency} left, and ${want}; sending stopped there`;
  return { code: 'insufficient_funds', reason };
}
