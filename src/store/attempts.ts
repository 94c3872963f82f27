/** Attempts with their stored bytes, and each HTTP request that was made with them. */
import { hash } from 'node:crypto';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { nextAnswerLink, recordAnswers, recordRows, recordRun } from './records.ts';

export interface Attempt {
  payout_id: bigint;
  attempt_no: number;
  provider: string;
  provider_reference: string;
  provider_beneficiary_id: string;
  body: string;
  stored_at: string;
}

type AttemptRow = Omit<Attempt, 'attempt_no'> & { attempt_no: bigint };

export type SendKind = 'submit' | 'look_up' | 'status';

/** A send's outcome once it has one; a send without is one that was interrupted. */
export interface SendOutcome {
  outcome: string;
  reason: string | null;
  http_status: number | null;
  transport_error: string | null;
  answer: string | null;
}

const ATTEMPT_COLUMNS = [
  'payout_id',
  'attempt_no',
  'provider',
  'provider_reference',
  'provider_beneficiary_id',
  'body',
  'body_sha256',
  'stored_at',
] as const;

/** Stores the first attempts of payouts that have none; a payout that has one is refused by the database. */
export async function storeFirstAttempts(tx: Transaction, attempts: readonly Attempt[]): Promise<void> {
  await tx.insertMany(
    'attempts',
    ATTEMPT_COLUMNS,
    attempts.map((attempt) => [
      attempt.payout_id,
      attempt.attempt_no,
      attempt.provider,
      attempt.provider_reference,
      attempt.provider_beneficiary_id,
      attempt.body,
      hash('sha256', attempt.body, 'hex'),
      attempt.stored_at,
    ]),
  );
}

/** Stores attempts that do not exist yet; one that does keeps its bytes, whatever the configuration says today. */
export async function storeAttempts(tx: Transaction, attempts: readonly Attempt[]): Promise<void> {
  await tx.runMany(
    `insert into attempts (${ATTEMPT_COLUMNS.join(', ')}) values (:${ATTEMPT_COLUMNS.join(', :')})
     on conflict (payout_id, attempt_no) do nothing`,
    attempts.map((attempt) => ({ ...attempt, body_sha256: hash('sha256', attempt.body, 'hex') })),
  );
}

/** Keeps what an attempt came to before a new one takes its place in the payout. */
export async function endAttempt(tx: Transaction, payout: StoredPayout, at: string): Promise<void> {
  await tx.run(
    `update attempts set ended_at = :at, state = :state, provider_id = :provider_id, provider_status = :provider_status,
       utr = :utr, return_utr = :return_utr, fee_minor = :fee_minor, tax_minor = :tax_minor, failure_code = :failure_code,
       failure_reason = :failure_reason, paid_at = :paid_at, returned_at = :returned_at
     where payout_id = :payout_id and attempt_no = :attempt_no`,
    {
      at,
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      state: payout.state,
      provider_id: payout.provider_id,
      provider_status: payout.provider_status,
      utr: payout.utr,
      return_utr: payout.return_utr,
      fee_minor: payout.fee_minor,
      tax_minor: payout.tax_minor,
      failure_code: payout.failure_code,
      failure_reason: payout.failure_reason,
      paid_at: payout.paid_at,
      returned_at: payout.returned_at,
    },
  );
  await recordRows(tx, 'attempt_end', [payout.id]);
}

/** The attempts of payouts, by payout; the current one of each. */
export async function currentAttempts(
  reader: Reader,
  payoutIds: readonly bigint[],
): Promise<Map<bigint, Attempt>> {
  const rows = await reader.all<AttemptRow>(
    `select a.payout_id, a.attempt_no, a.provider, a.provider_reference, a.provider_beneficiary_id, a.body, a.stored_at
     from attempts a join payouts p on p.id = a.payout_id and p.attempt_no = a.attempt_no
     where a.payout_id in (${inList('ids')})`,
    { ids: listParam(payoutIds) },
  );
  return new Map(rows.map((row) => [row.payout_id, { ...row, attempt_no: Number(row.attempt_no) }]));
}

