/**
 * Intent → network → outcome, for many payouts at once. A group of intents is committed before any of it leaves; the
 * next group is stored while this one is on the wire; outcomes are stored in groups as they come. Whatever interrupts
 * this, the ledger knows of every byte that may have left.
 */
import { PayrunError } from '../domain/errors.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { beginAttempt, beginSend } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { LONGEST_PAUSE_MS } from '../providers/provider.ts';
import {
  type Attempt,
  beginSends,
  currentAttempts,
  endAttempt,
  storeAttempts,
  unansweredSends,
} from '../store/attempts.ts';
import { inList, listParam, type Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { savePayouts } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import { backoffMs } from './backoff.ts';
import { createOutcomeRecorder, type OutcomeRecorder, type Stored } from './record-outcomes.ts';
import type { Sendable, SendCounts, Sent, Stopped, Submission } from './submission.ts';
import { submitPayout } from './submit-payout.ts';
import { slowDown } from './tolerance.ts';

/** The most intents that are stored ahead; what a kill leaves to look up stays small. */
const LARGEST_GROUP = 256;
/** A provider that calls so many requests in a row malformed is not going to like the next. */
const BAD_REQUESTS_IN_A_ROW = 10;
/** How often the same payout waits out a 429, each time longer, before the batch gives up for now. */
const PATIENCE = 10;

/** Answers the next payouts to send, in order, none twice; read inside the transaction that claims them. */
export type NextPayouts = (tx: Transaction, limit: number) => Promise<StoredPayout[]>;

export interface SendReport {
  counts: SendCounts;
  stopped: Stopped | null;
}

export async function sendPayouts(submission: Submission, next: NextPayouts): Promise<SendReport> {
  const sender = createSender(submission);
  const groupSize = Math.min(LARGEST_GROUP, Math.max(8, submission.concurrency * 4));
  try {
    let coming = claim(submission, next, groupSize);
    for (;;) {
      const group = await coming;
      if (group.length === 0) break;
      const more = !sender.mayNotSend();
      // Stored while this group is on the wire, so that the wire never waits for the disk.
      coming = more ? claim(submission, next, groupSize) : Promise.resolve([]);
      // Awaited at the next turn; an error until then must not end the process as one that nobody handles.
      coming.catch(() => undefined);
      for (const item of group) await sender.send(item);
    }
    return await sender.finish();
  } catch (error) {
    await sender.abandon();
    throw error;
  }
}

interface Sender {
  /** Resolves when there is room for another; a payout that may not be sent any more goes back unsent. */
  send(item: Sendable): Promise<void>;
  mayNotSend(): boolean;
  finish(): Promise<SendReport>;
  /** After an error of storage: waits until nothing is under way, and swallows what that yields. */
  abandon(): Promise<void>;
}

function createSender(submission: Submission): Sender {
  const recorder = createOutcomeRecorder(submission);
  const counts: SendCounts = { sent: 0, accepted: 0, refused: 0, doubtful: 0, held: 0, back: 0 };
  const wire = createPlaces(submission.concurrency);
  // Answers that wait for the disk free their place on the wire, but only so many of them: memory stays flat.
  const disk = createPlaces(submission.concurrency + LARGEST_GROUP * 2);
  const underWay = new Set<Promise<void>>();
  let stopped: Stopped | null = null;
  let failure: unknown;
  let badRequests = 0;
  let unaffordable = 0;
  const mayStart = () => stopped === null && failure === undefined && !submission.stop.aborted;

  /** One send on the wire; the place has been taken. */
  const onWire = async (item: Sendable): Promise<Sent> => {
    try {
      const sent = await submitPayout(submission.provider, item, submission.now, mayStart);
      if (sent.result.kind === 'accepted') submission.budget.earn(1);
      badRequests = isBadRequest(sent) ? badRequests + 1 : sent.result.kind === 'accepted' ? 0 : badRequests;
      stopped ??=
        reasonToStop(sent, submission) ??
        (badRequests >= BAD_REQUESTS_IN_A_ROW ? tooManyBadRequests(sent) : null);
      return sent;
    } finally {
      wire.leave();
    }
  };
  const one = async (item: Sendable): Promise<void> => {
    let sent = await onWire(item);
    for (let turn = 1; ; turn += 1) {
      if (sent.result.kind === 'not_executed' && sent.result.why === 'funds') unaffordable += 1;
      const stored: Stored = await recorder.record(sent);
      count(counts, stored);
      submission.onProgress(counts);
      if (!stored.again) return;
      if (turn === PATIENCE) stopped ??= { code: 'provider_unreachable', reason: slowDown(0) };
      if (!mayStart()) return withdraw(recorder, stored.again, submission);
      await waitFor(sent, turn, submission);
      await wire.take();
      sent = await onWire(stored.again);
    }
  };

  return {
    mayNotSend: () => !mayStart(),
    async send(item) {
      await disk.take();
      await wire.take();
      if (failure !== undefined) throw failure;
      const job: Promise<void> = one(item)
        .catch((error) => {
          failure ??= error;
        })
        .finally(() => {
          underWay.delete(job);
          disk.leave();
        });
      underWay.add(job);
    },
    async finish() {
      await Promise.all(underWay);
      if (failure !== undefined) throw failure;
      return { counts, stopped: stopped ?? leftOver(submission, unaffordable) };
    },
    async abandon() {
      failure ??= new Error('abandoned');
      await Promise.all(underWay);
    },
  };
}

/** Why a run that nothing stopped still left rows unsent. Skipped is not solved: they go when there is money again. */
function leftOver(submission: Submission, unaffordable: number): Stopped | null {
  // First: after a signal nothing more is asked, whatever the balance was.
  if (submission.stop.aborted) return { code: 'interrupted', reason: 'stopped by a signal' };
  if (unaffordable > 0) {
    const reason = `${submission.provider.name} had too little balance for ${unaffordable} rows; the others were sent`;
    return { code: 'insufficient_funds', reason };
  }
  return null;
}

interface Places {
  /** Resolves when there is a place, first come first served. */
  take(): Promise<void>;
  leave(): void;
}

function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    take: () => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}

