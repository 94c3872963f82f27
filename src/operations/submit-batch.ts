/**
 * Sends a batch: recovery first, then registration, balance, the sends themselves, and a second look at whatever they
 * left in doubt. May be interrupted anywhere and run again; what was done is not done twice.
 */

import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import { hold } from '../domain/payout/change.ts';
import type { PayoutState } from '../domain/payout/payout.ts';
import { LONGEST_PAUSE_MS, type Unavailable } from '../providers/provider.ts';
import type { Reader } from '../store/database.ts';
import { doubtfulPayouts, payoutsById, savePayouts, statesOfBatch } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import { amountToSend, beneficiariesToRegister, countMalformed } from '../store/submission.ts';
import { backoffMs } from './backoff.ts';
import { refuseUnchecked } from './compare-restored.ts';
import { type HoldSettings, rowsToHold } from './hold-rules.ts';
import { withSendingBooks } from './keep-books.ts';
import { refuseOlderCopy } from './older-copy.ts';
import { BAD_REQUESTS_IN_A_ROW, sendPayouts } from './send-payouts.ts';
import type { SendingBooks } from './sending-books.ts';
import { settleDoubts } from './settle-doubts.ts';
import type { SendCounts, Stopped, Submission } from './submission.ts';
import { stoppedBy } from './tolerance.ts';
import { balanceUnknown, watchBalance } from './watch-balance.ts';

export interface BatchToSubmit {
  id: bigint;
  name: string;
  currency: string;
}

export interface SubmitOptions {
  /** Send at most so many rows, then stop. */
  first: number | null;
  holds: HoldSettings;
  /** Registers the given beneficiaries with the provider; answers why that had to stop, or null. */
  register(beneficiaryIds: readonly bigint[]): Promise<Stopped | null>;
}

export interface BatchReport {
  counts: SendCounts;
  stopped: Stopped | null;
}

const NOTHING_SENT: SendCounts = { sent: 0, accepted: 0, refused: 0, doubtful: 0, held: 0, back: 0 };
/** Doubts are looked at again after these waits: a provider that was slow to accept has it by then, mostly. */
const SECOND_LOOKS_MS = [250, 1_000, 3_000];

export async function submitBatch(
  submission: Submission,
  batch: BatchToSubmit,
  options: SubmitOptions,
): Promise<BatchReport> {
  await refuseUnchecked(submission.database, submission.provider.name);
  const queue = { batch_id: batch.id, first: options.first };
  return withSendingBooks(submission, queue, (books) => submitWith(books, submission, batch, options));
}

async function submitWith(
  books: SendingBooks,
  submission: Submission,
  batch: BatchToSubmit,
  options: SubmitOptions,
): Promise<BatchReport> {
  const balance = await firstWord(submission, batch, options.first);
  if (balance.stopped) return { counts: NOTHING_SENT, stopped: balance.stopped };
  await refuseOlderCopy(submission, batch.id);
  const recovered = await settleDoubts(submission);
  if (recovered.stopped) return { counts: NOTHING_SENT, stopped: recovered.stopped };
  const unregistered = await beneficiariesToRegister(submission.database, batch.id, submission.provider.name);
  const refusedRegistration = unregistered.length > 0 ? await options.register(unregistered) : null;
  if (refusedRegistration) return { counts: NOTHING_SENT, stopped: refusedRegistration };
  await holdBeforeSending(submission, batch.id, options.holds);
  const short =
    submission.on_low_balance === 'stop'
      ? await shortfall(submission, batch, options.first, balance.available_minor)
      : null;
  if (short) return { counts: NOTHING_SENT, stopped: short };
  const { first } = options;
  const watch = watchBalance(submission, { ...batch, first });
  const wary = await refusedAsMalformed(submission.database, submission.provider.name);
  const report = await sendPayouts(submission, books, { watch, wary });
  // Rows that were skipped for want of money say nothing about those that are in doubt.
  const skipped = report.stopped?.code === 'insufficient_funds' && submission.on_low_balance === 'skip';
  if ((report.stopped === null || skipped) && report.counts.doubtful > 0) {
    return { counts: report.counts, stopped: (await lookAgain(submission)) ?? report.stopped };
  }
  return report;
}

/** Whether an earlier run ended with so many 400s: their cause may stand, and is tried with one row before the others. */
async function refusedAsMalformed(database: Reader, provider: string): Promise<boolean> {
  return (await countMalformed(database, provider)) >= BAD_REQUESTS_IN_A_ROW;
}

async function holdBeforeSending(
  submission: Submission,
  batchId: bigint,
  settings: HoldSettings,
): Promise<void> {
  const occasion = { at: submission.now(), actor: submission.actor.name, rules: submission.rules };
  await submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    const toHold = await rowsToHold(tx, batchId, submission.provider.name, settings);
    const payouts = await payoutsById(tx, [...toHold.keys()]);
    const held = [...toHold].flatMap(([id, { reason, note }]) => {
      const payout = payouts.get(id);
      // A released row goes on, but for one that the provider has already: that would pay twice.
      const released = reason === 'look_alike' && payout?.released_at !== null;
      return payout?.state === 'approved' && !released ? [hold(payout, reason, note, occasion).payout] : [];
    });
    await savePayouts(tx, held);
  });
}

