/**
 * Asks the provider about every payout that is not final, and for those that it has returned since the last time. It
 * never sends a payout: one that the provider does not know stays unknown until a submission settles it.
 */

import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { LookUpOutcome, StatusReport } from '../providers/provider.ts';
import { type Attempt, currentAttempts, recordNewQuestions } from '../store/attempts.ts';
import { type AskFilter, payoutsById, payoutsByProviderReference, payoutsToAsk } from '../store/payouts.ts';
import { countStates, earliestSent, markChecked, returnedUntil, saveReturnedUntil } from '../store/sync.ts';
import { type Answered, applyAnswers, askAboutPayout } from './apply-answers.ts';
import type { ReportSource } from './apply-provider-status.ts';
import { compareRestored } from './compare-restored.ts';
import { listRecent } from './list-recent.ts';
import { mapLimited } from './settle-doubts.ts';
import { adopt } from './submit-payout.ts';
import type { Sync } from './sync.ts';
import { addCounts, countMove, countUnusable, emptySync, type SyncReport } from './sync-report.ts';
import { createTolerance, stoppedBy, type Tolerance } from './tolerance.ts';
import { isWitnessed } from './witness.ts';

const CHUNK = 128;
/** States are counted in pages of so many. */
const COUNTED_AT_ONCE = 10_000;
/** The list of returns is asked again for a while that was asked before: two clocks, and rows that appear late. */
const OVERLAP_MS = 10 * 60_000;

/** `concerned` is what earlier rounds were about; this one adds its own. */
export async function syncPayouts(
  sync: Sync,
  filter: Omit<AskFilter, 'provider'>,
  concerned = new Set<bigint>(),
): Promise<SyncReport> {
  const report = emptySync();
  const ids = await payoutsToAsk(sync.database, { ...filter, provider: sync.provider.name });
  const tolerance = createTolerance();
  // In the order in which they are to be asked.
  const open = new Set(ids);
  await listRecent(
    sync.provider,
    await earliestSent(sync.database, ids),
    ids.length,
    sync.stop,
    async (page) => {
      await takeListed(sync, page, open, tolerance, report);
      sync.onProgress(report.asked, ids.length);
    },
  );
  for (const some of pagesOf(open, CHUNK)) {
    if (report.stopped !== null || sync.stop.aborted) break;
    await askAbout(sync, some, tolerance, report);
    sync.onProgress(report.asked, ids.length);
  }
  report.stopped ??= tolerance.silence();
  for (const id of ids) concerned.add(id);
  if (report.stopped === null && !sync.stop.aborted)
    for (const id of await askForReturns(sync, filter.batch_id, report)) concerned.add(id);
  // After all that the ledger knows of has been asked about; a part of it proves nothing of the rest.
  const whole = filter.batch_id === null && filter.updated_before === null && !sync.stop.aborted;
  if (whole) for (const id of await compareRestored(sync, report)) concerned.add(id);
  for (const some of pagesOf(concerned, COUNTED_AT_ONCE))
    addCounts(report.states, await countStates(sync.database, some));
  return report;
}

