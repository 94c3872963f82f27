/**
 * Everything that can happen to a payout after its import, each as one function from the payout as it stands to the
 * payout as it will stand and the journal entries that belong to it. Pure: the store writes both in one transaction,
 * so that no state is without its entries and no entry without its state.
 */
import { dayIn } from '../calendar-day.ts';
import { Bug } from '../errors.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { entriesToMove, feeEntries } from '../ledger/payout-entries.ts';
import { formatAmount } from '../money/money.ts';
import { type Echo, echoDifference, type SentTo } from './echo.ts';
import {
  type FailureCode,
  type HoldReason,
  type PayoutState,
  type Position,
  type ProviderState,
  providerReference,
} from './payout.ts';
import { positionOf, verdictOn } from './state.ts';
import type { StoredPayout } from './stored-payout.ts';

/** How the books of this ledger are kept; from the configuration. */
export interface BookRules {
  time_zone: string;
  fees: 'deducted' | 'invoiced';
  tax: 'recoverable' | 'expense';
}

/** When and by whom. `at` is RFC 3339 UTC. */
export interface Occasion {
  at: string;
  actor: string;
  rules: BookRules;
}

export interface Change {
  payout: StoredPayout;
  entries: NewEntry[];
}

/** What a provider says, as far as a decision needs it; `providers/provider.ts` has the whole of it. */
export interface ReportedStatus extends Echo {
  state: ProviderState;
  status: string;
  utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_reason: string | null;
  failure_code: FailureCode | null;
  created_at: string | null;
  completed_at: string | null;
  reversed_at: string | null;
  updated_at: string | null;
}

/** Approved → submitting, with the attempt that is stored beside it: the money leaves the available balance. */
export function beginSend(payout: StoredPayout, occasion: Occasion): Change {
  if (payout.state !== 'approved')
    throw new Bug(`Payout ${payout.reference_id} is ${payout.state}, so nothing of it can be sent.`);
  const attemptNo = payout.attempt_no === 0 ? 1 : payout.attempt_no;
  return moveTo(
    {
      ...payout,
      state: 'submitting',
      attempt_no: attemptNo,
      cycle: payout.cycle + 1,
      provider_reference: providerReference(payout.reference_id, attemptNo),
      submitted_at: payout.submitted_at ?? occasion.at,
    },
    payout.position,
    'in_transit',
    occasion,
  );
}

/** The provider provably executed nothing: back to approved, and the same attempt may be sent again. */
export function notExecuted(payout: StoredPayout, occasion: Occasion): Change {
  return moveTo({ ...payout, state: 'approved' }, payout.position, 'available', occasion, 'not_sent');
}

/** A definite refusal of a send of which no earlier one is unanswered. */
export function refused(payout: StoredPayout, code: FailureCode, reason: string, occasion: Occasion): Change {
  const failed: StoredPayout = { ...payout, state: 'failed', failure_code: code, failure_reason: reason };
  return moveTo(failed, payout.position, 'available', occasion, 'refused');
}

/** No proof of either: the money may have left, so it stays in transit. */
export function doubted(payout: StoredPayout, occasion: Occasion): Change {
  return { payout: { ...payout, state: 'unknown', updated_at: occasion.at }, entries: [] };
}

export function hold(payout: StoredPayout, reason: HoldReason, note: string, occasion: Occasion): Change {
  return {
    payout: { ...payout, state: 'held', hold_reason: reason, hold_note: note, updated_at: occasion.at },
    entries: [],
  };
}

/** A new attempt after the proven failure of the one before: everything that the provider said of that one is history. */
export function beginAttempt(payout: StoredPayout, occasion: Occasion): Change {
  const fresh: StoredPayout = {
    ...payout,
    state: 'approved',
    attempt_no: payout.attempt_no + 1,
    cycle: 0,
    provider_id: null,
    provider_reference: null,
    provider_status: null,
    utr: null,
    return_utr: null,
    fee_minor: null,
    tax_minor: null,
    failure_code: null,
    failure_reason: null,
    resolved_as: null,
    paid_at: null,
    returned_at: null,
  };
  return moveTo(fresh, payout.position, 'available', occasion);
}

export type ReportEffect = Change & {
  /** What the report did: `contradiction` asks for a second look, unless it was `confirmed` and has led to held. */
  effect: 'moved' | 'noted' | 'same' | 'held' | 'contradiction';
  note: string | null;
};

/**
 * The one door for statuses. `confirmed` says that the provider was asked again and stands by what it said.
 */
