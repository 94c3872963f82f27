/**
 * Settles the rows of a batch that are held because the provider called their requests malformed (HTTP 400), all with
 * one word of a person, and no row by the word alone: each is asked for by reference first. One that the provider finds,
 * or of which it cannot tell, or whose request may still be executed, stays held, and the reason is told.
 */
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { LookUpOutcome } from '../providers/provider.ts';
import { firstSends, recordQuestions } from '../store/attempts.ts';
import { malformedPayouts, payoutsById } from '../store/payouts.ts';
import type { Asking } from './apply-answers.ts';
import { askPatiently } from './ask-patiently.ts';
import { type Decision, resolvePayout } from './decide-payout.ts';
import { mapLimited } from './settle-doubts.ts';
import { stoppedBy } from './tolerance.ts';
import { createWitness } from './witness.ts';

export interface LeftHeld {
  reference_id: string;
  reason: string;
}

export interface MalformedResolved {
  resolved: bigint[];
  left: LeftHeld[];
}

export async function resolveMalformed(
  asking: Asking,
  batchId: bigint,
  reason: string,
): Promise<MalformedResolved> {
  const result: MalformedResolved = { resolved: [], left: [] };
  const payouts = await malformedPayouts(asking.database, batchId);
  const ids = payouts.map(({ id }) => id);
  const sent = await firstSends(asking.database, ids);
  const asked = await mapLimited(payouts, asking.concurrency, async (payout) => {
    const open = asking.stop.aborted
      ? 'stopped before it was asked about'
      : mayStillBe(asking, sent.get(payout.id));
    if (open !== null) return { payout, open };
    const found = await askPatiently(asking, (mayStart) =>
      asking.provider.lookUp(payout.provider_reference ?? payout.reference_id, mayStart),
    );
    await recordQuestion(asking, payout, found);
    return { payout, open: standsAgainst(found) };
  });
  const doubtful = asked.some(({ open }) => open === null) ? await whyDoubted(asking) : null;
  for (const { payout, open: against } of asked) {
    const open = against ?? doubtful;
    if (open === null && (await stillMalformed(asking, payout))) {
      await resolvePayout(decisionOf(asking), payout.reference_id, {
        as: 'failed',
        reason: `${reason} (the provider called its request malformed, and does not know its reference)`,
        utr: null,
        on: null,
      });
      result.resolved.push(payout.id);
    } else {
      result.left.push({ reference_id: payout.reference_id, reason: open ?? 'it was settled meanwhile' });
    }
  }
  return result;
}

/** Another account finds nothing either. However old what it has accepted: the window of these is over by now. */
async function whyDoubted(asking: Asking): Promise<string | null> {
  const { answer, because } = await createWitness(asking, '')();
  if (answer === 'same') return null;
  return because?.reason ?? 'the provider could not be asked about what it has accepted';
}

/** While a reference is trusted to be known again, a request may still be executed that something on the way has kept. */
function mayStillBe(asking: Asking, firstAt: string | undefined): string | null {
  const now = Date.parse(asking.now());
  const from = Date.parse(firstAt ?? asking.now());
  const until = from + asking.provider.capabilities.idempotency_window_ms;
  // A clock that went back proves nothing about how much time has passed.
  return now < from || now < until
    ? `its request may still be executed until ${new Date(until).toISOString()}`
    : null;
}

function standsAgainst(found: LookUpOutcome): string | null {
  switch (found.outcome) {
    case 'not_found':
      return null;
    case 'found':
      return `the provider has it as ${found.report.provider_id}, ${found.report.status}`;
    case 'unavailable':
      return `the provider could not be asked: ${stoppedBy(found.because).reason}`;
  }
}

async function recordQuestion(asking: Asking, payout: StoredPayout, found: LookUpOutcome): Promise<void> {
  const at = asking.now();
  const question = {
    payout_id: payout.id,
    attempt_no: payout.attempt_no,
    kind: 'look_up' as const,
    asked_at: at,
    at,
    outcome: found.outcome,
    reason: standsAgainst(found),
    http_status: null,
    transport_error: null,
    answer: null,
  };
  await asking.database.transaction((tx) => recordQuestions(tx, [question]));
}

async function stillMalformed({ database }: Asking, { id }: StoredPayout): Promise<boolean> {
  const payout = (await payoutsById(database, [id])).get(id);
  return payout?.state === 'held' && payout.hold_reason === 'bad_request';
}

function decisionOf({ database, actor, rules, now }: Asking): Decision {
  return { database, actor, rules, at: now() };
}
