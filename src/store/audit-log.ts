/** The audit log as it is read: page by page, oldest or newest first. */
import type { Reader } from './database.ts';

export interface AuditRow {
  id: bigint;
  at: string;
  actor: string;
  os_user: string;
  host: string;
  action: string;
  subject_kind: string;
  subject: string;
  /** JSON text, as it is in the chain. */
  details: string;
}

export interface AuditFilter {
  subject: string | null;
  subject_kind: string | null;
  /** The name given with --as, or the operating system's user: either finds the event. */
  actor: string | null;
  /** Instants, or the start of one: `2026-11-20` is where that day begins in UTC. */
  since: string | null;
  until: string | null;
  /** The last event of the page before; null for the first page. */
  after: bigint | null;
  /** Newest first. */
  reverse: boolean;
  limit: number;
}

export async function listAuditEvents(
  reader: Reader,
  { reverse, ...filter }: AuditFilter,
): Promise<AuditRow[]> {
  return reader.all(
    `select id, at, actor, os_user, host, action, subject_kind, subject, details from audit_events
     where (:after is null or id ${reverse ? '<' : '>'} :after)
       and (:subject is null or subject = :subject) and (:subject_kind is null or subject_kind = :subject_kind)
       and (:actor is null or actor = :actor or os_user = :actor)
       and (:since is null or at >= :since) and (:until is null or at < :until)
     order by id ${reverse ? 'desc' : 'asc'} limit :limit`,
    filter,
  );
}
