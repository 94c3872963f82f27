/**
 * The port to a company whose API moves money. A provider translates; it decides nothing about a payout's state,
 * stores nothing, and never retries a send: retries are attempts that the ledger has to see.
 */
import type { EchoField } from '../domain/payout/echo.ts';
import type { FailureCode, ProviderState } from '../domain/payout/payout.ts';
import type { Rail } from '../domain/payout/rail.ts';

/** What a provider says of one payout, in our words, with its own kept beside. Amounts in minor units. */
export interface StatusReport {
  provider_id: string;
  provider_reference: string;
  provider_beneficiary_id: string | null;
  amount_minor: bigint | null;
  /** An amount that is stated and cannot be read exactly, as it stands there. */
  unread_amount?: string;
  currency: string | null;
  state: ProviderState;
  /** The provider's word, raw. */
  status: string;
  utr: string | null;
  /** Null is "not stated", never zero. */
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  failure_reason: string | null;
  failure_code: FailureCode | null;
  /** RFC 3339 UTC, as the provider states them. */
  created_at: string | null;
  completed_at: string | null;
  reversed_at: string | null;
  updated_at: string | null;
}

/** What a send was: the bytes are composed and stored before the call, and the same bytes are sent again. */
export interface SubmitRequest {
  provider_reference: string;
  body: string;
}

/** Why a provider provably did not execute a send. */
export type Rejection =
  | { because: 'refused'; failure_code: FailureCode; reason: string } // listed refusal in the provider's own schema
  | { because: 'funds'; reason: string }
  | { because: 'credentials'; reason: string } // refuses the key, the token or our address
  | { because: 'rate_limited'; retry_after_ms: number }
  | { because: 'never_sent'; reason: string } // the connection was never made
  | { because: 'stopped'; reason: string }; // `mayStart` said no before a byte left

/**
 * The longest pause that is waited out. A provider that asks for more has written a date or a unit wrongly, or does
 * not want us back today; a person hears of it instead.
 */
export const LONGEST_PAUSE_MS = 15 * 60_000;

/** Three outcomes and no fourth: what the classification does not list is unknown. */
export type SubmitOutcome = { answer: AnswerRecord } & (
  | { outcome: 'accepted'; report: StatusReport }
  | { outcome: 'rejected'; rejection: Rejection }
  | { outcome: 'unknown'; because: UnknownBecause; reason: string }
);

export type UnknownBecause =
  | 'duplicate' // 409: an earlier payout stands under this reference; look it up
  | 'bad_request' // 400: held, and ten in a row stop the batch
  | 'no_proof'; // timeout, reset, 5xx, a body that is no answer, anything not listed

/** What came back, for the record: never a header, at most 4 kB of text, account numbers masked. */
export interface AnswerRecord {
  http_status: number | null;
  /** Transport failure, such as ECONNRESET or UND_ERR_HEADERS_TIMEOUT; null where an answer came. */
  transport_error: string | null;
  text: string | null;
}

export type LookUpOutcome =
  | { outcome: 'found'; report: StatusReport }
  | { outcome: 'not_found' } // no proof of absence: a delayed request may still arrive
  | { outcome: 'unavailable'; because: Unavailable };

/** Why a question got no answer. Nothing about any payout follows from it. */
export type Unavailable =
  | { kind: 'credentials'; reason: string }
  | { kind: 'rate_limited'; retry_after_ms: number }
  | { kind: 'unreachable'; reason: string }
  | { kind: 'bad_answer'; reason: string };

export type Answer<T> = { ok: true; value: T } | { ok: false; because: Unavailable };

export interface BeneficiaryDetails {
  name: string;
  account_number: string | null;
  ifsc: string | null;
  bank_name: string | null;
  account_type: 'savings' | 'current' | null;
  vpa: string | null;
}

export interface Registration {
  provider_beneficiary_id: string;
  status: 'pending' | 'verified' | 'failed';
  registered_name: string | null;
  failure_reason: string | null;
}

/** The provider's beneficiary is not the account that was registered; the text says how they differ. */
export interface OtherAccount {
  other_account: string;
}

/** A refusal of the details themselves is an answer (`refused`), not unavailability. */
export type RegisterOutcome =
  | { outcome: 'registered'; registration: Registration }
  | { outcome: 'refused'; reason: string }
  | { outcome: 'unavailable'; because: Unavailable };

export interface ReportFile {
  /** The bytes as they came. */
  content: Uint8Array;
  /** Data rows that the provider says the file has, or null. */
  row_count: number | null;
}

export interface StatusPage {
  reports: StatusReport[];
  next_cursor: string | null;
}

export interface DefiniteRefusal {
  http_status: number;
  means: 'refused' | 'funds' | 'credentials' | 'rate_limited';
  /** The codes that mean it; null: every one. */
  codes: readonly string[] | null;
  /** Only in the provider's own error body: a proxy or a firewall that says the same in HTML proves nothing. */
  own_body: boolean;
}

/** What may be relied on; the submission asks here and never guesses. */
export interface Capabilities {
  /** How long a reference is trusted to be known again; after it nothing is sent twice. */
  idempotency_window_ms: number;
  look_up_by_reference: boolean;
  /** How long after a send a look-up may still not find what it made: a "not found" within it is no hint at all. */
  look_up_lateness_ms: number;
  /** The refusals of a send that prove that nothing of it was executed; any other proves nothing. */
  definite_refusals: readonly DefiniteRefusal[];
  /** What every answer about a payout states again: held where it is missing. The rest counts where it is stated. */
  echoes: readonly EchoField[];
  list_by_status: boolean;
  /** `status` words of the list that mean returned; one list call saves asking payout by payout. */
  returned_status: string | null;
  rails: readonly Rail[];
}

export interface ComposeInput {
  provider_reference: string;
  provider_beneficiary_id: string;
  amount_minor: bigint;
  currency: string;
  rail: Rail;
  narration: string | null;
}

export interface ListFilter {
  status?: string;
  /** RFC 3339: changed at or after, and before. */
  from?: string;
  to?: string;
  cursor?: string;
}

export interface Provider {
  readonly name: string;
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** The exact bytes of a send; pure, so that they can be stored before anything leaves. */
  compose(input: ComposeInput): string;
  /** `mayStart` is asked at the last moment before the request leaves, after any wait for its turn. */
  submit(request: SubmitRequest, mayStart?: () => boolean): Promise<SubmitOutcome>;
  lookUp(providerReference: string, mayStart?: () => boolean): Promise<LookUpOutcome>;
  status(providerId: string, mayStart?: () => boolean): Promise<LookUpOutcome>;
  list(filter: ListFilter, mayStart?: () => boolean): Promise<Answer<StatusPage>>;
  /** Registers, or adopts an earlier registration of the same account; safe to repeat. */
  register(details: BeneficiaryDetails): Promise<RegisterOutcome>;
  /** Held against `details`, so far as the provider states the account. */
  beneficiary(
    providerBeneficiaryId: string,
    details?: BeneficiaryDetails,
  ): Promise<Answer<Registration | OtherAccount>>;
  /** `stated_at` is the provider's own clock as it answered, which doctor holds against ours. */
  balance(): Promise<Answer<{ available_minor: bigint; currency: string; stated_at: string }>>;
  /** `date` is a day of the provider's own calendar, `YYYY-MM-DD`. */
  report(date: string): Promise<Answer<ReportFile>>;
  close(): Promise<void>;
}
