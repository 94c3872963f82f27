/**
 * Looks into stored events: the provider is asked about the payout that each is about, and only its answer counts.
 * Events of one payout are settled by one question. What could not be answered stays as it is, to be tried again; a
 * question twice, or one that another process asked too, changes nothing the second time.
 */
import { formatAmount } from '../domain/money/money.ts';
import { hold } from '../domain/payout/change.ts';
import type { PayoutState } from '../domain/payout/payout.ts';
import { verdictOn } from '../domain/payout/state.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { type Attempt, currentAttempts } from '../store/attempts.ts';
import { payoutsById, savePayouts } from '../store/payouts.ts';
import { countTries, type OpenWebhook, settleWebhooks, type WebhookEffect } from '../store/webhooks.ts';
import { type Answered, type Asking, applyAnswers, askAboutPayout } from './apply-answers.ts';
import type { Applied } from './apply-provider-status.ts';
import { mapLimited } from './settle-doubts.ts';
import type { Stopped } from './submission.ts';
import { adopt } from './submit-payout.ts';
import { createTolerance, stoppedBy, type Tolerance } from './tolerance.ts';

export interface SettledWebhook {
  id: bigint;
  reference_id: string;
  effect: WebhookEffect;
  before: StoredPayout['state'];
  after: StoredPayout['state'];
  note: string | null;
}

export interface LeftWebhook {
  id: bigint;
  reference_id: string;
  reason: string;
  /** The provider did answer, which ends the patience at some time; an outage never does. */
  answered: boolean;
}

export interface WebhookRound {
  settled: SettledWebhook[];
  /** Not settled: the provider could not tell. */
  left: LeftWebhook[];
  /** Why the provider is asked nothing more for now. */
  stopped: Stopped | null;
}

// A provider may tell of a payout before its own look-up knows it. After so many tries that is an answer, too: sync
// goes on asking about every payout that is open.
const TRIES = 6;

/** Sent, and nothing is proven. */
const OPEN: ReadonlySet<PayoutState> = new Set<PayoutState>(['submitting', 'pending', 'unknown']);

/** What is known of the events of one payout. */
interface Subject {
  payout: StoredPayout;
  attempt: Attempt | undefined;
  events: OpenWebhook[];
}

type Verdict =
  | { kind: 'settled'; effect: WebhookEffect; note: string | null; after: StoredPayout['state'] }
  // `unless_later`: what it comes to when trying has to end; null where no answer came.
  | { kind: 'left'; reason: string; unless_later: WebhookEffect | null };

type Finding = Verdict | { kind: 'answered'; answered: Answered } | { kind: 'differs'; note: string };

interface Found {
  subject: Subject;
  finding: Finding;
}

export async function applyWebhooks(asking: Asking, events: readonly OpenWebhook[]): Promise<WebhookRound> {
  const round: WebhookRound = { settled: [], left: [], stopped: null };
  const tolerance = createTolerance();
  const { current, earlier } = await subjectsOf(asking, events);
  const found = await mapLimited(
    current,
    asking.concurrency,
    async (subject): Promise<Found> => ({
      subject,
      finding: await lookInto(asking, subject, round, tolerance),
    }),
  );
  round.stopped ??= tolerance.silence();
  await applyFindings(asking, found, round, earlier);
  return round;
}

interface Earlier {
  event: OpenWebhook;
  payout: StoredPayout;
}

async function subjectsOf(
  asking: Asking,
  events: readonly OpenWebhook[],
): Promise<{ current: Subject[]; earlier: Earlier[] }> {
  const ids = [...new Set(events.map((event) => event.payout_id))];
  const payouts = await payoutsById(asking.database, ids);
  const attempts = await currentAttempts(asking.database, ids);
  const subjects = new Map<bigint, Subject>();
  const earlier: Earlier[] = [];
  for (const event of events) {
    const payout = payouts.get(event.payout_id);
    if (!payout) continue;
    if (event.attempt_no !== payout.attempt_no) {
      earlier.push({ event, payout });
      continue;
    }
    const subject = subjects.get(payout.id) ?? { payout, attempt: attempts.get(payout.id), events: [] };
    subject.events.push(event);
    subjects.set(payout.id, subject);
  }
  return { current: [...subjects.values()], earlier };
}

