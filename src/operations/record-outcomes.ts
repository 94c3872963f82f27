/**
 * Stores what sends came to, many in one transaction: durability then costs one flush of the disk for a group and not
 * for each payout. An outcome waits some milliseconds for company, and the wire does not wait for it.
 */

import { Bug, unreachable } from '../domain/errors.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { type Change, doubted, hold, notExecuted, refused } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { beginSends, finishSends, recordQuestions } from '../store/attempts.ts';
import type { Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { payoutsById, saveChanges } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import {
  type Applied,
  type ApplyOccasion,
  applyOccasion,
  applyProviderStatuses,
} from './apply-provider-status.ts';
import type { Sendable, Sent, Submission } from './submission.ts';

/** Outcomes are stored when so many have come together, or after so long. */
const GROUP = 256;
const SHORTEST_GATHER_MS = 2;
const LONGEST_GATHER_MS = 25;
/** Four parts gathering to one part storing: where the disk is slow, the groups grow, and it is no one's bottleneck. */
const GATHER_SHARE = 4;

/** What a stored outcome means for the sender. */
export interface Stored {
  sent: Sent;
  /** The payout is to be sent once more with the same bytes, after `sent.result.retry_after_ms`; its send is stored. */
  again: Sendable | null;
  state: StoredPayout['state'];
}

export interface OutcomeRecorder {
  /** Resolves when the outcome is on disk. */
  record(sent: Sent): Promise<Stored>;
}

export function createOutcomeRecorder(submission: Submission): OutcomeRecorder {
  let waiting: { sent: Sent; resolve: (stored: Stored) => void; reject: (error: unknown) => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  let gatherMs = SHORTEST_GATHER_MS;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const startedMs = performance.now();
    const group = waiting;
    waiting = [];
    recordOutcomes(
      submission,
      group.map((each) => each.sent),
    ).then(
      (stored) => {
        const tookMs = performance.now() - startedMs;
        gatherMs = Math.min(Math.max(tookMs * GATHER_SHARE, SHORTEST_GATHER_MS), LONGEST_GATHER_MS);
        for (const [index, each] of group.entries()) each.resolve(stored[index] as Stored);
      },
      (error) => {
        for (const each of group) each.reject(error);
      },
    );
  };
  return {
    record: (sent) =>
      new Promise((resolve, reject) => {
        waiting.push({ sent, resolve, reject });
        if (waiting.length >= GROUP) flush();
        else timer ??= setTimeout(flush, gatherMs);
      }),
  };
}

export async function recordOutcomes(submission: Submission, group: readonly Sent[]): Promise<Stored[]> {
  const at = submission.now();
  const occasion = applyOccasion(submission, at);
  return submission.database.transaction(async (tx) => {
    await assertStillRunner(tx, submission.runner);
    const states = new Map<bigint, StoredPayout['state']>();
    const applied = await applyAccepted(tx, group, occasion);
    for (const each of applied) states.set(each.payout_id, each.after.state);
    for (const [id, state] of await applyOthers(tx, group, occasion)) states.set(id, state);
    await finishSends(
      tx,
      group.map((sent) => ({ id: sent.item.send_id, at: sent.answered_at, ...outcomeOf(sent) })),
    );
    await recordLookUps(tx, group);
    const again = await storeRepeats(tx, group, at);
    return group.map((sent) => ({
      sent,
      again: again.get(sent.item.payout_id) ?? null,
      state: states.get(sent.item.payout_id) ?? 'submitting',
    }));
  });
}

async function applyAccepted(
  tx: Transaction,
  group: readonly Sent[],
  occasion: ApplyOccasion,
): Promise<Applied[]> {
  const reported = group.flatMap(({ item, result }) =>
    result.kind === 'accepted'
      ? [{ payout_id: item.payout_id, report: result.report, source: result.source, confirmed: false }]
      : [],
  );
  return reported.length === 0 ? [] : applyProviderStatuses(tx, reported, occasion);
}

async function applyOthers(
  tx: Transaction,
  group: readonly Sent[],
  occasion: ApplyOccasion,
): Promise<Map<bigint, StoredPayout['state']>> {
  const others = group.filter(({ result }) => result.kind !== 'accepted');
  const states = new Map<bigint, StoredPayout['state']>();
  if (others.length === 0) return states;
  const payouts = await payoutsById(
    tx,
    others.map(({ item }) => item.payout_id),
  );
  const changes: { before: StoredPayout; after: StoredPayout }[] = [];
  const entries: NewEntry[] = [];
  for (const sent of others) {
    const payout = payouts.get(sent.item.payout_id);
    if (!payout)
      throw new Bug(`Payout ${sent.item.reference_id} has gone from the ledger while it was sent.`);
    // A webhook or a sync may have proven the outcome while the answer was on its way: that proof stands.
    if (payout.state !== 'submitting' && payout.state !== 'unknown') {
      states.set(payout.id, payout.state);
      continue;
    }
    const change = changeFor(payout, sent, occasion);
    changes.push({ before: payout, after: change.payout });
    entries.push(...change.entries);
    states.set(payout.id, change.payout.state);
  }
  await saveChanges(tx, changes);
  await postEntries(tx, entries);
  return states;
}

function changeFor(payout: StoredPayout, { item, result }: Sent, occasion: ApplyOccasion): Change {
  switch (result.kind) {
    case 'refused':
      return refused(payout, result.failure_code, result.reason, occasion);
    case 'held':
      return hold(payout, result.hold_reason, result.reason, occasion);
    case 'doubt':
      return doubted(payout, occasion);
    case 'not_executed':
      // This send moved nothing; an earlier one of the same bytes may have.
      if (item.earlier_unanswered) return doubted(payout, occasion);
      return result.why === 'rate_limited' ? { payout, entries: [] } : notExecuted(payout, occasion);
    case 'accepted':
      throw new Bug('An accepted send goes through the door for statuses.');
  }
  return unreachable(result);
}

/** The 429s: not executed, to be sent again with the same bytes, so that the next send is stored beside this outcome. */
async function storeRepeats(
  tx: Transaction,
  group: readonly Sent[],
  at: string,
): Promise<Map<bigint, Sendable>> {
  const repeats = group
    .filter(
      ({ item, result }) =>
        result.kind === 'not_executed' && result.why === 'rate_limited' && !item.earlier_unanswered,
    )
    .map(({ item }) => item);
  if (repeats.length === 0) return new Map();
  const ids = await beginSends(
    tx,
    repeats.map((item) => ({
      payout_id: item.payout_id,
      attempt_no: item.attempt_no,
      kind: 'submit' as const,
    })),
    at,
  );
  return new Map(repeats.map((item, index) => [item.payout_id, { ...item, send_id: ids[index] ?? 0n }]));
}

function outcomeOf({ answer, result }: Sent) {
  const outcome =
    result.kind === 'not_executed' ? result.why : result.kind === 'doubt' ? 'unknown' : result.kind;
  return {
    outcome,
    reason: 'reason' in result ? result.reason : null,
    http_status: answer.http_status,
    transport_error: answer.transport_error,
    answer: answer.text,
  };
}

/** A 409 was settled by a question of its own, which belongs to the story. */
async function recordLookUps(tx: Transaction, group: readonly Sent[]): Promise<void> {
  const questions = group.flatMap(({ item, answered_at, result, answer }) =>
    result.kind === 'accepted' && result.source === 'look_up' && answer.http_status !== null
      ? [
          {
            payout_id: item.payout_id,
            attempt_no: item.attempt_no,
            kind: 'look_up' as const,
            asked_at: answered_at,
            at: answered_at,
            outcome: 'found',
            reason: `${result.report.provider_id} ${result.report.status}`,
            http_status: null,
            transport_error: null,
            answer: null,
          },
        ]
      : [],
  );
  if (questions.length > 0) await recordQuestions(tx, questions);
}
