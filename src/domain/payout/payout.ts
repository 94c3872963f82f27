/** The words of a payout: its states, what a provider can say of it, and how a failure is named. */

/** In the order of a payout's life; SPEC of each in README "A payout's states". */
export const PAYOUT_STATES = [
  'draft',
  'approved',
  'submitting',
  'pending',
  'unknown',
  'held',
  'paid',
  'failed',
  'returned',
  'cancelled',
] as const;
export type PayoutState = (typeof PAYOUT_STATES)[number];

/** Nothing more happens by itself (a paid payout can still be returned). */
export const FINAL_STATES: ReadonlySet<PayoutState> = new Set(['paid', 'failed', 'returned', 'cancelled']);

/** Still to be sent, pending or unknown: exit 6 for what a command was asked to do. */
export const OPEN_STATES: ReadonlySet<PayoutState> = new Set([
  'draft',
  'approved',
  'submitting',
  'pending',
  'unknown',
]);

/** Failed, held or returned: exit 3 for what a command was asked to do. */
export const FINDING_STATES: ReadonlySet<PayoutState> = new Set(['failed', 'held', 'returned']);

/** What a provider's status word means to us; `unknown_word` is kept raw and proves nothing. */
export const PROVIDER_STATES = ['in_flight', 'success', 'failed', 'reversed', 'unknown_word'] as const;
export type ProviderState = (typeof PROVIDER_STATES)[number];

/** Ours and small, beside the provider's own words. */
export const FAILURE_CODES = [
  'beneficiary_account',
  'beneficiary_bank_down',
  'limit',
  'funds',
  'provider',
  'other',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Why a payout is held; `release` and `resolve` show it to the person who decides. */
export const HOLD_REASONS = [
  'beneficiary_unverified', // penny drop pending or failed, or another registered name: nothing was sent
  'look_alike', // same account, amount and currency in another batch: nothing was sent
  'bad_request', // the provider calls our request malformed
  'echo_differs', // an answer names another amount, currency, beneficiary or reference
  'foreign_reference', // the provider knows our reference from a payout that is not ours
  'not_found_in_window', // never found, and the idempotency window is over: sending again could pay twice
  'contradiction', // the provider, asked twice, contradicts a final state or a person
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** Where the ledger has the amount of a payout; entries move it from one position to another. */
export const POSITIONS = ['available', 'in_transit', 'paid', 'returned'] as const;
export type Position = (typeof POSITIONS)[number];

/** A reference or a batch name; `.r2` endings are ours, for later attempts. */
export const REFERENCE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/;
export const BATCH_NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const ATTEMPT_SUFFIX = /\.r\d+$/i;

export function isReference(text: string): boolean {
  return REFERENCE_PATTERN.test(text) && !ATTEMPT_SUFFIX.test(text);
}

export function isBatchName(text: string): boolean {
  return BATCH_NAME_PATTERN.test(text) && !ATTEMPT_SUFFIX.test(text);
}

/** `salary-nov`, row 7 → `salary-nov-000007`. */
export function referenceOfRow(batch: string, row: number): string {
  return `${batch}-${String(row).padStart(6, '0')}`;
}

/** The first attempt's is the reference_id itself, later ones end in `.r2`, `.r3` … */
export function providerReference(referenceId: string, attemptNo: number): string {
  return attemptNo === 1 ? referenceId : `${referenceId}.r${attemptNo}`;
}
