/**
 * Start-up is recovery. A payout whose send was stored and whose answer was not, or whose answer proved nothing, is
 * settled by evidence: the provider is asked by reference; what it does not know is sent again, with the same bytes,
 * while it is trusted to know a reference again; after that nobody but a person can tell.
 */
import { doubted, hold } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { LookUpOutcome } from '../providers/provider.ts';
import { currentAttempts, firstSends, recordQuestions, unansweredSends } from '../store/attempts.ts';
import { cancelledWithBatch } from '../store/batches.ts';
import type { Reader, Transaction } from '../store/database.ts';
import { doubtfulPayouts, payoutsById, savePayouts } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import { applyOccasion, applyProviderStatuses } from './apply-provider-status.ts';
import { askPatiently } from './ask-patiently.ts';
import { prepareSends } from './claim-payouts.ts';
import { recordOutcomes } from './record-outcomes.ts';
import type { Sendable, SendResult, Stopped, Submission } from './submission.ts';
import { adopt, submitPayout } from './submit-payout.ts';
import { createTolerance, type Tolerance } from './tolerance.ts';
import { createWitness, type Witness } from './witness.ts';

const CHUNK = 64;
/** Room for the request itself to travel before the provider's window ends. */
const WINDOW_MARGIN_MS = 60_000;

export interface Doubts {
  settled: number;
  resent: number;
  open: number;
  stopped: Stopped | null;
}

/** One round over every doubtful payout of the provider. */
export async function settleDoubts(submission: Submission): Promise<Doubts> {
  const tolerance = createTolerance();
  const doubts: Doubts = { settled: 0, resent: 0, open: 0, stopped: null };
  const window = submission.provider.capabilities.idempotency_window_ms;
  const since = new Date(Date.parse(submission.now()) - window).toISOString();
  const witness = createWitness(submission, since);
  let after = 0n;
  while (!submission.stop.aborted && doubts.stopped === null) {
    const chunk = await doubtfulPayouts(submission.database, submission.provider.name, after, CHUNK);
    const last = chunk.at(-1);
    if (!last) break;
    after = last.id;
    await settleChunk(submission, chunk, doubts, { tolerance, witness });
  }
  doubts.stopped ??= tolerance.silence();
  return doubts;
}

async function settleChunk(
  submission: Submission,
  chunk: readonly StoredPayout[],
  doubts: Doubts,
  { tolerance, witness }: { tolerance: Tolerance; witness: Witness },
): Promise<void> {
  const ids = chunk.map((payout) => payout.id);
  const attempts = await currentAttempts(submission.database, ids);
  const asked = await mapLimited(chunk, submission.concurrency, async (payout) => {
    const attempt = attempts.get(payout.id);
    const reference = attempt?.provider_reference ?? payout.reference_id;
    const found = await askPatiently(submission, (mayStart) =>
      submission.provider.lookUp(reference, mayStart),
    );
    if (found.outcome === 'unavailable') doubts.stopped ??= tolerance.unanswered(found.because);
    else tolerance.answered();
    const result: SendResult = adopt(
      { provider_reference: reference, stored_at: attempt?.stored_at ?? submission.now() },
      found,
      'its answer never came',
    );
    return { payout, found, result, asked_at: submission.now() };
  });
  const missing = await storeFindings(submission, asked, doubts);
  // What was asked about and is not there may be sent again, whatever became of another question: where one look-up in
  // ten fails, a chunk of them hardly ever succeeds as a whole, and nothing would ever be sent.
  if (missing.length > 0 && (await isWitnessed(witness, doubts)))
    await sendAgain(submission, missing, doubts);
}

/** Where it is not, nothing is sent again, and where a witness speaks against it nothing at all. */
async function isWitnessed(witness: Witness, doubts: Doubts): Promise<boolean> {
  const { answer, because } = await witness();
  if (answer === 'another') doubts.stopped ??= because;
  return answer === 'same';
}

interface Asked {
  payout: StoredPayout;
  found: LookUpOutcome;
  result: SendResult;
  asked_at: string;
}