function count(counts: SendCounts, { sent, state }: Stored): void {
  if (sent.result.kind === 'not_executed') {
    if (state === 'approved') counts.back += 1;
    return;
  }
  counts.sent += 1;
  if (sent.result.kind === 'accepted') counts.accepted += 1;
  if (state === 'failed') counts.refused += 1;
  if (state === 'unknown') counts.doubtful += 1;
  if (state === 'held') counts.held += 1;
}

/** Refusals that say more about us than about the payout: our requests, or our clock. */
function isBadRequest({ result }: Sent): boolean {
  return (
    result.kind === 'held' &&
    (result.hold_reason === 'bad_request' || result.hold_reason === 'foreign_reference')
  );
}

function tooManyBadRequests({ result }: Sent): Stopped {
  const reason = 'reason' in result ? result.reason : '';
  return {
    code: 'too_many_bad_requests',
    reason: `the provider called ${BAD_REQUESTS_IN_A_ROW} requests in a row malformed or not ours, at last: ${reason}`,
  };
}

/** What one answer says about all that would follow. */
function reasonToStop({ result }: Sent, submission: Submission): Stopped | null {
  if (result.kind !== 'not_executed') return null;
  switch (result.why) {
    case 'funds':
      return submission.on_low_balance === 'skip'
        ? null
        : { code: 'insufficient_funds', reason: result.reason };
    case 'credentials':
      return { code: 'provider_credentials', reason: result.reason };
    case 'never_sent':
      return { code: 'provider_unreachable', reason: result.reason };
    case 'rate_limited':
      return result.retry_after_ms > LONGEST_PAUSE_MS
        ? { code: 'provider_unreachable', reason: slowDown(result.retry_after_ms) }
        : null;
    case 'stopped':
      return null;
  }
}

async function waitFor({ result }: Sent, turn: number, submission: Submission): Promise<void> {
  const wait = result.kind === 'not_executed' ? result.retry_after_ms : 0;
  await submission.sleep(wait + backoffMs(turn), submission.stop);
}

/** A payout that waited out too many 429s: not executed, back to approved. */
async function withdraw(recorder: OutcomeRecorder, item: Sendable, submission: Submission): Promise<void> {
  await recorder.record({
    item,
    answered_at: submission.now(),
    answer: { http_status: null, transport_error: null, text: null },
    result: {
      kind: 'not_executed',
      why: 'stopped',
      reason: 'the provider kept asking to slow down',
      retry_after_ms: 0,
    },
  });
}

/** One transaction: state, entry, attempt with its bytes, and the send that is about to be made, for each of a group. */
async function claim(submission: Submission, next: NextPayouts, limit: number): Promise<Sendable[]> {
  const at = submission.now();
  const occasion = { at, actor: submission.actor.name, rules: submission.rules };
  return submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    const payouts = await withFittingAttempts(tx, submission, await next(tx, limit), at);
    if (payouts.length === 0) return [];
    const changed: StoredPayout[] = [];
    const entries: NewEntry[] = [];
    for (const payout of payouts) {
      const change = beginSend(payout, occasion);
      changed.push(change.payout);
      entries.push(...change.entries);
    }
    await savePayouts(tx, changed);
    await storeNewAttempts(tx, submission, changed, at);
    await postEntries(tx, entries);
    return prepareSends(tx, changed, at);
  });
}

