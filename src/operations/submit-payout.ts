/**
 * One send of one payout: the stored bytes go out once, and what comes back is told in one of five ways. Nothing is
 * retried here; a second request with the same bytes is a send of its own, stored before it leaves.
 */
import { unreachable } from '../domain/errors.ts';
import type {
  AnswerRecord,
  LookUpOutcome,
  Provider,
  StatusReport,
  SubmitOutcome,
} from '../providers/provider.ts';
import type { Sendable, SendResult, Sent } from './submission.ts';
import { stoppedBy } from './tolerance.ts';

// Two clocks may differ a little; a payout that the provider made longer before ours was stored is not ours.
const CLOCK_SKEW_MS = 5 * 60_000;

const NO_ANSWER: AnswerRecord = { http_status: null, transport_error: null, text: null };

export async function submitPayout(
  provider: Provider,
  item: Sendable,
  now: () => string,
  mayStart: () => boolean,
): Promise<Sent> {
  if (!mayStart()) {
    const result: SendResult = {
      kind: 'not_executed',
      why: 'stopped',
      reason: 'stopped before it was sent',
      retry_after_ms: 0,
    };
    return { item, answered_at: now(), answer: NO_ANSWER, result };
  }
  const outcome = await provider.submit(
    { provider_reference: item.provider_reference, body: item.body },
    mayStart,
  );
  const result = await resultOf(provider, item, outcome);
  return { item, answered_at: now(), answer: outcome.answer, result };
}

async function resultOf(provider: Provider, item: Sendable, outcome: SubmitOutcome): Promise<SendResult> {
  switch (outcome.outcome) {
    case 'accepted':
      return accepted(item, outcome.report);
    case 'rejected':
      return rejection(item, outcome.rejection);
    case 'unknown':
      if (outcome.because === 'bad_request' && !item.earlier_unanswered) {
        return { kind: 'held', hold_reason: 'bad_request', reason: outcome.reason };
      }
      if (outcome.because === 'duplicate')
        return adoptDuplicate(item, await provider.lookUp(item.provider_reference), outcome.reason);
      return { kind: 'doubt', reason: outcome.reason };
  }
}

function accepted(item: Sendable, report: StatusReport): SendResult {
  if (isOlder(report, item)) return foreign(report);
  // A late word about an earlier attempt is history; as the answer to a send of this one it is a wrong echo.
  if (item.attempt_no > 1 && report.provider_reference !== item.provider_reference) {
    const reason = `the provider answers for ${report.provider_reference}, not ${item.provider_reference}`;
    return { kind: 'held', hold_reason: 'echo_differs', reason };
  }
  return { kind: 'accepted', report, source: 'answer' };
}

function rejection(
  item: Sendable,
  rejected: Extract<SubmitOutcome, { outcome: 'rejected' }>['rejection'],
): SendResult {
  // The first send may have been executed and only its answer lost: a refusal of the repeat is no proof that it was not.
  if (item.earlier_unanswered && rejected.because === 'refused') {
    return {
      kind: 'doubt',
      reason: `the repeat was refused (${rejected.reason}), which proves nothing about the first send`,
    };
  }
  switch (rejected.because) {
    case 'refused':
      return { kind: 'refused', failure_code: rejected.failure_code, reason: rejected.reason };
    case 'rate_limited':
      return {
        kind: 'not_executed',
        why: 'rate_limited',
        reason: 'the provider asks to slow down',
        retry_after_ms: rejected.retry_after_ms,
      };
    case 'funds':
    case 'credentials':
    case 'never_sent':
    case 'stopped':
      return { kind: 'not_executed', why: rejected.because, reason: rejected.reason, retry_after_ms: 0 };
  }
  return unreachable(rejected);
}

/** What a look-up by reference makes of a payout in doubt; also after 409, where an earlier payout is known to stand. */
export function adopt(
  item: Pick<Sendable, 'provider_reference' | 'stored_at'>,
  found: LookUpOutcome,
  reason: string,
): SendResult {
  switch (found.outcome) {
    case 'found':
      return isOlder(found.report, item)
        ? foreign(found.report)
        : { kind: 'accepted', report: found.report, source: 'look_up' };
    case 'not_found':
      return { kind: 'doubt', reason: `${reason}; the look-up found nothing` };
    case 'unavailable':
      return {
        kind: 'doubt',
        reason: `${reason}; the look-up got no answer: ${stoppedBy(found.because).reason}`,
      };
  }
}

/** After a 409 an earlier payout is known to stand: without its time nothing shows that it is ours. */
function adoptDuplicate(item: Sendable, found: LookUpOutcome, reason: string): SendResult {
  if (found.outcome === 'found' && Number.isNaN(Date.parse(found.report.created_at ?? '')))
    return foreign(found.report);
  return adopt(item, found, reason);
}

function isOlder(report: StatusReport, item: Pick<Sendable, 'stored_at'>): boolean {
  return (
    report.created_at !== null && Date.parse(report.created_at) < Date.parse(item.stored_at) - CLOCK_SKEW_MS
  );
}

function foreign(report: StatusReport): SendResult {
  return {
    kind: 'held',
    hold_reason: 'foreign_reference',
    reason: `the provider knows this reference from its payout ${report.provider_id} of ${report.created_at ?? 'a time that it does not state'}, and ours was stored later`,
  };
}