/** Stores what was found; answers the payouts that the provider does not know and that may be sent again. */
async function storeFindings(
  submission: Submission,
  asked: readonly Asked[],
  doubts: Doubts,
): Promise<bigint[]> {
  const at = submission.now();
  const occasion = applyOccasion(submission, at);
  return submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    await applyProviderStatuses(
      tx,
      asked.flatMap(({ payout, result }) =>
        result.kind === 'accepted'
          ? [{ payout_id: payout.id, report: result.report, source: 'look_up' as const, confirmed: true }]
          : [],
      ),
      occasion,
    );
    const rest = asked.filter(({ result }) => result.kind !== 'accepted');
    const ids = rest.map(({ payout }) => payout.id);
    const [payouts, unanswered] = [await payoutsById(tx, ids), await unansweredSends(tx, ids)];
    const since = await sentSince(tx, ids);
    const changed: StoredPayout[] = [];
    const missing: bigint[] = [];
    for (const {
      payout: { id },
      found,
      result,
    } of rest) {
      const payout = payouts.get(id);
      // A webhook may have settled it meanwhile.
      if (!payout || (payout.state !== 'submitting' && payout.state !== 'unknown')) continue;
      if (result.kind === 'held')
        changed.push(hold(payout, result.hold_reason, result.reason, occasion).payout);
      else if (found.outcome !== 'not_found' || isTooEarly(submission, unanswered.get(id)?.last_at, at)) {
        changed.push(doubted(payout, occasion).payout);
      } else if (!withinWindow(submission, since.get(id) ?? at, at)) {
        changed.push(hold(payout, 'not_found_in_window', expired(submission), occasion).payout);
      } else {
        changed.push(doubted(payout, occasion).payout);
        missing.push(id);
      }
    }
    await savePayouts(tx, changed);
    await recordQuestions(
      tx,
      asked.map((each) => questionOf(each, at)),
    );
    doubts.settled += asked.length - changed.filter((payout) => payout.state === 'unknown').length;
    doubts.open += changed.filter((payout) => payout.state === 'unknown').length;
    return missing;
  });
}

function expired(submission: Submission): string {
  const minutes = Math.round(submission.provider.capabilities.idempotency_window_ms / 60_000);
  const window = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `never found by reference, and the ${window} in which ${submission.provider.name} is trusted to know a reference again are over, less a margin for what is under way`;
}

/** Whether a look-up may not show yet what the last send made: "not found" is then no reason for anything. */
function isTooEarly(submission: Submission, lastAt: string | undefined, at: string): boolean {
  const elapsed = Date.parse(at) - Date.parse(lastAt ?? at);
  return elapsed >= 0 && elapsed < submission.provider.capabilities.look_up_lateness_ms;
}

/**
 * From when the window of each counts: its first send that is unanswered. One that was answered, and is in doubt all the
 * same, counts from its first send of all.
 */
async function sentSince(reader: Reader, ids: readonly bigint[]): Promise<Map<bigint, string>> {
  const since = await firstSends(reader, ids);
  for (const [id, { first_at }] of await unansweredSends(reader, ids)) since.set(id, first_at);
  return since;
}

/** A clock that went back proves nothing about how much time has passed, so it counts as expired. */
function withinWindow(submission: Submission, firstAt: string, at: string): boolean {
  const elapsed = Date.parse(at) - Date.parse(firstAt);
  return elapsed >= 0 && elapsed < submission.provider.capabilities.idempotency_window_ms - WINDOW_MARGIN_MS;
}

function questionOf({ payout, found, result, asked_at }: Asked, at: string) {
  return {
    payout_id: payout.id,
    attempt_no: payout.attempt_no,
    kind: 'look_up' as const,
    asked_at,
    at,
    outcome: found.outcome,
    reason:
      'reason' in result
        ? result.reason
        : found.outcome === 'found'
          ? `${found.report.provider_id} ${found.report.status}`
          : null,
    http_status: null,
    transport_error: null,
    answer: null,
  };
}

async function sendAgain(submission: Submission, ids: readonly bigint[], doubts: Doubts): Promise<void> {
  if (submission.stop.aborted) return;
  const since = await sentSince(submission.database, ids);
  const items: Sendable[] = await submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    const wanted = await stillWanted(tx, ids);
    const resent = wanted
      .slice(0, submission.budget.take(wanted.length))
      .map((payout): StoredPayout => ({ ...payout, state: 'submitting', updated_at: submission.now() }));
    await savePayouts(tx, resent);
    return prepareSends(tx, resent, submission.now());
  });
  // The others of a chunk, a pause, a machine that slept: hours may pass between the look-up and this very send.
  const mayStart = (id: bigint) => {
    const now = submission.now();
    return !submission.stop.aborted && withinWindow(submission, since.get(id) ?? now, now);
  };
  const sent = await mapLimited(items, submission.concurrency, (item) =>
    submitPayout(submission.provider, item, submission.now, () => mayStart(item.payout_id)),
  );
  const stored =
    sent.length === 0
      ? []
      : await submission.database.transaction((tx) => recordOutcomes(tx, submission, sent));
  doubts.resent += sent.length;
  const settled = stored.filter(({ state }) => state !== 'unknown').length;
  doubts.settled += settled;
  doubts.open -= settled;
}

/**
 * Those that nobody settled since they were asked about, and whose batch nobody cancelled: who cancels wants it found
 * out, and not paid after all. Asked in the transaction that begins the sends, so that no cancel comes between.
 */
async function stillWanted(tx: Transaction, ids: readonly bigint[]): Promise<StoredPayout[]> {
  const payouts = [...(await payoutsById(tx, ids)).values()].filter(({ state }) => state === 'unknown');
  const cancelled = await cancelledWithBatch(tx, ids);
  return payouts.filter((payout) => !cancelled.has(payout.id));
}

/** Like Promise.all over `work`, with at most `limit` at a time. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
