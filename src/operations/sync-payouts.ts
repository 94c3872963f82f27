/**
 * Asks the provider about every payout that is not final, and for those that it has returned since the last time. It
 * never sends a payout: one that the provider does not know stays unknown until a submission settles it.
 */

import type { PayoutState } from '../domain/payout/payout.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { LookUpOutcome, StatusReport } from '../providers/provider.ts';
import { currentAttempts } from '../store/attempts.ts';
import { type AskFilter, payoutsById, payoutsByProviderReference, payoutsToAsk } from '../store/payouts.ts';
import { earliestSent, markChecked, returnedUntil, saveReturnedUntil } from '../store/sync.ts';
import { type Answered, type Asking, applyAnswers, askAboutPayout } from './apply-answers.ts';
import type { ReportSource } from './apply-provider-status.ts';
import { compareRestored } from './compare-restored.ts';
import { listRecent } from './list-recent.ts';
import { mapLimited } from './settle-doubts.ts';
import type { Stopped } from './submission.ts';
import { adopt } from './submit-payout.ts';
import { createTolerance, stoppedBy, type Tolerance } from './tolerance.ts';

export interface Sync extends Asking {
  onProgress(asked: number, total: number): void;
}

export interface SyncReport {
  asked: number;
  changed: number;
  /** Those that this sync moved to another state. */
  moved: { reference_id: string; before: PayoutState; after: PayoutState }[];
  /** States of the payouts that were asked about, as they stand now. */
  states: Partial<Record<PayoutState, number>>;
  /** References of the provider's payouts that no payout of this ledger answers for; only after a restore. */
  foreign: string[];
  stopped: Stopped | null;
}

const CHUNK = 128;
/** The list of returns is asked again for a while that was asked before: two clocks, and rows that appear late. */
const OVERLAP_MS = 10 * 60_000;

export async function syncPayouts(sync: Sync, filter: Omit<AskFilter, 'provider'>): Promise<SyncReport> {
  const report: SyncReport = { asked: 0, changed: 0, moved: [], states: {}, foreign: [], stopped: null };
  const ids = await payoutsToAsk(sync.database, { ...filter, provider: sync.provider.name });
  const since = await earliestSent(sync.database, ids);
  const tolerance = createTolerance();
  const listed = await listRecent(sync.provider, since, ids.length, sync.stop);
  for (let start = 0; start < ids.length && report.stopped === null && !sync.stop.aborted; start += CHUNK) {
    await askAbout(sync, ids.slice(start, start + CHUNK), listed, tolerance, report);
    sync.onProgress(report.asked, ids.length);
  }
  report.stopped ??= tolerance.silence();
  const returned =
    report.stopped === null && !sync.stop.aborted ? await askForReturns(sync, filter.batch_id, report) : [];
  // After all that the ledger knows of has been asked about; a part of it proves nothing of the rest.
  const whole = filter.batch_id === null && filter.updated_before === null && !sync.stop.aborted;
  const adopted = whole ? await compareRestored(sync, report) : [];
  await countStates(sync, [...new Set([...ids, ...returned, ...adopted])], report);
  return report;
}

interface Asked {
  payout: StoredPayout;
  /** False where the questions had stopped before it came to this one. */
  asked: boolean;
  source: ReportSource;
  report: StatusReport | null;
}

async function askAbout(
  sync: Sync,
  ids: readonly bigint[],
  listed: ReadonlyMap<string, StatusReport>,
  tolerance: Tolerance,
  report: SyncReport,
): Promise<void> {
  const payouts = [...(await payoutsById(sync.database, ids)).values()];
  const attempts = await currentAttempts(sync.database, ids);
  const asked = await mapLimited(payouts, sync.concurrency, async (payout): Promise<Asked> => {
    if (report.stopped || sync.stop.aborted) return { payout, asked: false, source: 'status', report: null };
    const { provider_id: providerId, provider_reference: reference } = payout;
    const shown = listed.get(reference ?? payout.reference_id);
    const source = shown ? 'list' : providerId === null ? 'look_up' : 'status';
    const found: LookUpOutcome = shown
      ? { outcome: 'found', report: shown }
      : await askAboutPayout(sync, payout);
    // Whatever keeps a question from being asked after the stop says nothing about the provider.
    if (found.outcome === 'unavailable' && sync.stop.aborted)
      return { payout, asked: false, source, report: null };
    report.asked += 1;
    if (found.outcome === 'unavailable') report.stopped ??= tolerance.unanswered(found.because);
    else tolerance.answered();
    const storedAt = attempts.get(payout.id)?.stored_at ?? sync.now();
    const adopted = adopt(
      { provider_reference: payout.provider_reference ?? '', stored_at: storedAt },
      found,
      '',
    );
    return { payout, asked: true, source, report: adopted.kind === 'accepted' ? adopted.report : null };
  });
  await store(sync, asked.flatMap(toAnswered), report);
  await sync.database.transaction((tx) =>
    markChecked(
      tx,
      asked.filter((each) => each.asked && each.report === null).map((each) => each.payout.id),
      sync.now(),
    ),
  );
}