export function applyReport(
  payout: StoredPayout,
  report: ReportedStatus,
  sentTo: SentTo,
  confirmed: boolean,
  occasion: Occasion,
): ReportEffect {
  const difference = echoDifference(
    {
      ...sentTo,
      provider_reference: payout.provider_reference ?? '',
      provider_id: payout.provider_id,
      amount_minor: payout.amount_minor,
      currency: payout.currency,
    },
    report,
  );
  if (isOfEarlierAttempt(payout, report.provider_reference)) {
    return {
      payout,
      entries: [],
      effect: 'same',
      note: `about the earlier attempt ${report.provider_reference}`,
    };
  }
  if (difference !== null) return refuseEcho(payout, difference, occasion);
  const { verdict, ...target } = verdictOn(payout, report.state) as {
    verdict: string;
    to?: Exclude<PayoutState, 'held'>;
  };
  if (verdict === 'contradiction') return contradict(payout, report, confirmed, occasion);
  const noted = note(payout, report, occasion);
  const agreed = payout.resolved_as !== null && agrees(payout.resolved_as, report.state);
  const known: StoredPayout = agreed ? { ...noted.payout, resolved_as: null } : noted.payout;
  if (target.to === undefined) {
    return {
      payout: known,
      entries: noted.entries,
      effect: changed(payout, known) ? 'noted' : 'same',
      note: null,
    };
  }
  const arrived: StoredPayout = {
    ...known,
    ...arrival(payout, target.to, report, occasion),
    hold_reason: null,
    hold_note: null,
    state: target.to,
    resolved_as: null,
  };
  const moved = moveTo(
    arrived,
    payout.position,
    positionOf(target.to),
    occasion,
    'failed',
    days(report, occasion),
  );
  return { payout: moved.payout, entries: [...moved.entries, ...noted.entries], effect: 'moved', note: null };
}

/** A question about one attempt may be answered when the next has begun; the answer is history. */
function isOfEarlierAttempt(payout: StoredPayout, reference: string | null): boolean {
  for (let attempt = 1; attempt < payout.attempt_no; attempt += 1) {
    if (providerReference(payout.reference_id, attempt) === reference) return true;
  }
  return false;
}

function refuseEcho(payout: StoredPayout, difference: string, occasion: Occasion): ReportEffect {
  // What is final or already with a person is not taken back by an answer that is not about it.
  const open = ['submitting', 'pending', 'unknown'].includes(payout.state);
  if (!open) return { payout, entries: [], effect: 'same', note: difference };
  return { ...hold(payout, 'echo_differs', difference, occasion), effect: 'held', note: difference };
}

function contradict(
  payout: StoredPayout,
  report: ReportedStatus,
  confirmed: boolean,
  occasion: Occasion,
): ReportEffect {
  const said = `the provider says ${report.status}, where the payout is ${payout.state}${payout.resolved_as ? ' by a person’s word' : ''}`;
  if (!confirmed) return { payout, entries: [], effect: 'contradiction', note: said };
  const held = hold({ ...payout, provider_status: report.status }, 'contradiction', said, occasion);
  return { ...held, effect: 'held', note: said };
}

function agrees(word: 'paid' | 'failed' | 'returned', status: ProviderState): boolean {
  return (
    (word === 'paid' && status === 'success') ||
    (word === 'failed' && status === 'failed') ||
    (word === 'returned' && status === 'reversed')
  );
}

/** What the report tells beyond the state: names, references, and the fee when it is stated for the first time. */
function note(payout: StoredPayout, report: ReportedStatus, occasion: Occasion): Change {
  const returned = report.state === 'reversed';
  const known: StoredPayout = {
    ...payout,
    provider_id: payout.provider_id ?? report.provider_id,
    provider_status: statusToKeep(payout, report),
    utr: payout.utr ?? (returned && payout.position === 'paid' ? null : report.utr),
    return_utr:
      payout.return_utr ?? (returned && report.utr !== payout.utr && payout.utr !== null ? report.utr : null),
    fee_minor: payout.fee_minor ?? report.fee_minor,
    tax_minor: payout.tax_minor ?? report.tax_minor,
  };
  const fees = feeEntries({
    provider: payout.provider,
    currency: payout.currency,
    fee_minor: payout.fee_minor === null ? report.fee_minor : null,
    tax_minor: payout.tax_minor === null ? report.tax_minor : null,
    fees: occasion.rules.fees,
    tax: occasion.rules.tax,
  });
  const bookedOn = days(report, occasion).fee;
  const entries = fees.map((fee) => entryOf(known, fee, 0, bookedOn, occasion));
  const changes = changed(payout, known);
  return { payout: changes ? { ...known, updated_at: occasion.at } : known, entries };
}

/** An in-flight word after a final one is old news; the word that proved the state is kept. */
function statusToKeep(payout: StoredPayout, report: ReportedStatus): string {
  const settled = payout.state === 'paid' || payout.state === 'failed' || payout.state === 'returned';
  const older =
    report.state === 'in_flight' ||
    report.state === 'unknown_word' ||
    (payout.state === 'returned' && report.state !== 'reversed');
  return settled && older && payout.provider_status !== null ? payout.provider_status : report.status;
}

