/**
 * A new attempt for payouts that have provably failed or came back. The new attempt has a reference of its own, so
 * that the old proof has to be a proof: after a person's word alone the provider is asked first.
 */

import { PayrunError } from '../domain/errors.ts';
import { type ApprovalPolicy, asksForApproval } from '../domain/payout/approval-policy.ts';
import { beginAttempt } from '../domain/payout/change.ts';
import { RETRYABLE_STATES } from '../domain/payout/state.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { currentAttempts, endAttempt } from '../store/attempts.ts';
import { recordAudit } from '../store/audit.ts';
import { batchById } from '../store/batches.ts';
import { inList, listParam, type Reader } from '../store/database.ts';
import { payoutsById, savePayouts } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import { movedAccounts } from '../store/submission.ts';
import { applyOccasion, applyProviderStatuses, type Reported } from './apply-provider-status.ts';
import { askPatiently } from './ask-patiently.ts';
import { refuseForeignAttempts, refuseUnchecked } from './compare-restored.ts';
import { type HoldSettings, unverifiedPayouts } from './hold-rules.ts';
import { withSendingBooks } from './keep-books.ts';
import { refuseOlderCopyOf } from './older-copy.ts';
import { sendPayouts } from './send-payouts.ts';
import { mapLimited, settleDoubts } from './settle-doubts.ts';
import type { Stopped, Submission } from './submission.ts';
import { type BatchReport, refuseWrongClock } from './submit-batch.ts';
import { adopt } from './submit-payout.ts';
import { stoppedBy } from './tolerance.ts';
import { approvalMissing, approvalStanding } from './valid-approvals.ts';

export interface RetryOptions {
  holds: Pick<HoldSettings, 'unverified'>;
  /** A new attempt needs the approvals of a first, and goes to the account that was approved, or not at all. */
  approval: ApprovalPolicy;
  register(beneficiaryIds: readonly bigint[]): Promise<Stopped | null>;
}

/** Every payout in `ids` gets a new attempt, or none does. */
export async function retryPayouts(
  submission: Submission,
  ids: readonly bigint[],
  options: RetryOptions,
): Promise<BatchReport> {
  const nothing = { sent: 0, accepted: 0, refused: 0, doubtful: 0, held: 0, back: 0 };
  await refuseUnchecked(submission.database, submission.provider.name);
  await refuseForeignAttempts(submission.database, submission.provider.name, ids);
  const balance = await submission.provider.balance();
  if (balance.ok) refuseWrongClock(submission, balance.value.stated_at);
  const chosen = [...(await payoutsById(submission.database, ids)).values()];
  await refuseOlderCopyOf(
    submission,
    chosen.filter(({ state }) => RETRYABLE_STATES.has(state)),
  );
  const recovered = await settleDoubts(submission);
  if (recovered.stopped) return { counts: nothing, stopped: recovered.stopped };
  const unanswered = await proveEach(submission, ids);
  if (unanswered) return { counts: nothing, stopped: unanswered };
  const payouts = [...(await payoutsById(submission.database, ids)).values()];
  for (const payout of payouts) refuseUnproven(payout);
  const approved = { policy: options.approval, now: submission.now() };
  await refuseUnapproved(submission.database, payouts, approved);
  const unregistered = await beneficiariesOf(submission, payouts);
  const stopped = unregistered.length > 0 ? await options.register(unregistered) : null;
  if (stopped) return { counts: nothing, stopped };
  await refuseHeld(submission, payouts, options.holds);
  await beginAttempts(submission, ids, options.approval);
  return withSendingBooks(submission, { payout_ids: ids }, (books) => sendPayouts(submission, books));
}

