/** Stores what sends came to, many in one transaction: state, entries, answer, and the repeat that a 429 asks for. */

import { Bug, unreachable } from '../domain/errors.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { type Change, doubted, hold, notExecuted, refused } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { beginSends, finishSends, recordQuestions } from '../store/attempts.ts';
import { cancelledWithBatch, cancelUnsent, closeIfAllCancelled } from '../store/batches.ts';
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
import type { Bookkeeping, SentOutcome } from './submission.ts';

/** What a stored outcome means for the sender. */
export interface Recorded {
  state: StoredPayout['state'];
  /** The payout is to be sent once more with the same bytes, after `retry_after_ms`; this send of it is stored. */
  next_send_id: bigint | null;
}

/** Answers in the order of the group. */
export async function recordOutcomes(
  tx: Transaction,
  books: Bookkeeping,
  group: readonly SentOutcome[],
): Promise<Recorded[]> {
  const at = books.now();
  const occasion = applyOccasion(books, at);
  await assertStillRunner(tx, books.runner);
  const cancelled = await cancelledMeanwhile(tx, group);
  const states = new Map<bigint, StoredPayout['state']>();
  const applied = await applyAccepted(tx, group, occasion);
  for (const each of applied) states.set(each.payout_id, each.after.state);
  for (const [id, state] of await applyOthers(tx, group, occasion, cancelled)) states.set(id, state);
  await finishSends(
    tx,
    group.map((sent) => ({ id: sent.item.send_id, at: sent.answered_at, ...outcomeOf(sent) })),
  );
  await recordLookUps(tx, group);
  for (const [id, state] of await followCancelledBatches(tx, cancelled, at)) states.set(id, state);
  const repeats = await storeRepeats(
    tx,
    group.filter(({ item }) => states.get(item.payout_id) === 'submitting'),
    at,
  );
  return group.map(({ item }) => ({
    state: states.get(item.payout_id) ?? 'submitting',
    next_send_id: repeats.get(item.payout_id) ?? null,
  }));
}

async function applyAccepted(
  tx: Transaction,
  group: readonly SentOutcome[],
  occasion: ApplyOccasion,
): Promise<Applied[]> {
  const reported = group.flatMap(({ item, result }) =>
    result.kind === 'accepted'
      ? [{ payout_id: item.payout_id, report: result.report, source: result.source, confirmed: true }]
      : [],
  );
  return reported.length === 0 ? [] : applyProviderStatuses(tx, reported, occasion);
}

async function applyOthers(
  tx: Transaction,
  group: readonly SentOutcome[],
  occasion: ApplyOccasion,
  cancelled: ReadonlyMap<bigint, bigint>,
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
    const change = changeFor(payout, sent, occasion, cancelled.has(payout.id));
    changes.push({ before: payout, after: change.payout });
    entries.push(...change.entries);
    states.set(payout.id, change.payout.state);
  }
  await saveChanges(tx, changes);
  await postEntries(tx, entries);
  return states;
}

/** By id, with their batch: the rows that come back unsent and whose batch a person cancelled while they were on the wire. */
async function cancelledMeanwhile(
  tx: Transaction,
  group: readonly SentOutcome[],
): Promise<Map<bigint, bigint>> {
  const back = group.filter(({ result }) => result.kind === 'not_executed');
  if (back.length === 0) return new Map();
  return cancelledWithBatch(
    tx,
    back.map(({ item }) => item.payout_id),
  );
}

/** A row that came back unsent has the fate of the other unsent rows of its batch. Answers what became of them. */
async function followCancelledBatches(
  tx: Transaction,
  gone: ReadonlyMap<bigint, bigint>,
  at: string,
): Promise<[bigint, StoredPayout['state']][]> {
  if (gone.size === 0) return [];
  const cancelled = await cancelUnsent(tx, { ids: [...gone.keys()] }, at);
  for (const batch of new Set(gone.values())) await closeIfAllCancelled(tx, batch, at);
  return cancelled.map((id) => [id, 'cancelled']);
}

function changeFor(
  payout: StoredPayout,
  { item, result }: SentOutcome,
  occasion: ApplyOccasion,
  cancelled: boolean,
): Change {
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
      // Asked to slow down it waits on the wire, unless its batch was cancelled meanwhile.
      return result.why === 'rate_limited' && !cancelled
        ? { payout, entries: [] }
        : notExecuted(payout, occasion);
    case 'accepted':
      throw new Bug('An accepted send goes through the door for statuses.');
  }
  return unreachable(result);
}

/** The 429s: not executed, to be sent again with the same bytes, so that the next send is stored beside this outcome. */
async function storeRepeats(
  tx: Transaction,
  group: readonly SentOutcome[],
  at: string,
): Promise<Map<bigint, bigint>> {
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
  return new Map(repeats.map((item, index) => [item.payout_id, ids[index] ?? 0n]));
}

function outcomeOf({ answer, result }: SentOutcome) {
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
async function recordLookUps(tx: Transaction, group: readonly SentOutcome[]): Promise<void> {
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
