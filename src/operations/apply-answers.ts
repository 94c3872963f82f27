/**
 * Asks a provider about a payout, and takes its answers in: what it said is applied; what contradicts is asked again,
 * and held where it stands. Sync and webhooks both come through here, so that no word of a provider counts more for
 * the way on which we heard of it.
 */
import type { Actor } from '../domain/actor.ts';
import type { BookRules } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { LookUpOutcome, Provider } from '../providers/provider.ts';
import { recordQuestions } from '../store/attempts.ts';
import type { Database, Transaction } from '../store/database.ts';
import { payoutsById } from '../store/payouts.ts';
import {
  type Applied,
  applyOccasion,
  applyProviderStatuses,
  type Reported,
} from './apply-provider-status.ts';
import { askPatiently } from './ask-patiently.ts';
import { mapLimited } from './settle-doubts.ts';

export interface Asking {
  database: Database;
  provider: Provider;
  actor: Actor;
  rules: BookRules;
  concurrency: number;
  /** RFC 3339 UTC. */
  now(): string;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  stop: AbortSignal;
}

export interface Answered extends Reported {
  /** By which question it was learned; a list counts as a look-up. */
  asked: 'status' | 'look_up';
  /** Which attempt was asked about: what is said of it is no word about one that has taken its place meanwhile. */
  attempt_no: number;
}

/** By the provider's id where it is known, else by our reference; never by a name that somebody told us. */
export function askAboutPayout(asking: Asking, payout: StoredPayout): Promise<LookUpOutcome> {
  const { provider_id: providerId, provider_reference: reference } = payout;
  return askPatiently(asking, (mayStart) =>
    providerId === null
      ? asking.provider.lookUp(reference ?? payout.reference_id, mayStart)
      : asking.provider.status(providerId, mayStart),
  );
}

/**
 * Each payout at most once. Answers what became of each, in the same order, without those of which another attempt has
 * begun since they were asked about; `contradiction` is left of an event about which the provider could not be asked again.
 */
export async function applyAnswers(asking: Asking, reported: readonly Answered[]): Promise<Applied[]> {
  if (reported.length === 0) return [];
  const occasion = applyOccasion(asking, asking.now());
  const applied = await asking.database.transaction(async (tx) => {
    const results = await applyProviderStatuses(tx, await stillCurrent(tx, reported), occasion);
    const reports = new Map(reported.map((item) => [item.payout_id, item]));
    await recordQuestions(
      tx,
      results
        .filter((each) => each.effect === 'moved' || each.effect === 'held')
        .map((each) => questionOf(each, reports.get(each.payout_id), occasion.at)),
    );
    return results;
  });
  const contradictions = applied.filter((each) => each.effect === 'contradiction');
  const again = await mapLimited(contradictions, asking.concurrency, async (each): Promise<Answered[]> => {
    const found = await askPatiently(asking, (mayStart) =>
      asking.provider.lookUp(each.after.provider_reference ?? each.reference_id, mayStart),
    );
    const { attempt_no } = each.after;
    const { payout_id } = each;
    const first = reported.find((item) => item.payout_id === payout_id);
    // An event is looked into again. Nobody else asks about what has failed: without a second word the first one holds.
    if (found.outcome !== 'found')
      return first === undefined || first.source === 'webhook' ? [] : [{ ...first, confirmed: true }];
    return [
      { payout_id, attempt_no, report: found.report, source: 'look_up', confirmed: true, asked: 'look_up' },
    ];
  });
  const confirmed = again.flat();
  if (confirmed.length === 0) return applied;
  const second = await asking.database.transaction(async (tx) =>
    applyProviderStatuses(tx, await stillCurrent(tx, confirmed), occasion),
  );
  const final = new Map(second.map((each) => [each.payout_id, each]));
  return applied.map((each) => final.get(each.payout_id) ?? each);
}

async function stillCurrent(tx: Transaction, answered: readonly Answered[]): Promise<Answered[]> {
  const payouts = await payoutsById(
    tx,
    answered.map((each) => each.payout_id),
  );
  return answered.filter((each) => payouts.get(each.payout_id)?.attempt_no === each.attempt_no);
}

function questionOf(applied: Applied, item: Answered | undefined, at: string) {
  return {
    payout_id: applied.payout_id,
    attempt_no: applied.after.attempt_no,
    kind: item?.asked ?? ('look_up' as const),
    asked_at: at,
    at,
    outcome: 'found',
    reason: item ? `${item.report.provider_id} ${item.report.status}` : null,
    http_status: null,
    transport_error: null,
    answer: null,
  };
}