function* pagesOf(ids: ReadonlySet<bigint>, size: number): Generator<bigint[]> {
  let page: bigint[] = [];
  for (const id of ids) {
    page.push(id);
    if (page.length < size) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

interface Asked {
  payout: StoredPayout;
  /** False where the questions had stopped before it came to this one. */
  asked: boolean;
  source: ReportSource;
  report: StatusReport | null;
  /** An answer that says nothing that can be used of it, and why; null where there is none. */
  unusable: Unusable | null;
}

type Unusable = { outcome: 'not_found' | 'foreign_reference' | 'unusable' | 'unavailable'; reason: string };

/** A page of the list, applied and forgotten; what it answers for is taken out of `open`. */
async function takeListed(
  sync: Sync,
  page: readonly StatusReport[],
  open: Set<bigint>,
  tolerance: Tolerance,
  report: SyncReport,
): Promise<void> {
  const references = page.map((each) => each.provider_reference);
  const ours = await payoutsByProviderReference(sync.database, sync.provider.name, references);
  const listed: { payout: StoredPayout; found: LookUpOutcome }[] = [];
  for (const each of page) {
    const payout = ours.get(each.provider_reference);
    // Newest first: of two rows for one reference the first is the later one.
    if (payout && open.delete(payout.id)) listed.push({ payout, found: { outcome: 'found', report: each } });
  }
  if (listed.length === 0) return;
  report.asked += listed.length;
  tolerance.answered();
  const attempts = await currentAttempts(
    sync.database,
    listed.map(({ payout }) => payout.id),
  );
  const answered = listed.map(({ payout, found }): Asked => {
    return { payout, asked: true, source: 'list', ...provenBy(found, payout, attempts, sync.now()) };
  });
  await storeAsked(sync, answered, report);
}

/** What an answer says of a payout, unless it is about another that the provider has under its reference. */
function provenBy(
  found: LookUpOutcome,
  payout: StoredPayout,
  attempts: ReadonlyMap<bigint, Attempt>,
  now: string,
): Pick<Asked, 'report' | 'unusable'> {
  const stored_at = attempts.get(payout.id)?.stored_at ?? now;
  const adopted = adopt({ provider_reference: payout.provider_reference ?? '', stored_at }, found, '');
  if (adopted.kind === 'accepted') return { report: adopted.report, unusable: null };
  return { report: null, unusable: whyUnusable(found, 'reason' in adopted ? adopted.reason : '') };
}

function whyUnusable(found: LookUpOutcome, foreign: string): Unusable | null {
  switch (found.outcome) {
    case 'found':
      return { outcome: 'foreign_reference', reason: foreign };
    case 'not_found':
      return { outcome: 'not_found', reason: 'the provider does not find it' };
    case 'unavailable':
      if (found.because.kind === 'bad_answer') return { outcome: 'unusable', reason: found.because.reason };
      // Also one whose answer breaks off each time, among many that are answered. The rest is about all of them.
      return found.because.kind === 'unreachable'
        ? { outcome: 'unavailable', reason: found.because.reason }
        : null;
  }
}

async function askAbout(
  sync: Sync,
  ids: readonly bigint[],
  tolerance: Tolerance,
  report: SyncReport,
): Promise<void> {
  const payouts = [...(await payoutsById(sync.database, ids)).values()];
  const attempts = await currentAttempts(sync.database, ids);
  const asked = await mapLimited(payouts, sync.concurrency, async (payout): Promise<Asked> => {
    const unasked = { payout, asked: false, source: 'status', report: null, unusable: null } as const;
    if (report.stopped || sync.stop.aborted) return unasked;
    const source = payout.provider_id === null ? 'look_up' : 'status';
    const found = await askAboutPayout(sync, payout);
    // Whatever keeps a question from being asked after the stop says nothing about the provider.
    if (found.outcome === 'unavailable' && sync.stop.aborted) return unasked;
    report.asked += 1;
    if (found.outcome === 'unavailable') report.stopped ??= tolerance.unanswered(found.because);
    else tolerance.answered();
    return { payout, asked: true, source, ...provenBy(found, payout, attempts, sync.now()) };
  });
  await storeAsked(sync, asked, report);
}

/** Applies what was learned, and keeps that the others were asked about. */
async function storeAsked(sync: Sync, asked: readonly Asked[], report: SyncReport): Promise<void> {
  await store(sync, asked.flatMap(toAnswered), report);
  const at = sync.now();
  const unusable = asked.flatMap((each) => toUnusable(each, at));
  await sync.database.transaction(async (tx) => {
    // Before and after: the first, and every other one that follows; when it was asked last stands with the payout.
    await recordNewQuestions(tx, unusable);
    await markChecked(
      tx,
      asked.filter((each) => each.asked && each.report === null).map((each) => each.payout.id),
      at,
    );
  });
  const heard = asked.flatMap(({ payout: { reference_id, provider_id }, unusable }) =>
    // What the provider never had, it need not find.
    unusable === null || (unusable.outcome === 'not_found' && provider_id === null)
      ? []
      : [{ reference_id, reason: unusable.reason }],
  );
  countUnusable(report, { count: heard.length, first: heard });
}

function toUnusable({ payout, source, unusable }: Asked, at: string) {
  if (unusable === null) return [];
  const kind = source === 'status' ? ('status' as const) : ('look_up' as const);
  const about = { payout_id: payout.id, attempt_no: payout.attempt_no, kind, asked_at: at, at };
  return [{ ...about, ...unusable, http_status: null, transport_error: null, answer: null }];
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
    countMove(report, each.after.state);
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
  if (batchId !== null || sync.stop.aborted) return returned;
  // What another account has returned says nothing of ours: the mark would pass over our returns.
  if (mark > since && !(await isWitnessed(sync, report))) return returned;
  await sync.database.transaction((tx) => saveReturnedUntil(tx, sync.provider.name, mark));
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
