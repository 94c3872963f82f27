/**
 * Intent → network → outcome, for many payouts at once. A group of intents is committed before any of it leaves; the
 * next group is stored while this one is on the wire; outcomes are stored in groups as they come. Whatever interrupts
 * this, the ledger knows of every byte that may have left.
 */
import { LONGEST_PAUSE_MS } from '../providers/provider.ts';
import { backoffMs } from './backoff.ts';
import { createOutcomeRecorder, type OutcomeRecorder, type Stored } from './gather-outcomes.ts';
import { createPlaces } from './places.ts';
import type { SendingBooks } from './sending-books.ts';
import type { Sendable, SendCounts, Sent, Stopped, Submission } from './submission.ts';
import { submitPayout } from './submit-payout.ts';
import { slowDown } from './tolerance.ts';
import type { Watch } from './watch-balance.ts';

/**
 * The most intents that are stored ahead; what a kill leaves to look up stays small. Groups begin small, since storing
 * one keeps answers waiting, and grow where the wire has to wait for the disk.
 */
const LARGEST_GROUP = 256;
const SMALLEST_GROUP = 32;
/** A provider that calls so many requests in a row malformed is not going to like the next. */
export const BAD_REQUESTS_IN_A_ROW = 10;
/** A pause that a provider asks for is shorter; what waits it out is sent, however short the window is. */
const LEAST_AGE_MS = 3_600_000;
/** How often the same payout waits out a 429, each time longer, before the batch gives up for now. */
const PATIENCE = 10;

export interface SendOptions {
  watch?: Watch;
  /** One row goes first, and the others only where its request is not called malformed. */
  wary?: boolean;
}

export interface SendReport {
  counts: SendCounts;
  stopped: Stopped | null;
}

export async function sendPayouts(
  submission: Submission,
  books: SendingBooks,
  { watch, wary = false }: SendOptions = {},
): Promise<SendReport> {
  const sender = createSender(submission, books, wary);
  const claim = async (limit: number): Promise<Claimed> => {
    const at_ms = Date.parse(submission.now());
    return { items: await books.claim(limit), at_ms };
  };
  const largest = Math.min(LARGEST_GROUP, Math.max(8, submission.concurrency * 4));
  let size = Math.min(SMALLEST_GROUP, largest);
  try {
    let claimed = 0;
    if (wary) {
      const { items, at_ms } = await claim(1);
      for (const item of items) await sender.send(item, at_ms);
      await sender.answered();
      claimed += 1;
    }
    let coming: Promise<Claimed> = sender.mayNotSend() ? NONE : claim(size);
    for (let turn = 0; ; turn += 1) {
      const { items, at_ms } = await coming;
      if (items.length === 0) break;
      claimed += items.length;
      watch?.(sender.stopFor, claimed);
      const more = !sender.mayNotSend();
      if (turn > 0 && sender.idle()) size = Math.min(size * 2, largest);
      // Stored while this group is on the wire, so that the wire never waits for the disk.
      coming = more ? claim(size) : NONE;
      // Awaited at the next turn; an error until then must not end the process as one that nobody handles.
      coming.catch(() => undefined);
      for (const item of items) await sender.send(item, at_ms);
    }
    return await sender.finish();
  } catch (error) {
    await sender.abandon();
    throw error;
  }
}

/** Payouts whose intents were stored then, or a little later. */
interface Claimed {
  items: Sendable[];
  at_ms: number;
}

const NONE: Promise<Claimed> = Promise.resolve({ items: [], at_ms: 0 });

/**
 * Whether what was claimed then may still be sent. Who was stopped for most of a provider's window, or slept, may have
 * been replaced by somebody who has sent the same since, and by then the provider has forgotten that.
 */
function isFresh({ now, provider }: Submission, claimedMs: number): boolean {
  const age = Date.parse(now()) - claimedMs;
  return age < Math.max(provider.capabilities.idempotency_window_ms / 2, LEAST_AGE_MS);
}

interface Sender {
  /** Resolves when there is room for another; a payout that may not be sent any more goes back unsent. */
  send(item: Sendable, claimedMs: number): Promise<void>;
  mayNotSend(): boolean;
  /** Whether the wire has room for more than half of what may be on it. */
  idle(): boolean;
  stopFor(why: Stopped): void;
  /** Resolves when nothing is under way. */
  answered(): Promise<void>;
  finish(): Promise<SendReport>;
  /** After an error of storage: waits until nothing is under way, and swallows what that yields. */
  abandon(): Promise<void>;
}

