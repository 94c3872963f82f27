/** What submission works with, and the words in which one send's result is told. */

import type { Actor } from '../domain/actor.ts';
import type { BookRules } from '../domain/payout/change.ts';
import type { FailureCode, HoldReason } from '../domain/payout/payout.ts';
import type { AnswerRecord, Provider, StatusReport } from '../providers/provider.ts';
import type { Database } from '../store/database.ts';
import type { Runner } from '../store/runner.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What storing intents and outcomes needs, wherever it is done. */
export interface Bookkeeping {
  database: Database;
  provider: Pick<Provider, 'name' | 'kind' | 'capabilities' | 'compose'>;
  runner: Pick<Runner, 'epoch'>;
  actor: Actor;
  rules: BookRules;
  /** RFC 3339 UTC. */
  now(): string;
}

export interface Submission extends Bookkeeping {
  provider: Provider;
  runner: Runner;
  concurrency: number;
  on_low_balance: 'stop' | 'skip';
  /** How many sends may be repeats. */
  budget: RetryBudget;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Aborted by the first signal: no new sends, what is in flight is finished and stored. */
  stop: AbortSignal;
  /** Something that whoever runs this has to hear, and that stops nothing. */
  onWarning(warning: Stated): void;
  /** Called after outcomes were stored; cheap, and may be called thousands of times a second. */
  onProgress(counts: SendCounts): void;
}

export interface Stated {
  code: string;
  message: string;
}

export interface SendCounts {
  sent: number;
  accepted: number;
  refused: number;
  doubtful: number;
  held: number;
  back: number;
}

/** A payout that is about to be sent, with the bytes that were stored for it. */
export interface Sendable {
  payout_id: bigint;
  reference_id: string;
  attempt_no: number;
  provider_reference: string;
  body: string;
  amount_minor: bigint;
  /** When the attempt was stored: a provider's payout that is older is not ours. */
  stored_at: string;
  send_id: bigint;
  /** An earlier send of the same bytes may have been executed, so that a refusal of this one proves nothing. */
  earlier_unanswered: boolean;
}

export type NotExecuted = 'funds' | 'credentials' | 'rate_limited' | 'never_sent' | 'stopped';

export type SendResult =
  | { kind: 'accepted'; report: StatusReport; source: 'answer' | 'look_up' }
  | { kind: 'refused'; failure_code: FailureCode; reason: string }
  | { kind: 'not_executed'; why: NotExecuted; reason: string; retry_after_ms: number }
  | { kind: 'held'; hold_reason: HoldReason; reason: string }
  | { kind: 'doubt'; reason: string };

export interface Sent {
  item: Sendable;
  answered_at: string;
  answer: AnswerRecord;
  result: SendResult;
}

/** As much of it as the ledger has to know. */
export type SentOutcome = Omit<Sent, 'item'> & {
  item: Pick<Sendable, 'payout_id' | 'reference_id' | 'attempt_no' | 'send_id' | 'earlier_unanswered'>;
};

/** Why a provider gets nothing more for now; all is saved. */
export interface Stopped {
  code:
    | 'provider_unreachable'
    | 'provider_credentials'
    | 'insufficient_funds'
    | 'too_many_bad_requests'
    | 'interrupted';
  reason: string;
}
