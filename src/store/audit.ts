/** The audit log: who decided what about which subject, kept in the chain and never changed. */
import type { Actor } from '../domain/actor.ts';
import { canonicalAuditEvent } from '../domain/ledger/chain.ts';
import { appendToChain } from './chain.ts';
import type { Transaction } from './database.ts';

/** Flat on purpose: what a person needs in order to understand the decision. Account numbers only masked. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface AuditEvent {
  /** RFC 3339 UTC. */
  at: string;
  actor: Actor;
  /** lower_snake, such as `beneficiary_details_changed`. */
  action: string;
  /** The noun: beneficiary, batch, payout, entry, break, statement, key. */
  subject_kind: string;
  /** The name that a person knows it by. */
  subject: string;
  details: AuditDetails;
}

/** Stores one event and appends it to the chain; answers its id. */
export async function recordAudit(tx: Transaction, event: AuditEvent): Promise<bigint> {
  const [id = 0n] = await recordAudits(tx, [event]);
  return id;
}

/** The same for many, in the order given. */
export async function recordAudits(tx: Transaction, events: readonly AuditEvent[]): Promise<bigint[]> {
  // The transaction holds the write lock, so that no other writer takes these numbers.
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from audit_events');
  const first = (last?.id ?? 0n) + 1n;
  const rows = events.map(({ actor, details, ...event }, index) => ({
    ...event,
    id: first + BigInt(index),
    actor: actor.name,
    os_user: actor.os_user,
    host: actor.host,
    details: JSON.stringify(details),
  }));
  await tx.runMany(
    `insert into audit_events (id, at, actor, os_user, host, action, subject_kind, subject, details)
     values (:id, :at, :actor, :os_user, :host, :action, :subject_kind, :subject, :details)`,
    rows,
  );
  await appendToChain(
    tx,
    rows.map((row) => ({ kind: 'audit' as const, item_id: row.id, canonical: canonicalAuditEvent(row) })),
  );
  return rows.map((row) => row.id);
}