function createSender(submission: Submission, books: SendingBooks, wary: boolean): Sender {
  const recorder = createOutcomeRecorder(books);
  const counts: SendCounts = { sent: 0, accepted: 0, refused: 0, doubtful: 0, held: 0, back: 0 };
  const wire = createPlaces(submission.concurrency);
  // Answers that wait for the disk free their place on the wire, but only so many of them: memory stays flat.
  const disk = createPlaces(submission.concurrency + LARGEST_GROUP * 2);
  const underWay = new Set<Promise<void>>();
  let stopped: Stopped | null = null;
  let failure: unknown;
  let unaffordable = 0;
  const malformed = countMalformed(wary);
  const mayStart = () => stopped === null && failure === undefined && !submission.stop.aborted;
  /** One send on the wire; the place has been taken. */
  const onWire = async (item: Sendable, claimedMs: number): Promise<Sent> => {
    try {
      const may = () => mayStart() && isFresh(submission, claimedMs);
      const sent = await submitPayout(submission.provider, item, submission.now, may);
      stopped ??= malformed(sent) ?? reasonToStop(sent, submission);
      return sent;
    } finally {
      wire.leave();
    }
  };
  const one = async (item: Sendable, claimedMs: number): Promise<void> => {
    let sent = await onWire(item, claimedMs);
    for (let turn = 1; ; turn += 1) {
      if (sent.result.kind === 'not_executed' && sent.result.why === 'funds') unaffordable += 1;
      const stored: Stored = await recorder.record(sent);
      count(counts, stored, submission);
      submission.onProgress(counts);
      if (!stored.again) return;
      if (turn === PATIENCE) stopped ??= { code: 'provider_unreachable', reason: slowDown(0) };
      if (!mayStart()) return withdraw(recorder, stored.again, submission);
      await waitFor(sent, turn, submission);
      await wire.take();
      sent = await onWire(stored.again, claimedMs);
    }
  };
  return {
    mayNotSend: () => !mayStart(),
    idle: () => wire.free() * 2 > submission.concurrency,
    stopFor: (why) => {
      stopped ??= why;
    },
    async send(item, claimedMs) {
      await disk.take();
      await wire.take();
      if (failure !== undefined) throw failure;
      const job: Promise<void> = one(item, claimedMs)
        .catch((error) => {
          failure ??= error;
        })
        .finally(() => {
          underWay.delete(job);
          disk.leave();
        });
      underWay.add(job);
    },
    answered: () => allOf(underWay),
    async finish() {
      await allOf(underWay);
      if (failure !== undefined) throw failure;
      return { counts, stopped: stopped ?? leftOver(submission, unaffordable) };
    },
    async abandon() {
      failure ??= new Error('abandoned');
      await allOf(underWay);
    },
  };
}

async function allOf(underWay: ReadonlySet<Promise<void>>): Promise<void> {
  await Promise.all(underWay);
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

function count(counts: SendCounts, { sent, state }: Stored, { budget }: Submission): void {
  if (sent.result.kind === 'not_executed') {
    if (state === 'approved') counts.back += 1;
    return;
  }
  counts.sent += 1;
  if (sent.result.kind === 'accepted') {
    counts.accepted += 1;
    budget.earn(1);
  }
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

/** Told of every answer, says when there were too many in a row; a wary one at the first. */
function countMalformed(wary: boolean): (sent: Sent) => Stopped | null {
  let inARow = wary ? BAD_REQUESTS_IN_A_ROW - 1 : 0;
  return (sent) => {
    if (isBadRequest(sent)) inARow += 1;
    else if (sent.result.kind === 'accepted') inARow = 0;
    return tooManyBadRequests(sent, inARow, wary);
  };
}

function tooManyBadRequests({ result }: Sent, inARow: number, wary: boolean): Stopped | null {
  if (inARow < BAD_REQUESTS_IN_A_ROW) return null;
  const reason = 'reason' in result ? result.reason : '';
  const called = wary
    ? 'the provider still calls our requests malformed or not ours'
    : `the provider called ${BAD_REQUESTS_IN_A_ROW} requests in a row malformed or not ours, at last`;
  return {
    code: 'too_many_bad_requests',
    reason: `${called}: ${reason}. Find what they have in common and have it corrected; the next run tries one row before the others. What is held is settled with payout resolve, or all of a batch at once with its --batch`,
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