/** More would make old payouts look new, and new ones old: whether one under our reference is ours is told by its time. */
const LARGEST_CLOCK_DIFFERENCE_MS = 4 * 60_000;

/** How often the first question of a run is asked. */
const FIRST_QUESTIONS = 3;

/**
 * The first question of a run: it shows whether the provider answers us at all, whether our clocks agree, and what it
 * has. A balance that cannot be read stops nothing, since a 402 will, but it is said: nobody has checked then.
 */
async function firstWord(
  submission: Submission,
  batch: BatchToSubmit,
  first: number | null,
): Promise<{ stopped: Stopped | null; available_minor: bigint | null }> {
  const needed = await amountToSend(submission.database, batch.id, first);
  const doubts = await doubtfulPayouts(submission.database, submission.provider.name, 0n, 1);
  if (needed === 0n && doubts.length === 0) return { stopped: null, available_minor: null };
  const balance = await askBalance(submission);
  if (!balance.ok) {
    const { because } = balance;
    if (because.kind !== 'bad_answer' && !mayBeWaitedOut(because))
      return { stopped: stoppedBy(because), available_minor: null };
    submission.onWarning(balanceUnknown(submission.provider.name, stoppedBy(because).reason));
    return { stopped: null, available_minor: null };
  }
  refuseWrongClock(submission, balance.value.stated_at);
  const { currency, available_minor } = balance.value;
  if (currency === batch.currency) return { stopped: null, available_minor };
  const reason = `it is stated in ${currency}, and the batch is in ${batch.currency}`;
  submission.onWarning(balanceUnknown(submission.provider.name, reason));
  return { stopped: null, available_minor: null };
}

function mayBeWaitedOut(because: Unavailable): because is Extract<Unavailable, { kind: 'rate_limited' }> {
  return because.kind === 'rate_limited' && because.retry_after_ms <= LONGEST_PAUSE_MS;
}

/** A question that was lost among good ones says nothing of the provider; one that is lost three times does. */
async function askBalance(submission: Submission): ReturnType<Submission['provider']['balance']> {
  for (let turn = 1; ; turn += 1) {
    const balance = await submission.provider.balance();
    if (balance.ok || turn === FIRST_QUESTIONS || submission.stop.aborted) return balance;
    const { because } = balance;
    if (because.kind !== 'unreachable' && !mayBeWaitedOut(because)) return balance;
    const pause = because.kind === 'rate_limited' ? because.retry_after_ms : 0;
    await submission.sleep(pause + backoffMs(turn), submission.stop);
  }
}

export function refuseWrongClock(submission: Submission, statedAt: string): void {
  const differenceMs = Date.parse(submission.now()) - Date.parse(statedAt);
  if (Number.isNaN(differenceMs) || Math.abs(differenceMs) <= LARGEST_CLOCK_DIFFERENCE_MS) return;
  const minutes = Math.round(Math.abs(differenceMs) / 60_000);
  throw new PayrunError(
    'failed',
    'clock_differs',
    `This machine's clock is ${minutes} minutes ${differenceMs > 0 ? 'ahead of' : 'behind'} ${submission.provider.name}'s.`,
    { hint: 'Set the clock and run this again. Nothing was sent.' },
  );
}

/** Whether the balance covers what is to be sent now, after doubts were settled and rows were held. */
async function shortfall(
  submission: Submission,
  batch: BatchToSubmit,
  first: number | null,
  available: bigint | null,
): Promise<Stopped | null> {
  const needed = await amountToSend(submission.database, batch.id, first);
  if (available === null || needed === 0n || available >= needed) return null;
  const [has, needs, missing] = [available, needed, needed - available].map((minor) =>
    formatAmount(minor, batch.currency),
  );
  return {
    code: 'insufficient_funds',
    reason: `${submission.provider.name} has ${has} ${batch.currency} available, and the rows to send need ${needs}: ${missing} are missing, and nothing of them was sent. Top it up, or send the rows that fit with --on-low-balance skip`,
  };
}

async function lookAgain(submission: Submission): Promise<Stopped | null> {
  for (const wait of SECOND_LOOKS_MS) {
    await submission.sleep(wait * (0.75 + Math.random() / 2), submission.stop);
    if (submission.stop.aborted) return { code: 'interrupted', reason: 'stopped by a signal' };
    const doubts = await settleDoubts(submission);
    if (doubts.stopped || doubts.open === 0) return doubts.stopped;
  }
  return null;
}

/** Rows and amounts of a batch by state, only states that have rows. */
export async function batchStates(
  reader: Parameters<typeof statesOfBatch>[0],
  batch: BatchToSubmit,
): Promise<{ states: Partial<Record<PayoutState, number>>; amounts: Partial<Record<PayoutState, string>> }> {
  const states: Partial<Record<PayoutState, number>> = {};
  const amounts: Partial<Record<PayoutState, string>> = {};
  for (const row of await statesOfBatch(reader, batch.id)) {
    states[row.state] = Number(row.count);
    amounts[row.state] = formatAmount(row.amount_minor, batch.currency);
  }
  return { states, amounts };
}
