/**
 * A ledger that came from a backup does not know what was sent after it. Before it may send anything, the provider's
 * list since then is held against it: what the provider has and the ledger believes unsent is taken over, with the
 * provider's word on it; what no payout of ours answers for is kept by its reference, so that it is never sent again.
 */
import { dayIn } from '../domain/calendar-day.ts';
import { PayrunError } from '../domain/errors.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { beginAttempt, beginSend } from '../domain/payout/change.ts';
import { providerReference } from '../domain/payout/payout.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import type { StatusReport } from '../providers/provider.ts';
import { currentAttempts, endAttempt, recordQuestions, storeAttempts } from '../store/attempts.ts';
import { recordAudit } from '../store/audit.ts';
import { registrationsBy } from '../store/beneficiaries.ts';
import type { Reader, Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { payoutByReference, payoutsByProviderReference, savePayouts } from '../store/payouts.ts';
import {
  foreignNowOurs,
  gapOf,
  HAND_COPY,
  insertRestoreChecks,
  markAdopted,
  restoreGap,
  saveForeignPayouts,
  uncheckedRestores,
} from '../store/restores.ts';
import { applyOccasion, applyProviderStatuses } from './apply-provider-status.ts';
import { askPatiently } from './ask-patiently.ts';
import type { Sync } from './sync.ts';
import { countMove, type SyncReport } from './sync-report.ts';
import { stoppedBy } from './tolerance.ts';
import { isWitnessed } from './witness.ts';

/** Two clocks, and rows that appear late. */
const OVERLAP_MS = 10 * 60_000;
const CLOCK_SKEW_MS = 5 * 60_000;
const LIST_TRIES = 5;

/** To be asked before anything is sent: throws `restore_unchecked` where this ledger may be behind the provider. */
export async function refuseUnchecked(reader: Reader, provider: string): Promise<void> {
  const [restore] = await uncheckedRestores(reader, provider);
  if (restore === undefined) return;
  const unknown =
    restore.sent_until === null
      ? `it knows of nothing that ${provider} was ever sent`
      : `what ${provider} was sent after ${restore.sent_until}, it does not know`;
  throw new PayrunError(
    'failed',
    'restore_unchecked',
    restore.backup_file === HAND_COPY
      ? `${provider} has payouts that this ledger believes unsent, so that it is an older copy; ${unknown}.`
      : `This ledger was restored from a backup at ${restore.restored_at}; ${unknown}.`,
    {
      hint: `Run \`payrun payout sync --provider ${provider}\`: it compares the provider's list with the ledger. Nothing is sent before.`,
    },
  );
}

/** The same for a new attempt, whose reference the provider may know from the ledger that was lost. */
export async function refuseForeignAttempts(
  reader: Reader,
  provider: string,
  ids: readonly bigint[],
): Promise<void> {
  const chosen = new Set(ids);
  const foreign = (await foreignNowOurs(reader, provider, null)).find((row) => chosen.has(row.payout_id));
  if (foreign === undefined) return;
  const message = `${provider} has ${foreign.provider_reference} already, sent before this ledger was restored.`;
  throw new PayrunError('failed', 'restore_unchecked', message, {
    hint: `Run \`payrun payout sync --provider ${provider}\`, which takes it over.`,
  });
}

/** Compares where a restore asks for it, and takes over what was imported since. The payouts that it moved. */
export async function compareRestored(sync: Sync, report: SyncReport): Promise<bigint[]> {
  const whole = await restoreGap(sync.database);
  if (whole === undefined) return [];
  const moved = await adoptImported(sync, whole, report);
  const restores = await uncheckedRestores(sync.database, sync.provider.name);
  if (restores.length === 0 || report.stopped !== null) return moved;
  // What an earlier restore lost was compared after that one.
  const gap = gapOf(restores);
  const { since } = gap;
  const reports = await listSince(sync, since, report);
  if (reports === null || !(await isWitnessed(sync, report))) return moved;
  const { provider, database } = sync;
  for (const each of inOrderOfAttempts(reports)) moved.push(...(await takeOver(sync, gap, each, report)));
  await database.transaction(async (tx) => {
    const at = sync.now();
    await insertRestoreChecks(
      tx,
      provider.name,
      restores.map((restore) => restore.id),
      at,
    );
    await recordAudit(tx, {
      at,
      actor: sync.actor,
      action: 'restore_checked',
      subject_kind: 'provider',
      subject: provider.name,
      details: { since, listed: reports.length, adopted: moved.length, foreign: report.foreign.length },
    });
  });
  return moved;
}

/** Every payout that changed since; null where the list ended early, for then nothing is proven. */
async function listSince(
  sync: Sync,
  since: string | null,
  report: SyncReport,
): Promise<StatusReport[] | null> {
  const from = since === null ? {} : { from: new Date(Date.parse(since) - OVERLAP_MS).toISOString() };
  const reports: StatusReport[] = [];
  let cursor: string | undefined;
  for (let tries = 0; !sync.stop.aborted; ) {
    const page = await sync.provider.list(
      { ...from, ...(cursor === undefined ? {} : { cursor }) },
      () => !sync.stop.aborted,
    );
    if (!page.ok) {
      tries += 1;
      if (page.because.kind === 'rate_limited' && tries < LIST_TRIES) {
        await sync.sleep(page.because.retry_after_ms, sync.stop);
        continue;
      }
      report.stopped = stoppedBy(page.because);
      return null;
    }
    tries = 0;
    reports.push(...page.value.reports);
    if (page.value.next_cursor === null) return reports;
    cursor = page.value.next_cursor;
  }
  return null;
}

/** The first attempt of a payout before its second: only the end of one makes room for the next. */
function inOrderOfAttempts(reports: readonly StatusReport[]): StatusReport[] {
  return reports.toSorted(
    (a, b) =>
      attemptOf(a.provider_reference).attempt_no - attemptOf(b.provider_reference).attempt_no ||
      (a.provider_reference < b.provider_reference ? -1 : 1),
  );
}

function attemptOf(reference: string): { reference_id: string; attempt_no: number } {
  const [, first, number] = /^(.*)\.r(\d{1,6})$/i.exec(reference) ?? [];
  return first === undefined
    ? { reference_id: reference, attempt_no: 1 }
    : { reference_id: first, attempt_no: Number(number) };
}

interface Gap {
  /** What was sent before this, the ledger knows; null: it knows of nothing. */
  since: string | null;
}

/** One payout of the provider's list, in one transaction; answers the payout of ours that it moved. */
async function takeOver(sync: Sync, gap: Gap, listed: StatusReport, report: SyncReport): Promise<bigint[]> {
  return sync.database.transaction(async (tx) => {
    const { reference_id, attempt_no } = attemptOf(listed.provider_reference);
    const found = await payoutByReference(tx, reference_id);
    const payout = found?.provider === sync.provider.name ? found : undefined;
    const unsent = payout && isUnsent(payout, attempt_no) && !isOlder(listed, gap) ? payout : undefined;
    const beneficiary = unsent ? await beneficiaryAt(tx, sync, unsent, attempt_no) : undefined;
    if (payout && beneficiary !== undefined) {
      const after = await adopt(tx, sync, payout, listed, { attempt_no, beneficiary });
      report.asked += 1;
      countMove(report, after.state);
      return [payout.id];
    }
    const attempts = await payoutsByProviderReference(tx, sync.provider.name, [listed.provider_reference]);
    if (payout && attempts.size > 0) return contradicted(tx, sync, payout, listed, attempt_no, report);
    await saveForeign(tx, sync, listed);
    report.foreign.push(listed.provider_reference);
    return [];
  });
}

/** This ledger knew of everything that was sent until then, so that an older payout is not one of ours. */
function isOlder(listed: StatusReport, gap: Gap): boolean {
  if (gap.since === null || listed.created_at === null) return false;
  return Date.parse(listed.created_at) < Date.parse(gap.since) - CLOCK_SKEW_MS;
}

/** Of an attempt that the ledger knows the rounds before have asked, but for one that it holds to have failed. */
async function contradicted(
  tx: Transaction,
  sync: Sync,
  payout: StoredPayout,
  listed: StatusReport,
  attemptNo: number,
  report: SyncReport,
): Promise<bigint[]> {
  if (payout.attempt_no !== attemptNo || payout.state !== 'failed') return [];
  const occasion = applyOccasion(sync, sync.now());
  const applied = await applyProviderStatuses(
    tx,
    [{ payout_id: payout.id, report: listed, source: 'list', confirmed: true }],
    occasion,
  );
  const moved = applied.filter((each) => each.before !== each.after.state);
  for (const each of moved) countMove(report, each.after.state);
  return moved.map((each) => each.payout_id);
}

/**
 * What the provider calls the account that this attempt must have gone to. Unknown until the beneficiary is registered
 * again, which gives the earlier registration back; without it nobody can tell whether the right account was paid.
 */
async function beneficiaryAt(
  tx: Transaction,
  sync: Sync,
  payout: StoredPayout,
  attemptNo: number,
): Promise<string | undefined> {
  const stored = (await currentAttempts(tx, [payout.id])).get(payout.id);
  if (stored?.attempt_no === attemptNo) return stored.provider_beneficiary_id;
  const registrations = await registrationsBy(tx, [payout.beneficiary_id], sync.provider.name);
  return registrations.get(payout.beneficiary_id)?.provider_beneficiary_id ?? undefined;
}

/** The ledger believes that nothing of this attempt has left. */
function isUnsent(payout: StoredPayout, attemptNo: number): boolean {
  if (payout.state === 'failed' || payout.state === 'returned') return payout.attempt_no === attemptNo - 1;
  const waiting = payout.state === 'draft' || payout.state === 'approved' || payout.state === 'held';
  return waiting && payout.position === 'available' && Math.max(payout.attempt_no, 1) === attemptNo;
}

/**
 * The payout as it would stand had this ledger sent it: an attempt, the amount in transit since the provider's day,
 * and then the provider's word through the one door for statuses, where another amount or beneficiary holds it.
 */
async function adopt(
  tx: Transaction,
  sync: Sync,
  payout: StoredPayout,
  listed: StatusReport,
  attempt: { attempt_no: number; beneficiary: string },
): Promise<StoredPayout> {
  const occasion = applyOccasion(sync, sync.now());
  let ready: StoredPayout = { ...payout, state: 'approved', hold_reason: null, hold_note: null };
  if (payout.attempt_no > 0 && payout.attempt_no < attempt.attempt_no) {
    await endAttempt(tx, payout, occasion.at);
    ready = beginAttempt(payout, occasion).payout;
  }
  const sentAt = listed.created_at ?? occasion.at;
  const begun = beginSend(ready, occasion);
  const sent: StoredPayout = { ...begun.payout, submitted_at: payout.submitted_at ?? sentAt };
  const bookedOn = dayIn(sync.rules.time_zone, sentAt);
  const entries: NewEntry[] = begun.entries.map((entry) => ({ ...entry, booked_on: bookedOn }));
  await savePayouts(tx, [sent]);
  await storeAttempt(tx, sync, sent, attempt.beneficiary, sentAt);
  await postEntries(tx, entries);
  await applyProviderStatuses(
    tx,
    [{ payout_id: sent.id, report: listed, source: 'list', confirmed: true }],
    occasion,
  );
  await markAdopted(tx, sync.provider.name, [listed.provider_reference], occasion.at);
  await recordStory(tx, sync, payout, listed, attempt.attempt_no, occasion.at);
  return (await payoutByReference(tx, payout.reference_id)) ?? sent;
}

/** An attempt that is there keeps its bytes. The bytes of a new one are composed again; the provider has its own. */
async function storeAttempt(
  tx: Transaction,
  sync: Sync,
  sent: StoredPayout,
  beneficiary: string,
  sentAt: string,
): Promise<void> {
  const reference = sent.provider_reference ?? providerReference(sent.reference_id, sent.attempt_no);
  await storeAttempts(tx, [
    {
      payout_id: sent.id,
      attempt_no: sent.attempt_no,
      provider: sent.provider,
      provider_reference: reference,
      provider_beneficiary_id: beneficiary,
      body: sync.provider.compose({
        provider_reference: reference,
        provider_beneficiary_id: beneficiary,
        amount_minor: sent.amount_minor,
        currency: sent.currency,
        rail: sent.rail,
        narration: sent.narration,
      }),
      stored_at: sentAt,
    },
  ]);
}

async function recordStory(
  tx: Transaction,
  sync: Sync,
  payout: StoredPayout,
  listed: StatusReport,
  attemptNo: number,
  at: string,
): Promise<void> {
  await recordQuestions(tx, [
    {
      payout_id: payout.id,
      attempt_no: attemptNo,
      kind: 'look_up',
      asked_at: at,
      at,
      outcome: 'found',
      reason: `${listed.provider_id} ${listed.status}`,
      http_status: null,
      transport_error: null,
      answer: null,
    },
  ]);
  await recordAudit(tx, {
    at,
    actor: sync.actor,
    action: 'payout_adopted',
    subject_kind: 'payout',
    subject: payout.reference_id,
    details: {
      provider_id: listed.provider_id,
      status: listed.status,
      from: payout.state,
      attempt: String(attemptNo),
    },
  });
}

async function saveForeign(tx: Transaction, sync: Sync, listed: StatusReport): Promise<void> {
  await saveForeignPayouts(tx, [
    {
      provider: sync.provider.name,
      provider_reference: listed.provider_reference,
      provider_id: listed.provider_id,
      status: listed.status,
      amount_minor: listed.amount_minor,
      currency: listed.currency,
      provider_created_at: listed.created_at,
      seen_at: sync.now(),
    },
  ]);
}

/** Batches that were lost with the ledger and imported again: their payouts find what was sent for them. */
async function adoptImported(sync: Sync, gap: Gap, report: SyncReport): Promise<bigint[]> {
  const moved: bigint[] = [];
  const asked = new Set<string>();
  // The first attempt of a payout may make room for its second, so that the question is put until it is answered.
  for (;;) {
    const candidates = await foreignNowOurs(sync.database, sync.provider.name, gap.since);
    const next = candidates.filter(({ provider_reference }) => !asked.has(provider_reference));
    if (next.length === 0) return moved;
    for (const { provider_reference } of next) {
      if (sync.stop.aborted || report.stopped !== null) return moved;
      asked.add(provider_reference);
      const found = await askPatiently(sync, (mayStart) =>
        sync.provider.lookUp(provider_reference, mayStart),
      );
      if (found.outcome === 'unavailable') report.stopped = stoppedBy(found.because);
      if (found.outcome === 'found') moved.push(...(await takeOver(sync, gap, found.report, report)));
    }
  }
}
