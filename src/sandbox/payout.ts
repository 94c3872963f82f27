/**
 * A payout as the sandbox keeps it. Its course is planned when it is accepted; what it is at an instant follows
 * from the plan alone, so that nothing is ever updated and a restart cannot lose a change. Instants are RFC 3339
 * UTC with milliseconds, of fixed width: they compare as text.
 */
import { unreachable } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import type { Rail } from '../domain/payout/rail.ts';
import type { Course } from './endings.ts';
import type { Charge } from './fees.ts';

export const CURRENCY = 'INR';
export const STATUSES = ['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED', 'REVERSED'] as const;
export type Status = (typeof STATUSES)[number];

export interface SandboxPayout {
  /** Counts up in the order of acceptance; the paging cursor. */
  no: bigint;
  payout_id: string;
  reference_id: string;
  beneficiary_id: string;
  amount_minor: bigint;
  mode: Rail;
  narration: string | null;
  created_at: string;
  processes_at: string;
  settles_at: string | null;
  outcome: 'SUCCESS' | 'FAILED';
  reverses_at: string | null;
  utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_reason: string | null;
}

export interface PlanInput {
  no: bigint;
  payout_id: string;
  reference_id: string;
  beneficiary_id: string;
  amount_minor: bigint;
  mode: Rail;
  narration: string | null;
  /** Milliseconds since 1970 at acceptance. */
  created_ms: number;
  course: Course;
  charge: Charge;
  settle_ms: number;
  reverse_ms: number;
}

export function planPayout(input: PlanInput): SandboxPayout {
  const { created_ms, course, charge, settle_ms, reverse_ms, ...rest } = input;
  const slowness = course.course === 'paid' ? course.slowness : 1;
  const settlesMs = created_ms + settle_ms * slowness;
  const payout: SandboxPayout = {
    ...rest,
    created_at: instant(created_ms),
    // A third of the way is long enough to be seen QUEUED and later PROCESSING.
    processes_at: instant(created_ms + Math.floor((settle_ms * slowness) / 3)),
    settles_at: instant(settlesMs),
    outcome: 'SUCCESS',
    reverses_at: null,
    utr: utrOf(input.mode, input.no, settlesMs),
    fee_minor: charge.fee_minor,
    tax_minor: charge.tax_minor,
    failure_reason: null,
  };
  switch (course.course) {
    case 'paid':
      return payout;
    case 'reversed':
      return {
        ...payout,
        reverses_at: instant(settlesMs + reverse_ms),
        failure_reason: course.failure_reason,
      };
    case 'failed':
      return {
        ...payout,
        outcome: 'FAILED',
        failure_reason: course.failure_reason,
        utr: null,
        fee_minor: null,
        tax_minor: null,
      };
    case 'stuck':
      return { ...payout, settles_at: null, utr: null, fee_minor: null, tax_minor: null };
    case 'refused':
      // Answered before anything is planned; were it planned, it would fail with the same word.
      return {
        ...payout,
        outcome: 'FAILED',
        failure_reason: course.code,
        utr: null,
        fee_minor: null,
        tax_minor: null,
      };
  }
  return unreachable(course);
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

/** One change on a payout's way, in the order in which they happen. */
export interface Change {
  status: Status;
  at: string;
}

/** All that ever happens to a payout, from QUEUED on. */
export function changesOf(payout: SandboxPayout): Change[] {
  const changes: Change[] = [
    { status: 'QUEUED', at: payout.created_at },
    { status: 'PROCESSING', at: payout.processes_at },
  ];
  if (payout.settles_at !== null) changes.push({ status: payout.outcome, at: payout.settles_at });
  if (payout.reverses_at !== null) changes.push({ status: 'REVERSED', at: payout.reverses_at });
  return changes;
}

/** The newest change at `at`; QUEUED where nothing else has happened. */
export function changeAt(payout: SandboxPayout, at: string): Change {
  if (payout.reverses_at !== null && payout.reverses_at <= at)
    return { status: 'REVERSED', at: payout.reverses_at };
  if (payout.settles_at !== null && payout.settles_at <= at)
    return { status: payout.outcome, at: payout.settles_at };
  if (payout.processes_at <= at) return { status: 'PROCESSING', at: payout.processes_at };
  return { status: 'QUEUED', at: payout.created_at };
}

/** What is public of a payout at an instant; the future of the plan never shows. */
export interface PayoutView {
  status: Status;
  utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_reason: string | null;
  completed_at: string | null;
  reversed_at: string | null;
  updated_at: string;
}

export function viewAt(payout: SandboxPayout, at: string): PayoutView {
  const { status, at: updated_at } = changeAt(payout, at);
  const settled = status !== 'QUEUED' && status !== 'PROCESSING';
  return {
    status,
    utr: settled ? payout.utr : null,
    fee_minor: settled ? payout.fee_minor : null,
    tax_minor: settled ? payout.tax_minor : null,
    failure_reason: status === 'FAILED' || status === 'REVERSED' ? payout.failure_reason : null,
    completed_at: settled ? payout.settles_at : null,
    reversed_at: status === 'REVERSED' ? payout.reverses_at : null,
    updated_at,
  };
}

/** The payout as it stands in an answer: amounts are JSON numbers of rupees. */
export function payoutBody(payout: SandboxPayout, at: string) {
  const view = viewAt(payout, at);
  return {
    payout_id: payout.payout_id,
    reference_id: payout.reference_id,
    beneficiary_id: payout.beneficiary_id,
    amount: rupees(payout.amount_minor),
    currency: CURRENCY,
    mode: payout.mode,
    status: view.status,
    utr: view.utr,
    fee: view.fee_minor === null ? null : rupees(view.fee_minor),
    tax: view.tax_minor === null ? null : rupees(view.tax_minor),
    failure_reason: view.failure_reason,
    created_at: payout.created_at,
    completed_at: view.completed_at,
    reversed_at: view.reversed_at,
    updated_at: view.updated_at,
  };
}

/** The number whose shortest form has exactly these digits: amounts stay below 2^53 paise. */
export function rupees(minor: bigint): number {
  return Number(formatAmount(minor, CURRENCY));
}

const DAY_MS = 86_400_000;

/**
 * A UTR of the rail's shape, with the payout's number in it, so that no two are equal: RTGS 22 characters with the
 * date, NEFT `N`, year, day of the year and ten digits, IMPS and UPI twelve digits.
 */
function utrOf(mode: Rail, no: bigint, settlesMs: number): string {
  const date = new Date(settlesMs);
  const year = date.getUTCFullYear();
  const dayOfYear = Math.floor((settlesMs - Date.UTC(year, 0, 1)) / DAY_MS) + 1;
  const day = String(dayOfYear).padStart(3, '0');
  switch (mode) {
    case 'RTGS':
      return `NXTBR5${date.toISOString().slice(0, 10).replaceAll('-', '')}${no.toString().padStart(8, '0')}`;
    case 'NEFT':
      return `N${String(year % 100).padStart(2, '0')}${day}${no.toString().padStart(10, '0')}`;
    case 'IMPS':
    case 'UPI':
      return `${year % 10}${day}${no.toString().padStart(8, '0')}`;
  }
  return unreachable(mode);
}
