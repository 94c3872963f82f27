/**
 * The one way in for what a provider says about a payout, whoever asked: the answer to a send, a look-up, a status,
 * a list, a webhook. In the caller's transaction: state, history and entries together.
 */

import type { Actor } from '../domain/actor.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { applyReport, type BookRules, type ReportEffect } from '../domain/payout/change.ts';
import type { EchoField } from '../domain/payout/echo.ts';
import type { PayoutState } from '../domain/payout/payout.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { Provider, StatusReport } from '../providers/provider.ts';
import { attemptedBeneficiaries, recordStatusEvents, type StatusEvent } from '../store/attempts.ts';
import { inList, listParam, type Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { payoutsById, saveChanges } from '../store/payouts.ts';

export type ReportSource = 'answer' | 'look_up' | 'status' | 'list' | 'webhook';

export interface Reported {
  payout_id: bigint;
  report: StatusReport;
  source: ReportSource;
  /** The provider was asked again and stands by it. */
  confirmed: boolean;
}

export interface Applied {
  payout_id: bigint;
  reference_id: string;
  effect: ReportEffect['effect'];
  before: PayoutState;
  after: StoredPayout;
  note: string | null;
}

export interface ApplyOccasion {
  at: string;
  actor: string;
  rules: BookRules;
  /** What the provider is known to state in every answer. */
  echoes: readonly EchoField[];
}

export function applyOccasion(
  { actor, rules, provider }: { actor: Actor; rules: BookRules; provider: Pick<Provider, 'capabilities'> },
  at: string,
): ApplyOccasion {
  return { at, actor: actor.name, rules, echoes: provider.capabilities.echoes };
}

/** Each payout at most once in `reported`. Answers in the same order. */
export async function applyProviderStatuses(
  tx: Transaction,
  reported: readonly Reported[],
  occasion: ApplyOccasion,
): Promise<Applied[]> {
  const ids = reported.map((item) => item.payout_id);
  const payouts = await payoutsById(tx, ids);
  const beneficiaries = await attemptedBeneficiaries(tx, ids);
  const taken = await ownersOfProviderIds(tx, payouts, reported);
  const applied: Applied[] = [];
  const entries: NewEntry[] = [];
  const events: StatusEvent[] = [];
  const changes: { before: StoredPayout; after: StoredPayout }[] = [];
  for (const item of reported) {
    const payout = payouts.get(item.payout_id);
    if (!payout) continue;
    const report = withOwner(item.report, payout, taken);
    const sentTo = { provider_beneficiary_id: beneficiaries.get(payout.id) ?? '', echoes: occasion.echoes };
    const effect = applyReport(payout, report, sentTo, item.confirmed, occasion);
    const after: StoredPayout = { ...effect.payout, checked_at: occasion.at };
    changes.push({ before: payout, after });
    entries.push(...effect.entries);
    if (effect.effect !== 'same' || effect.note !== null)
      events.push(eventOf(item, payout, after, effect.note, occasion.at));
    applied.push({
      payout_id: payout.id,
      reference_id: payout.reference_id,
      effect: effect.effect,
      before: payout.state,
      after,
      note: effect.note,
    });
  }
  await saveChanges(tx, changes);
  await postEntries(tx, entries);
  await recordStatusEvents(tx, events);
  return applied;
}

/** Which payouts already bear the provider's names that are reported: one name for two payouts proves nothing. */
async function ownersOfProviderIds(
  tx: Transaction,
  payouts: ReadonlyMap<bigint, StoredPayout>,
  reported: readonly Reported[],
): Promise<Map<string, bigint>> {
  const providers = new Set([...payouts.values()].map((payout) => payout.provider));
  const owners = new Map<string, bigint>();
  for (const provider of providers) {
    const rows = await tx.all<{ id: bigint; provider_id: string }>(
      `select id, provider_id from payouts where provider = :provider and provider_id in (${inList('ids')})`,
      { provider, ids: listParam(reported.map((item) => item.report.provider_id)) },
    );
    for (const row of rows) owners.set(`${provider}\n${row.provider_id}`, row.id);
  }
  return owners;
}

function withOwner(report: StatusReport, payout: StoredPayout, taken: Map<string, bigint>): StatusReport {
  const key = `${payout.provider}\n${report.provider_id}`;
  const owner = taken.get(key) ?? payout.id;
  taken.set(key, owner);
  if (owner === payout.id) return report;
  // An answer about a payout that is another's is an answer for another reference.
  return {
    ...report,
    provider_reference: `${report.provider_reference} (payout ${report.provider_id} is another's)`,
  };
}

function eventOf(
  item: Reported,
  before: StoredPayout,
  after: StoredPayout,
  note: string | null,
  at: string,
): StatusEvent {
  return {
    payout_id: before.id,
    attempt_no: before.attempt_no,
    source: item.source,
    status: item.report.status,
    provider_at: item.report.updated_at ?? item.report.completed_at,
    seen_at: at,
    state_before: before.state,
    state_after: after.state,
    note,
  };
}