function refuseUnproven(payout: StoredPayout): void {
  refuseState(payout);
  if (payout.resolved_as !== null) {
    throw new PayrunError(
      'failed',
      'retry_unproven',
      `${payout.reference_id} is ${payout.state} by a person's word, and the provider does not confirm it.`,
      {
        hint: 'Paying again on a word alone could pay twice. Run `payrun payout sync`, or ask the provider to settle its status. Where it will never know the reference, import the row in another batch: that is a payout of its own.',
      },
    );
  }
}

/** What can be told of a payout without asking its provider: all that a rehearsal knows. */
export function refuseState(payout: StoredPayout): void {
  // Approved, with an attempt begun before: a retry that was interrupted goes on.
  if (payout.state === 'approved' && payout.attempt_no > 1) return;
  if (payout.state === 'held' && payout.hold_reason === 'contradiction') {
    throw new PayrunError(
      'failed',
      'payout_state',
      `${payout.reference_id} is held and was not tried again: ${payout.hold_note}.`,
      {
        hint: 'It may have been paid by the attempt before. See `payrun payout explain REF`, ask the provider, and settle it with `payrun payout resolve`.',
      },
    );
  }
  if (!RETRYABLE_STATES.has(payout.state)) {
    const hint =
      payout.state === 'draft' && payout.attempt_no > 1
        ? 'Its new attempt has begun, and the approval of its batch was voided then: have it approved, and send it with `payrun batch submit`.'
        : 'A new attempt needs the proven failure or the return of the one before.';
    throw new PayrunError(
      'failed',
      'payout_state',
      `${payout.reference_id} is ${payout.state}, so it cannot be tried again.`,
      { hint },
    );
  }
}

/**
 * Asks about each payout before it gets a new attempt: a provider may have taken its FAILED back since, and a person's
 * word becomes a proof only by an agreeing status. Without an answer nothing is tried again.
 */
async function proveEach(submission: Submission, ids: readonly bigint[]): Promise<Stopped | null> {
  const occasion = applyOccasion(submission, submission.now());
  const payouts = [...(await payoutsById(submission.database, ids)).values()].filter(({ state }) =>
    RETRYABLE_STATES.has(state),
  );
  const attempts = await currentAttempts(
    submission.database,
    payouts.map(({ id }) => id),
  );
  const asked = await mapLimited(payouts, submission.concurrency, async (payout) => {
    const reference = payout.provider_reference ?? payout.reference_id;
    const found = await askPatiently(submission, (mayStart) =>
      submission.provider.lookUp(reference, mayStart),
    );
    return { payout, found, stored_at: attempts.get(payout.id)?.stored_at ?? submission.now() };
  });
  const reported: Reported[] = [];
  let taken: { payout: StoredPayout; status: string } | undefined;
  for (const { payout, found, stored_at } of asked) {
    if (found.outcome === 'unavailable') return stoppedBy(found.because);
    if (found.outcome === 'found') {
      const ours = adopt({ provider_reference: payout.provider_reference ?? '', stored_at }, found, '');
      if (ours.kind !== 'accepted') continue;
      reported.push({ payout_id: payout.id, report: found.report, source: 'look_up', confirmed: true });
      const { state, status } = found.report;
      if (state !== (payout.state === 'failed' ? 'failed' : 'reversed')) taken ??= { payout, status };
    } else if (payout.provider_id !== null) throw unproven(payout);
  }
  await submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    await applyProviderStatuses(tx, reported, occasion);
  });
  if (taken !== undefined) await refuseTakenBack(submission, taken.payout, taken.status);
  return null;
}

/** The provider says otherwise today than when the payout failed or came back: what it took back is no proof. */
async function refuseTakenBack(submission: Submission, { id, state }: StoredPayout, status: string) {
  const payout = (await payoutsById(submission.database, [id])).get(id);
  if (payout === undefined) return;
  refuseUnproven(payout);
  throw new PayrunError(
    'failed',
    'retry_unproven',
    `${payout.reference_id} was ${state}, and the provider says ${status} of it now.`,
    { hint: 'Paying again could pay twice. Run `payrun payout sync` until the provider settles it.' },
  );
}