function toAnswered({ payout, report, source }: Asked): Answered[] {
  const asked = source === 'status' ? 'status' : 'look_up';
  return report
    ? [{ payout_id: payout.id, attempt_no: payout.attempt_no, report, source, confirmed: false, asked }]
    : [];
}

async function store(sync: Sync, answered: readonly Answered[], report: SyncReport): Promise<void> {
  for (const each of await applyAnswers(sync, answered)) {
    if (each.before === each.after.state) continue;
    report.changed += 1;
    report.moved.push({ reference_id: each.reference_id, before: each.before, after: each.after.state });
  }
}

/** One list of what came back saves asking about every paid payout there ever was. */
async function askForReturns(sync: Sync, batchId: bigint | null, report: SyncReport): Promise<bigint[]> {
  const returned: bigint[] = [];
  const status = sync.provider.capabilities.returned_status;
  const since = await returnedUntil(sync.database, sync.provider.name);
  if (status === null || since === null) return returned;
  let until = since;
  let cursor: string | undefined;
  do {
    const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
    const page = await sync.provider.list(
      { status, from, ...(cursor === undefined ? {} : { cursor }) },
      () => !sync.stop.aborted,
    );
    if (!page.ok && sync.stop.aborted) return returned;
    if (!page.ok) {
      report.stopped = stoppedBy(page.because);
      return returned;
    }
    returned.push(...(await applyReturns(sync, page.value.reports, batchId, report)));
    for (const { updated_at: at } of page.value.reports) if (at !== null && at > until) until = at;
    cursor = page.value.next_cursor ?? undefined;
  } while (cursor !== undefined && !sync.stop.aborted);
  // By the provider's clock, and never ahead of ours: a mark that one of them put into the future would hide returns.
  const mark = until < sync.now() ? until : since;
  if (batchId === null && !sync.stop.aborted) {
    await sync.database.transaction((tx) => saveReturnedUntil(tx, sync.provider.name, mark));
  }
  return returned;
}

/** Answers the payouts of ours that the list says were returned and that were not known to be. */
async function applyReturns(
  sync: Sync,
  reports: readonly StatusReport[],
  batchId: bigint | null,
  report: SyncReport,
): Promise<bigint[]> {
  const ours = await payoutsByProviderReference(
    sync.database,
    sync.provider.name,
    reports.map((each) => each.provider_reference),
  );
  const reported = new Map<bigint, Answered>();
  for (const each of reports) {
    const payout = ours.get(each.provider_reference);
    // What has failed cannot come back either: the door for statuses asks again about it.
    const concerned = payout?.state === 'paid' || payout?.state === 'failed';
    if (!payout || !concerned || (batchId !== null && payout.batch_id !== batchId)) continue;
    reported.set(payout.id, {
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      report: each,
      source: 'list',
      confirmed: false,
      asked: 'look_up',
    });
  }
  report.asked += reported.size;
  if (reported.size > 0) await store(sync, [...reported.values()], report);
  return [...reported.keys()];
}

async function countStates(sync: Sync, ids: readonly bigint[], report: SyncReport): Promise<void> {
  for (let start = 0; start < ids.length; start += 1000) {
    for (const payout of (await payoutsById(sync.database, ids.slice(start, start + 1000))).values()) {
      report.states[payout.state] = (report.states[payout.state] ?? 0) + 1;
    }
  }
}