/**
 * An attempt that was stored and provably never executed keeps its bytes, and they name the account of that day. Where
 * the beneficiary has another account since, the payout gets a new attempt with a reference of its own.
 */
async function withFittingAttempts(
  tx: Transaction,
  submission: Submission,
  payouts: readonly StoredPayout[],
  at: string,
): Promise<StoredPayout[]> {
  const again = payouts.filter((payout) => payout.attempt_no > 0);
  if (again.length === 0) return [...payouts];
  const stored = await currentAttempts(
    tx,
    again.map((payout) => payout.id),
  );
  const beneficiaries = await providerBeneficiaries(tx, submission.provider.name, again);
  const fitting: StoredPayout[] = [];
  for (const payout of payouts) {
    const attempt = stored.get(payout.id);
    if (
      attempt === undefined ||
      attempt.provider_beneficiary_id === beneficiaries.get(payout.beneficiary_id)
    ) {
      fitting.push(payout);
      continue;
    }
    await endAttempt(tx, payout, at);
    fitting.push(beginAttempt(payout, { at, actor: submission.actor.name, rules: submission.rules }).payout);
  }
  return fitting;
}

async function storeNewAttempts(
  tx: Transaction,
  submission: Submission,
  payouts: readonly StoredPayout[],
  at: string,
): Promise<void> {
  const beneficiaries = await providerBeneficiaries(tx, submission.provider.name, payouts);
  const attempts: Attempt[] = payouts.map((payout) => {
    const reference = payout.provider_reference ?? payout.reference_id;
    const beneficiary = beneficiaries.get(payout.beneficiary_id);
    if (beneficiary === undefined) {
      throw new PayrunError(
        'failed',
        'beneficiary_unregistered',
        `${submission.provider.name} has not registered the beneficiary of ${reference}, so nothing can be sent.`,
        {
          hint: 'See why with `payrun beneficiary verify`.',
        },
      );
    }
    return {
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      provider: payout.provider,
      provider_reference: reference,
      provider_beneficiary_id: beneficiary,
      body: submission.provider.compose({
        provider_reference: reference,
        provider_beneficiary_id: beneficiary,
        amount_minor: payout.amount_minor,
        currency: payout.currency,
        rail: payout.rail,
        narration: payout.narration,
      }),
      stored_at: at,
    };
  });
  await storeAttempts(tx, attempts);
}

async function providerBeneficiaries(
  tx: Transaction,
  provider: string,
  payouts: readonly StoredPayout[],
): Promise<Map<bigint, string>> {
  const rows = await tx.all<{ beneficiary_id: bigint; provider_beneficiary_id: string }>(
    `select beneficiary_id, provider_beneficiary_id from registrations
     where provider = :provider and provider_beneficiary_id is not null and beneficiary_id in (${inList('ids')})`,
    { provider, ids: listParam(payouts.map((payout) => payout.beneficiary_id)) },
  );
  return new Map(rows.map((row) => [row.beneficiary_id, row.provider_beneficiary_id]));
}

/** The sends of payouts whose attempts are stored, with the stored bytes. Also for the repeat of a doubtful one. */
export async function prepareSends(
  tx: Transaction,
  payouts: readonly StoredPayout[],
  at: string,
): Promise<Sendable[]> {
  const ids = payouts.map((payout) => payout.id);
  const [attempts, unanswered] = [await currentAttempts(tx, ids), await unansweredSends(tx, ids)];
  const sends = await beginSends(
    tx,
    payouts.map((payout) => ({
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      kind: 'submit' as const,
    })),
    at,
  );
  return payouts.flatMap((payout, index) => {
    const attempt = attempts.get(payout.id);
    const send_id = sends[index];
    if (!attempt || send_id === undefined) return [];
    return [
      {
        payout_id: payout.id,
        reference_id: payout.reference_id,
        attempt_no: payout.attempt_no,
        provider_reference: attempt.provider_reference,
        body: attempt.body,
        amount_minor: payout.amount_minor,
        stored_at: attempt.stored_at,
        send_id,
        earlier_unanswered: (unanswered.get(payout.id)?.count ?? 0) > 0,
      },
    ];
  });
}