function unproven(payout: StoredPayout): PayrunError {
  return new PayrunError(
    'failed',
    'retry_unproven',
    `${payout.reference_id} is ${payout.state}, and the provider that knew it as ${payout.provider_id} does not confirm that now.`,
    {
      hint: 'Paying again without a proof could pay twice. Ask the provider to settle its status, then run `payrun payout sync`.',
    },
  );
}

async function beneficiariesOf(submission: Submission, payouts: readonly StoredPayout[]): Promise<bigint[]> {
  const rows = await submission.database.all<{ id: bigint }>(
    `select b.id from beneficiaries b
       left join registrations r on r.beneficiary_id = b.id and r.provider = :provider and r.fingerprint = b.fingerprint
     where b.id in (${inList('ids')}) and r.provider_beneficiary_id is null order by b.id`,
    { provider: submission.provider.name, ids: listParam(payouts.map((payout) => payout.beneficiary_id)) },
  );
  return rows.map((row) => row.id);
}

async function refuseUnapproved(
  reader: Reader,
  payouts: readonly StoredPayout[],
  { policy, now }: { policy: ApprovalPolicy; now: string },
): Promise<void> {
  if (!asksForApproval(policy)) return;
  const approved: bigint[] = [];
  for (const batchId of new Set(payouts.map((payout) => payout.batch_id))) {
    const batch = await batchById(reader, batchId);
    if (batch === undefined) continue;
    const standing = await approvalStanding(reader, batch, policy, now);
    if (standing.required === 0) continue;
    if (!standing.enough) throw approvalMissing(batch.name, standing);
    approved.push(batchId);
  }
  const [moved] = await movedAccounts(
    reader,
    payouts.filter((payout) => approved.includes(payout.batch_id)).map((payout) => payout.id),
  );
  if (moved !== undefined) {
    throw new PayrunError(
      'failed',
      'approval_missing',
      `${moved} was approved for another account than its beneficiary has now.`,
      {
        hint: 'Pay it in a new batch, which can be approved.',
      },
    );
  }
}

/** The same rules as before a first send: a failed penny drop is no account to try again on. */
async function refuseHeld(
  submission: Submission,
  payouts: readonly StoredPayout[],
  holds: RetryOptions['holds'],
): Promise<void> {
  const ids = payouts.map((payout) => payout.id);
  for (const [id, note] of await unverifiedPayouts(
    submission.database,
    ids,
    submission.provider.name,
    holds.unverified,
  )) {
    const payout = payouts.find((each) => each.id === id);
    throw new PayrunError(
      'failed',
      'beneficiary_unregistered',
      `${payout?.reference_id} cannot be tried again: ${note}.`,
      {
        hint: 'Correct the beneficiary and run `payrun beneficiary verify`; then try again.',
      },
    );
  }
}

async function beginAttempts(
  submission: Submission,
  ids: readonly bigint[],
  policy: ApprovalPolicy,
): Promise<void> {
  const at = submission.now();
  const occasion = { at, actor: submission.actor.name, rules: submission.rules };
  await submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    const payouts = [...(await payoutsById(tx, ids)).values()];
    // Once more: the questions to the provider took their time, and somebody may have changed an account meanwhile.
    await refuseUnapproved(tx, payouts, { policy, now: at });
    for (const payout of payouts) {
      refuseUnproven(payout);
      if (payout.state === 'approved') continue;
      await endAttempt(tx, payout, at);
      const change = beginAttempt(payout, occasion);
      await savePayouts(tx, [change.payout]);
      await recordAudit(tx, {
        at,
        actor: submission.actor,
        action: 'payout_retried',
        subject_kind: 'payout',
        subject: payout.reference_id,
        details: {
          attempt: String(change.payout.attempt_no),
          from: payout.state,
          failure_code: payout.failure_code,
        },
      });
    }
  });
}