/** What the current attempts of payouts were sent to, by payout: the provider's own id of the beneficiary. */
export async function attemptedBeneficiaries(
  reader: Reader,
  payoutIds: readonly bigint[],
): Promise<Map<bigint, string>> {
  const rows = await reader.all<Pick<Attempt, 'payout_id' | 'provider_beneficiary_id'>>(
    `select a.payout_id, a.provider_beneficiary_id
     from attempts a join payouts p on p.id = a.payout_id and p.attempt_no = a.attempt_no
     where a.payout_id in (${inList('ids')})`,
    { ids: listParam(payoutIds) },
  );
  return new Map(rows.map((row) => [row.payout_id, row.provider_beneficiary_id]));
}

/** Records that requests are about to leave; answers their ids, in the order given. Must be committed before they do. */
export async function beginSends(
  tx: Transaction,
  sends: readonly { payout_id: bigint; attempt_no: number; kind: SendKind }[],
  at: string,
): Promise<bigint[]> {
  const firstId = await nextId(tx, 'sends');
  const ids = sends.map((_, index) => firstId + BigInt(index));
  await tx.insertMany(
    'sends',
    ['id', 'payout_id', 'attempt_no', 'kind'],
    sends.map((send, index) => [ids[index] ?? 0n, send.payout_id, send.attempt_no, send.kind]),
    { sent_at: at },
  );
  await recordRun(tx, 'send', firstId, sends.length);
  return ids;
}

export async function finishSends(
  tx: Transaction,
  sends: readonly (SendOutcome & { id: bigint; at: string })[],
): Promise<void> {
  const link = await nextAnswerLink(tx);
  await tx.runMany(
    `update sends set answered_at = :at, outcome = :outcome, reason = :reason, http_status = :http_status,
       transport_error = :transport_error, answer = :answer, answered_in = :link where id = :id`,
    sends.map((send) => ({
      id: send.id,
      link,
      at: send.at,
      outcome: send.outcome,
      reason: send.reason,
      http_status: send.http_status,
      transport_error: send.transport_error,
      answer: send.answer,
    })),
  );
  await recordAnswers(tx, link);
}

export type Question = SendOutcome & {
  payout_id: bigint;
  attempt_no: number;
  kind: SendKind;
  asked_at: string;
  at: string;
};

type LastQuestion = Pick<Question, 'payout_id' | 'outcome' | 'reason'> & {
  attempt_no: bigint;
  count: bigint;
};

// A provider that says another nonsense each minute fills no ledger.
const MOST_QUESTIONS = 50n;

/**
 * The same without those that came to what the last one about the payout came to: a payout that is asked about every
 * minute for days has a line for each change, and not for each minute.
 */
export async function recordNewQuestions(tx: Transaction, questions: readonly Question[]): Promise<void> {
  if (questions.length === 0) return;
  const last = await tx.all<LastQuestion>(
    `select s.payout_id, s.attempt_no, s.outcome, s.reason, q.count from sends s join (
       select max(id) as id, count(*) as count from sends
       where kind <> 'submit' and payout_id in (${inList('ids')}) group by payout_id) as q on q.id = s.id`,
    { ids: listParam(questions.map((question) => question.payout_id)) },
  );
  const known = new Set(last.map((row) => `${row.payout_id} ${row.attempt_no} ${row.outcome} ${row.reason}`));
  const many = new Set(last.filter(({ count }) => count >= MOST_QUESTIONS).map((row) => row.payout_id));
  await recordQuestions(
    tx,
    questions
      .filter(({ payout_id }) => !many.has(payout_id))
      .filter((each) => !known.has(`${each.payout_id} ${each.attempt_no} ${each.outcome} ${each.reason}`)),
  );
}

