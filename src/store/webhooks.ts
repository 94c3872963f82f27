/**
 * Events that providers told, each stored once by the digest of its bytes. What became of one is written beside it;
 * the event itself stays as it came.
 */
import { Bug } from '../domain/errors.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import { recordRows } from './records.ts';
import type { Params } from './sql-value.ts';

export const WEBHOOK_STATES = ['received', 'applied', 'unknown_reference'] as const;
export type WebhookState = (typeof WEBHOOK_STATES)[number];

/** What looking into an event came to; `same` is that nothing followed. */
export type WebhookEffect =
  | 'moved'
  | 'noted'
  | 'same'
  | 'held'
  | 'contradiction'
  | 'not_found'
  | 'foreign_reference'
  | 'earlier_attempt';

export interface NewWebhook {
  provider: string;
  sha256: string;
  source: 'signed' | 'file';
  event: string;
  provider_id: string;
  provider_reference: string;
  status: string;
  state: ProviderState;
  amount_minor: bigint | null;
  utr: string | null;
  failure_reason: string | null;
  stated_at: string;
  received_at: string;
}

export interface StoredWebhook {
  id: bigint;
  state: WebhookState;
  /** False: the same bytes were there already. */
  is_new: boolean;
}

export async function webhookBySha256(
  reader: Reader,
  provider: string,
  sha256: string,
): Promise<StoredWebhook | undefined> {
  const row = await reader.get<{ id: bigint; state: WebhookState }>(
    'select id, state from webhooks where provider = :provider and sha256 = :sha256',
    { provider, sha256 },
  );
  return row && { ...row, is_new: false };
}

/** Stores the event unless its bytes were stored before, and finds the attempt of ours that it is about. */
export async function storeWebhook(tx: Transaction, webhook: NewWebhook): Promise<StoredWebhook> {
  const { state: providerState, ...told } = webhook;
  const subject = await attemptNamed(tx, webhook);
  const row = await tx.get<{ id: bigint; state: WebhookState }>(
    `insert into webhooks (provider, sha256, source, event, provider_id, provider_reference, status, provider_state,
       amount_minor, utr, failure_reason, stated_at, received_at, payout_id, attempt_no, state)
     values (:provider, :sha256, :source, :event, :provider_id, :provider_reference, :status, :provider_state,
       :amount_minor, :utr, :failure_reason, :stated_at, :received_at, :payout_id, :attempt_no, :state)
     on conflict (provider, sha256) do nothing
     returning id, state`,
    {
      ...told,
      provider_state: providerState,
      payout_id: subject?.payout_id ?? null,
      attempt_no: subject?.attempt_no ?? null,
      state: subject ? 'received' : 'unknown_reference',
    },
  );
  if (row) {
    await recordRows(tx, 'webhook', [row.id]);
    return { ...row, is_new: true };
  }
  const known = await webhookBySha256(tx, webhook.provider, webhook.sha256);
  if (known) return known;
  throw new Bug(`The event ${webhook.sha256} was neither stored nor there before.`);
}

interface Subject {
  payout_id: bigint;
  attempt_no: bigint;
}

/** By our reference first, which was ours before anything left; only then by the provider's name for it. */
async function attemptNamed(
  reader: Reader,
  { provider, provider_reference, provider_id }: NewWebhook,
): Promise<Subject | undefined> {
  const byReference = await reader.get<Subject>(
    `select payout_id, attempt_no from attempts
     where provider = :provider and lower(provider_reference) = :reference`,
    { provider, reference: provider_reference.toLowerCase() },
  );
  if (byReference) return byReference;
  const params = { provider, provider_id };
  const current = await reader.get<Subject>(
    `select id as payout_id, attempt_no from payouts
     where provider = :provider and provider_id = :provider_id and attempt_no > 0`,
    params,
  );
  return (
    current ??
    (await reader.get<Subject>(
      'select payout_id, attempt_no from attempts where provider = :provider and provider_id = :provider_id order by payout_id, attempt_no limit 1',
      params,
    ))
  );
}

