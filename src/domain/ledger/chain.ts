/**
 * The one text of a journal entry, of an audit event and of any other row of evidence that the chain's hashes are made
 * of. Every column is in it, the account by its name, in a fixed order; whatever is edited in the database afterwards
 * changes the text. These forms may never change: an old ledger's chain would no longer hold.
 */
import type { NewEntry } from './entry.ts';

/** `entry` and `audit` hash an item's own text; every other kind hashes the content of the rows that it covers. */
export type ChainKind = 'entry' | 'audit' | (string & {});

/** The hash before the first. */
export const CHAIN_START = '0'.repeat(64);

export interface ChainedAuditEvent {
  at: string;
  actor: string;
  os_user: string;
  host: string;
  action: string;
  subject_kind: string;
  subject: string;
  /** As stored: JSON text. */
  details: string;
}

/** Minor units and ids are decimal text, since a JSON number holds 53 bits. */
export function canonicalEntry(entry: NewEntry): string {
  const { payout } = entry;
  return JSON.stringify([
    entry.event,
    payout === null ? null : payout.payout_id.toString(),
    payout === null ? null : payout.attempt_no,
    payout === null ? null : payout.cycle,
    entry.reference_id,
    entry.provider,
    entry.booked_on,
    entry.recorded_at,
    entry.description,
    entry.actor,
    entry.entry_ref,
    entry.reverses_id === null ? null : entry.reverses_id.toString(),
    entry.postings.map((posting) => [posting.account, posting.amount_minor.toString(), posting.currency]),
    // Tags came later: an entry without them reads as it always did.
    ...(entry.tags == null ? [] : [entry.tags]),
  ]);
}

export function canonicalAuditEvent(event: ChainedAuditEvent): string {
  return JSON.stringify([
    event.at,
    event.actor,
    event.os_user,
    event.host,
    event.action,
    event.subject_kind,
    event.subject,
    event.details,
  ]);
}

/** What a link says that covers rows by the hash of their texts. */
export function canonicalContent(rowCount: bigint, contentSha256: string): string {
  return `${rowCount}\n${contentSha256}`;
}

/** What is hashed: the chain so far, and which item comes next with which text. */
export function chainInput(previousHash: string, kind: ChainKind, itemId: bigint, canonical: string): string {
  return `${previousHash}\n${kind}\n${itemId}\n${canonical}`;
}