/** Records questions that were asked and answered, where they changed something or settled a doubt. */
export async function recordQuestions(tx: Transaction, questions: readonly Question[]): Promise<void> {
  if (questions.length === 0) return;
  const first = await nextId(tx, 'sends');
  // The run of questions is chained first, and their answers right behind it.
  const link = (await nextAnswerLink(tx)) + 1n;
  await tx.runMany(
    `insert into sends (id, payout_id, attempt_no, kind, sent_at, answered_at, outcome, reason, http_status, transport_error, answer, answered_in)
     values (:id, :payout_id, :attempt_no, :kind, :asked_at, :at, :outcome, :reason, :http_status, :transport_error, :answer, :link)`,
    questions.map((question, index) => ({ ...question, id: first + BigInt(index), link })),
  );
  await recordRun(tx, 'send', first, questions.length);
  await recordAnswers(tx, link);
}

/** The transaction holds the write lock, so that nobody else takes the number. */
async function nextId(tx: Transaction, table: 'sends' | 'status_events'): Promise<bigint> {
  const last = await tx.get<{ id: bigint | null }>(`select max(id) as id from ${table}`);
  return (last?.id ?? 0n) + 1n;
}

/** Sends of a payout's current attempt that may have been executed: interrupted ones, and those that ended unknown. */
export interface Unanswered {
  count: number;
  /** When the first of them was made: the idempotency window runs from here. */
  first_at: string;
  /** When the last of them was: what a look-up does not find may still come of it. */
  last_at: string;
}

export async function unansweredSends(
  reader: Reader,
  payoutIds: readonly bigint[],
): Promise<Map<bigint, Unanswered>> {
  const rows = await reader.all<{ payout_id: bigint; count: bigint; first_at: string; last_at: string }>(
    `select s.payout_id, count(*) as count, min(s.sent_at) as first_at, max(s.sent_at) as last_at
     from sends s join payouts p on p.id = s.payout_id and p.attempt_no = s.attempt_no
     where s.kind = 'submit' and (s.outcome is null or s.outcome = 'unknown') and s.payout_id in (${inList('ids')})
     group by s.payout_id`,
    { ids: listParam(payoutIds) },
  );
  return new Map(rows.map(({ payout_id, count, ...at }) => [payout_id, { count: Number(count), ...at }]));
}

/** When the present attempt of each payout was first sent. */
export async function firstSends(reader: Reader, payoutIds: readonly bigint[]): Promise<Map<bigint, string>> {
  const rows = await reader.all<{ payout_id: bigint; at: string }>(
    `select s.payout_id, min(s.sent_at) as at
     from sends s join payouts p on p.id = s.payout_id and p.attempt_no = s.attempt_no
     where s.kind = 'submit' and s.payout_id in (${inList('ids')}) group by s.payout_id`,
    { ids: listParam(payoutIds) },
  );
  return new Map(rows.map(({ payout_id, at }) => [payout_id, at]));
}

export interface StatusEvent {
  payout_id: bigint;
  attempt_no: number;
  source: string;
  status: string;
  provider_at: string | null;
  seen_at: string;
  state_before: string;
  state_after: string;
  note: string | null;
}

const STATUS_EVENT_COLUMNS = [
  'payout_id',
  'attempt_no',
  'source',
  'status',
  'provider_at',
  'seen_at',
  'state_before',
  'state_after',
  'note',
] as const satisfies readonly (keyof StatusEvent)[];

export async function recordStatusEvents(tx: Transaction, events: readonly StatusEvent[]): Promise<void> {
  if (events.length === 0) return;
  const first = await nextId(tx, 'status_events');
  await tx.insertMany(
    'status_events',
    ['id', ...STATUS_EVENT_COLUMNS],
    events.map((event, index) => [
      first + BigInt(index),
      ...STATUS_EVENT_COLUMNS.map((column) => event[column]),
    ]),
  );
  await recordRun(tx, 'status', first, events.length);
}