/** An event that still has to be looked into. */
export interface OpenWebhook {
  id: bigint;
  provider_id: string;
  provider_reference: string;
  status: string;
  provider_state: ProviderState;
  amount_minor: bigint | null;
  payout_id: bigint;
  attempt_no: number;
  tries: number;
}

type OpenRow = Omit<OpenWebhook, 'attempt_no' | 'tries'> & { attempt_no: bigint; tries: bigint };

const OPEN = `select id, provider_id, provider_reference, status, provider_state, amount_minor, payout_id, attempt_no,
    tries from webhooks where state = 'received'`;

function fromRow(row: OpenRow): OpenWebhook {
  return { ...row, attempt_no: Number(row.attempt_no), tries: Number(row.tries) };
}

/** Those behind `after`, in the order in which they came. */
export async function webhooksToApply(
  reader: Reader,
  provider: string,
  after: bigint,
  limit: number,
): Promise<OpenWebhook[]> {
  const rows = await reader.all<OpenRow>(
    `${OPEN} and provider = :provider and id > :after order by id limit :limit`,
    {
      provider,
      after,
      limit,
    },
  );
  return rows.map(fromRow);
}

/** Which of these still have to be looked into. */
export async function openWebhooks(reader: Reader, ids: readonly bigint[]): Promise<OpenWebhook[]> {
  const rows = await reader.all<OpenRow>(`${OPEN} and id in (${inList('ids')}) order by id`, {
    ids: listParam(ids),
  });
  return rows.map(fromRow);
}

/** Writes what became of events; one that another process has settled meanwhile keeps what that one wrote. */
export async function settleWebhooks(
  tx: Transaction,
  settled: readonly { id: bigint; effect: WebhookEffect; note: string | null }[],
  at: string,
): Promise<void> {
  await tx.runMany(
    `update webhooks set state = 'applied', applied_at = :at, effect = :effect, note = :note
     where id = :id and state = 'received'`,
    settled.map(({ id, effect, note }) => ({ id, effect, note, at })),
  );
  await recordRows(
    tx,
    'webhook',
    settled.map(({ id }) => id),
  );
}

export async function countTries(tx: Transaction, ids: readonly bigint[]): Promise<void> {
  await tx.runMany(
    "update webhooks set tries = tries + 1 where id = :id and state = 'received'",
    ids.map((id) => ({ id })),
  );
  await recordRows(tx, 'webhook', ids);
}

export interface WebhookRow {
  id: bigint;
  provider: string;
  event: string;
  provider_id: string;
  /** Of our payout where one answers to the event's names, else as the event has it. */
  reference_id: string;
  status: string;
  received_at: string;
  state: WebhookState;
  applied_at: string | null;
  effect: WebhookEffect | null;
}

export interface WebhookFilter {
  state: WebhookState | null;
  provider: string | null;
  after: bigint;
  limit: number;
}

export async function listWebhooks(reader: Reader, filter: WebhookFilter): Promise<WebhookRow[]> {
  const conditions = ['w.id > :after'];
  const params: Record<string, string | bigint | number> = { after: filter.after, limit: filter.limit };
  // Only conditions that are asked for, so that the engine can choose an index for them.
  if (filter.state !== null) {
    conditions.push('w.state = :state');
    params.state = filter.state;
  }
  if (filter.provider !== null) {
    conditions.push('w.provider = :provider');
    params.provider = filter.provider;
  }
  return reader.all<WebhookRow>(
    `select w.id, w.provider, w.event, w.provider_id, coalesce(p.reference_id, w.provider_reference) as reference_id,
       w.status, w.received_at, w.state, w.applied_at, w.effect
     from webhooks w left join payouts p on p.id = w.payout_id
     where ${conditions.join(' and ')} order by w.id limit :limit`,
    params satisfies Params,
  );
}