async function lookInto(
  asking: Asking,
  subject: Subject,
  round: WebhookRound,
  tolerance: Tolerance,
): Promise<Finding> {
  const { payout, attempt } = subject;
  const difference = otherAmount(subject);
  if (difference !== null) return { kind: 'differs', note: difference };
  if (teachesNothing(subject)) return { kind: 'settled', effect: 'same', note: null, after: payout.state };
  if (round.stopped !== null) return { kind: 'left', reason: round.stopped.reason, unless_later: null };
  if (asking.stop.aborted) return { kind: 'left', reason: 'stopped before it was asked', unless_later: null };
  const found = await askAboutPayout(asking, payout);
  if (found.outcome === 'unavailable') {
    round.stopped ??= tolerance.unanswered(found.because);
    return { kind: 'left', reason: stoppedBy(found.because).reason, unless_later: null };
  }
  tolerance.answered();
  if (found.outcome === 'not_found')
    return { kind: 'left', reason: 'the provider does not find it', unless_later: 'not_found' };
  const reference = payout.provider_reference ?? '';
  const adopted = adopt(
    { provider_reference: reference, stored_at: attempt?.stored_at ?? asking.now() },
    found,
    '',
  );
  if (adopted.kind !== 'accepted') {
    const note = 'reason' in adopted ? adopted.reason : null;
    return { kind: 'settled', effect: 'foreign_reference', note, after: payout.state };
  }
  const { report } = adopted;
  const asked = payout.provider_id === null ? 'look_up' : 'status';
  return {
    kind: 'answered',
    answered: {
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      report,
      source: 'webhook',
      confirmed: false,
      asked,
    },
  };
}

/**
 * A provider that states two amounts for one payout is not asked for a third: while nothing is proven, a person has to
 * look. What was proven before stays, with a note.
 */
function otherAmount({ payout, events }: Subject): string | null {
  if (!OPEN.has(payout.state)) return null;
  const event = events.find(
    ({ amount_minor }) => amount_minor !== null && amount_minor !== payout.amount_minor,
  );
  return event ? withDifference(event, payout, null) : null;
}

/** That a payout is on its way is no news of one that is known to be, or that has arrived: most events say no more. */
function teachesNothing({ payout, events }: Subject): boolean {
  return events.every(
    (event) =>
      event.provider_state === 'in_flight' &&
      payout.resolved_as === null &&
      verdictOn(payout, event.provider_state).verdict === 'stay',
  );
}

async function applyFindings(
  asking: Asking,
  found: readonly Found[],
  round: WebhookRound,
  earlier: readonly Earlier[],
): Promise<void> {
  const answered = found.flatMap(({ finding }) => (finding.kind === 'answered' ? [finding.answered] : []));
  const verdicts = await applyAll(asking, answered);
  for (const [id, verdict] of await holdDiffering(asking, found)) verdicts.set(id, verdict);
  for (const { subject, finding } of found) {
    const known = finding.kind === 'settled' || finding.kind === 'left';
    const verdict = known ? finding : verdicts.get(subject.payout.id);
    // Another attempt has begun meanwhile: the next look finds the event to be about an earlier one.
    if (verdict === undefined) continue;
    for (const event of subject.events) addTo(round, event, subject.payout, verdict);
  }
  for (const { event, payout } of earlier) {
    const note = `about attempt ${event.attempt_no}, where attempt ${payout.attempt_no} is the current one; a statement tells what became of it`;
    addTo(round, event, payout, { kind: 'settled', effect: 'earlier_attempt', note, after: payout.state });
  }
  const at = asking.now();
  await asking.database.transaction(async (tx) => {
    await settleWebhooks(tx, round.settled, at);
    await countTries(
      tx,
      round.left.filter((each) => each.answered).map((each) => each.id),
    );
  });
}