function arrival(
  payout: StoredPayout,
  to: Exclude<PayoutState, 'held'>,
  report: ReportedStatus,
  occasion: Occasion,
): Partial<StoredPayout> {
  const paidAt = payout.paid_at ?? report.completed_at ?? report.updated_at ?? occasion.at;
  if (to === 'paid') return { paid_at: paidAt, failure_code: null, failure_reason: null };
  if (to === 'failed') {
    return { failure_code: report.failure_code ?? 'other', failure_reason: report.failure_reason };
  }
  if (to === 'returned') {
    return {
      paid_at: paidAt,
      returned_at: report.reversed_at ?? report.updated_at ?? occasion.at,
      failure_code: report.failure_code ?? payout.failure_code,
      failure_reason: report.failure_reason ?? payout.failure_reason,
    };
  }
  return {};
}

interface Days {
  paid: string;
  returned: string;
  failed: string;
  fee: string;
}

/** Each entry is booked on the provider's day where it states one. */
function days(report: ReportedStatus, occasion: Occasion): Days {
  const day = (...instants: (string | null)[]) =>
    dayIn(occasion.rules.time_zone, instants.find((instant) => instant !== null) ?? occasion.at);
  return {
    paid: day(report.completed_at, report.updated_at),
    returned: day(report.reversed_at, report.updated_at),
    failed: day(report.completed_at, report.updated_at),
    fee: day(report.completed_at, report.updated_at),
  };
}

function changed(before: StoredPayout, after: StoredPayout): boolean {
  return (Object.keys(after) as (keyof StoredPayout)[]).some((key) => after[key] !== before[key]);
}

export interface Resolution {
  as: 'paid' | 'failed' | 'returned';
  utr: string | null;
  /** The day on which it happened, where the person knows it. */
  on: string | null;
}

/** A person settles what evidence cannot; until a provider's word agrees, the payout remembers whose word it was. */
export function resolve(payout: StoredPayout, resolution: Resolution, occasion: Occasion): Change {
  // Noon of the day that the person names, in any time zone that day or close to it.
  const at = resolution.on === null ? occasion.at : `${resolution.on}T12:00:00.000Z`;
  const resolved: StoredPayout = {
    ...payout,
    state: resolution.as,
    hold_reason: null,
    hold_note: null,
    resolved_as: resolution.as,
    utr: resolution.utr ?? payout.utr,
    paid_at: resolution.as === 'failed' ? null : (payout.paid_at ?? at),
    returned_at: resolution.as === 'returned' ? at : null,
    failure_code: resolution.as === 'failed' ? (payout.failure_code ?? 'other') : payout.failure_code,
  };
  const day = resolution.on ?? dayIn(occasion.rules.time_zone, occasion.at);
  const everyDay: Days = { paid: day, returned: day, failed: day, fee: day };
  return moveTo(resolved, payout.position, positionOf(resolution.as), occasion, 'resolved', everyDay);
}

type BackReason = 'refused' | 'failed' | 'not_sent' | 'resolved';

/** The payout at its new position, and the entries that take it there. */
function moveTo(
  payout: StoredPayout,
  from: Position,
  to: Position,
  occasion: Occasion,
  reason: BackReason = 'failed',
  bookedOn?: Days,
): Change {
  const today = dayIn(occasion.rules.time_zone, occasion.at);
  const moves = entriesToMove(from, to, {
    provider: payout.provider,
    booking_account: payout.account,
    amount_minor: payout.amount_minor,
    currency: payout.currency,
    reason,
  });
  // Money that leaves again after it came back starts a new cycle, so that each event stays unique within one.
  const leavesAgain = moves[0]?.event === 'submitted' && payout.state !== 'submitting';
  const cycle = leavesAgain ? payout.cycle + 1 : payout.cycle;
  const entries = moves.map((move) => {
    const day =
      move.event === 'paid'
        ? bookedOn?.paid
        : move.event === 'returned'
          ? bookedOn?.returned
          : bookedOn?.failed;
    return entryOf(payout, move, cycle, day ?? today, occasion);
  });
  return { payout: { ...payout, position: to, cycle, updated_at: occasion.at }, entries };
}

function entryOf(
  payout: StoredPayout,
  made: Pick<NewEntry, 'event' | 'postings'>,
  cycle: number,
  bookedOn: string,
  occasion: Occasion,
): NewEntry {
  return {
    event: made.event,
    postings: made.postings,
    payout: { payout_id: payout.id, attempt_no: payout.attempt_no, cycle },
    reference_id: payout.reference_id,
    provider: payout.provider,
    booked_on: bookedOn,
    recorded_at: occasion.at,
    description: describe(made.event, payout),
    actor: occasion.actor,
    entry_ref: null,
    reverses_id: null,
    tags: payout.tags,
  };
}

function describe(event: string, payout: StoredPayout): string {
  const amount = `${formatAmount(payout.amount_minor, payout.currency)} ${payout.currency}`;
  // A fee is not of the amount that is named beside it.
  const of = event === 'fee' || event === 'tax' ? ' on' : ',';
  return `${payout.provider_reference ?? payout.reference_id} ${event.replaceAll('_', ' ')}${of} ${amount} by ${payout.rail}`;
}
