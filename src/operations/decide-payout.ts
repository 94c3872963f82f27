/** What a person may decide about single payouts: cancel, release, resolve. Each with who, when and why. */

import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { type ApprovalPolicy, asksForApproval } from '../domain/payout/approval-policy.ts';
import { type BookRules, resolve as resolvePayoutChange } from '../domain/payout/change.ts';
import { isReleasable } from '../domain/payout/state.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { unansweredSends } from '../store/attempts.ts';
import { recordAudit } from '../store/audit.ts';
import { batchById, closeIfAllCancelled } from '../store/batches.ts';
import type { Database, Reader, Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { payoutByReference, savePayouts } from '../store/payouts.ts';
import { approvalStanding } from './valid-approvals.ts';

export interface Decision {
  database: Database;
  actor: Actor;
  rules: BookRules;
  /** RFC 3339 UTC. */
  at: string;
}

async function requirePayout(tx: Reader, referenceId: string): Promise<StoredPayout> {
  const payout = await payoutByReference(tx, referenceId);
  if (payout) return payout;
  throw new PayrunError('failed', 'payout_unknown', `There is no payout ${referenceId}.`, {
    hint: 'List references with `payrun payout list`.',
  });
}

/**
 * Only while nothing of it is under way, also of an attempt after one that has failed; the batch's approval stands,
 * since what was approved is not changed by paying less.
 */
export async function cancelPayout(decision: Decision, referenceId: string): Promise<StoredPayout> {
  return decide(decision, referenceId, 'payout_cancelled', {}, async (tx, payout) => {
    const sent = (await unansweredSends(tx, [payout.id])).size > 0;
    const waits = ['draft', 'approved'].includes(payout.state) || isReleasable(payout);
    const unsent = payout.attempt_no === 0 ? waits || payout.state === 'held' : waits && !sent;
    const cancellable = payout.position === 'available' && unsent;
    if (!cancellable)
      throw refusal(payout, 'cancelled', 'Only a payout of which nothing was sent can be cancelled.');
    return {
      payout: { ...payout, state: 'cancelled', hold_reason: null, hold_note: null, updated_at: decision.at },
      entries: [],
    };
  });
}

/** Held before anything was sent → approved; draft, where the approvals of its batch were voided meanwhile. */
export async function releasePayout(
  decision: Decision,
  referenceId: string,
  reason: string,
  policy: ApprovalPolicy,
): Promise<StoredPayout> {
  return decide(decision, referenceId, 'payout_released', { reason }, async (tx, payout) => {
    if (!isReleasable(payout)) {
      const hint =
        payout.state === 'held'
          ? 'It was sent, so money may have moved: settle it with `payrun payout resolve`.'
          : 'Only a held payout can be released.';
      throw refusal(payout, 'released', hint);
    }
    const released: StoredPayout = {
      ...payout,
      state: (await isApproved(tx, payout, policy, decision.at)) ? 'approved' : 'draft',
      hold_reason: null,
      hold_note: null,
      released_at: decision.at,
    };
    return { payout: { ...released, updated_at: decision.at }, entries: [] };
  });
}

/** Looked at here, since a submission under way sends what is approved. */
async function isApproved(
  tx: Transaction,
  payout: StoredPayout,
  policy: ApprovalPolicy,
  now: string,
): Promise<boolean> {
  if (!asksForApproval(policy)) return true;
  const batch = await batchById(tx, payout.batch_id);
  return batch !== undefined && (await approvalStanding(tx, batch, policy, now)).enough;
}

export interface ResolveInput {
  as: 'paid' | 'failed' | 'returned';
  reason: string;
  utr: string | null;
  /** The day on which it happened, `YYYY-MM-DD`, or null for today. */
  on: string | null;
}

/** A person settles an unknown or held payout, or takes back a word that no provider has confirmed; the entries follow. */
export async function resolvePayout(
  decision: Decision,
  referenceId: string,
  input: ResolveInput,
): Promise<StoredPayout> {
  const details = { as: input.as, reason: input.reason, utr: input.utr, on: input.on };
  return decide(decision, referenceId, 'payout_resolved', details, async (_tx, payout) => {
    const open =
      payout.state === 'unknown' ||
      (payout.state === 'held' && payout.attempt_no > 0 && !isReleasable(payout)) ||
      (payout.resolved_as === payout.state && payout.state !== input.as);
    if (!open) {
      const hint =
        payout.state === 'held'
          ? 'Nothing of it was sent: release it or cancel it.'
          : 'Only an unknown payout, one that is held after it was sent, or one that a person has resolved otherwise can be.';
      throw refusal(payout, 'resolved', hint);
    }
    const occasion = { at: decision.at, actor: decision.actor.name, rules: decision.rules };
    const change = resolvePayoutChange(payout, input, occasion);
    // What the provider called malformed is why it failed; what else a hold was for is no reason of the provider's.
    const malformed = input.as === 'failed' && payout.hold_reason === 'bad_request';
    return malformed ? { ...change, payout: { ...change.payout, failure_reason: payout.hold_note } } : change;
  });
}

type Made = { payout: StoredPayout; entries: Parameters<typeof postEntries>[1] };

async function decide(
  decision: Decision,
  referenceId: string,
  action: string,
  details: Record<string, string | null>,
  make: (tx: Transaction, payout: StoredPayout) => Promise<Made>,
): Promise<StoredPayout> {
  return decision.database.transaction(async (tx) => {
    const before = await requirePayout(tx, referenceId);
    const { payout, entries } = await make(tx, before);
    await savePayouts(tx, [payout]);
    await postEntries(tx, entries);
    // The last row takes the batch with it, so that its name and its file are free again.
    if (payout.state === 'cancelled') await closeIfAllCancelled(tx, payout.batch_id, decision.at);
    await recordAudit(tx, {
      at: decision.at,
      actor: decision.actor,
      action,
      subject_kind: 'payout',
      subject: payout.reference_id,
      details: { ...details, from: before.state, to: payout.state, ...heldBecause(before) },
    });
    return payout;
  });
}

/** What a released, resolved or cancelled payout was held for is gone from the payout; the log keeps it. */
function heldBecause(payout: StoredPayout): Record<string, string | null> {
  return payout.hold_reason === null ? {} : { hold_reason: payout.hold_reason, hold_note: payout.hold_note };
}

function refusal(payout: StoredPayout, verb: string, hint: string): PayrunError {
  return new PayrunError(
    'failed',
    'payout_state',
    `${payout.reference_id} is ${payout.state}, so it cannot be ${verb}.`,
    { hint },
  );
}