/** Held, unless its outcome was proven meanwhile. */
async function holdDiffering(asking: Asking, found: readonly Found[]): Promise<Map<bigint, Verdict>> {
  const notes = new Map(
    found.flatMap(({ subject, finding }) =>
      finding.kind === 'differs' ? [[subject.payout.id, finding.note] as const] : [],
    ),
  );
  const verdicts = new Map<bigint, Verdict>();
  if (notes.size === 0) return verdicts;
  const occasion = { at: asking.now(), actor: asking.actor.name, rules: asking.rules };
  await asking.database.transaction(async (tx) => {
    const held: StoredPayout[] = [];
    for (const payout of (await payoutsById(tx, [...notes.keys()])).values()) {
      const note = notes.get(payout.id) ?? '';
      const open = OPEN.has(payout.state);
      if (open) held.push(hold(payout, 'echo_differs', note, occasion).payout);
      const [effect, after] = open ? (['held', 'held'] as const) : (['noted', payout.state] as const);
      verdicts.set(payout.id, { kind: 'settled', effect, note: null, after });
    }
    await savePayouts(tx, held);
  });
  return verdicts;
}

/** All in one transaction; where the ledger refuses one of them, one by one, so that it delays no other. */
async function applyAll(asking: Asking, answered: readonly Answered[]): Promise<Map<bigint, Verdict>> {
  try {
    const applied = await applyAnswers(asking, answered);
    return new Map(applied.map((each) => [each.payout_id, verdictOf(each)]));
  } catch (error) {
    const [only] = answered;
    if (only && answered.length === 1 && error instanceof Error)
      return new Map([[only.payout_id, { kind: 'left', reason: error.message, unless_later: null }]]);
  }
  const verdicts = new Map<bigint, Verdict>();
  for (const each of answered)
    for (const [id, verdict] of await applyAll(asking, [each])) verdicts.set(id, verdict);
  return verdicts;
}

function verdictOf({ effect, note, after }: Applied): Verdict {
  // The provider could not be asked for the second time.
  if (effect === 'contradiction')
    return { kind: 'left', reason: note ?? 'a contradiction', unless_later: 'contradiction' };
  return { kind: 'settled', effect, note, after: after.state };
}

function addTo(round: WebhookRound, event: OpenWebhook, payout: StoredPayout, verdict: Verdict): void {
  const { id } = event;
  const { reference_id, state: before } = payout;
  if (verdict.kind === 'settled') {
    const { effect, after } = verdict;
    const note = withDifference(event, payout, verdict.note);
    round.settled.push({ id, reference_id, effect, before, after, note });
    return;
  }
  const { reason, unless_later: effect } = verdict;
  if (effect !== null && event.tries + 1 >= TRIES) {
    const note = withDifference(event, payout, reason);
    round.settled.push({ id, reference_id, effect, before, after: before, note });
    return;
  }
  round.left.push({ id, reference_id, reason, answered: effect !== null });
}

/** What the event says otherwise than our payout has it: for the person who reads, since only answers are acted upon. */
function withDifference(event: OpenWebhook, payout: StoredPayout, note: string | null): string | null {
  const differences: string[] = [];
  if (event.amount_minor !== null && event.amount_minor !== payout.amount_minor) {
    const [told, ours] = [event.amount_minor, payout.amount_minor].map((minor) =>
      formatAmount(minor, payout.currency),
    );
    differences.push(`the event states ${told}, not ${ours}`);
  }
  const ours = payout.provider_reference ?? '';
  // How a sender spells it in capitals is its own; the ledger has no two references that differ so alone.
  if (event.provider_reference.toLowerCase() !== ours.toLowerCase()) {
    differences.push(`the event names reference ${event.provider_reference}, not ${ours}`);
  }
  if (payout.provider_id !== null && event.provider_id !== payout.provider_id) {
    differences.push(`the event names payout ${event.provider_id}, not ${payout.provider_id}`);
  }
  return [note, ...differences].filter((part) => part !== null).join('; ') || null;
}
