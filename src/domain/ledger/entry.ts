/**
 * A journal entry before it is written: what happened, when, by whom, and its postings. Debit is positive, credit is
 * negative, and the postings of an entry sum to zero in each currency; an entry that does not is never written.
 */
import { Bug } from '../errors.ts';

export interface Posting {
  account: string;
  /** Debit positive, credit negative, never zero. */
  amount_minor: bigint;
  currency: string;
}

/** The payout, attempt and cycle that an event belongs to: each event happens in each at most once. */
export interface EntryPayout {
  payout_id: bigint;
  attempt_no: number;
  cycle: number;
}

export interface NewEntry {
  event: string;
  payout: EntryPayout | null;
  reference_id: string | null;
  provider: string | null;
  /** The day in the ledger's time zone to which it counts: `2026-11-20`. */
  booked_on: string;
  /** When it was written: RFC 3339 UTC. */
  recorded_at: string;
  description: string;
  actor: string;
  /** A person's own name of an entry that came from a file. */
  entry_ref: string | null;
  reverses_id: bigint | null;
  /** The canonical text of domain/ledger/tags.ts; left out or null: none. */
  tags?: string | null;
  postings: readonly Posting[];
}

/** What each currency's postings sum to, where that is not zero. */
export function imbalances(postings: readonly Posting[]): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const posting of postings)
    sums.set(posting.currency, (sums.get(posting.currency) ?? 0n) + posting.amount_minor);
  for (const [currency, sum] of sums) if (sum === 0n) sums.delete(currency);
  return sums;
}

/** Throws a Bug where an entry must not be written; files are checked before, with words for their reader. */
export function assertBalanced(entry: Pick<NewEntry, 'event' | 'postings'>): void {
  const { postings } = entry;
  if (postings.length < 2)
    throw new Bug(`The entry "${entry.event}" has ${postings.length} postings; it needs two or more.`);
  for (const posting of postings) {
    if (posting.amount_minor === 0n)
      throw new Bug(`The entry "${entry.event}" posts nothing to ${posting.account}.`);
  }
  // Nearly every entry has two postings; a map for each of them would be most of the cost of writing it.
  const [first, second] = postings;
  if (
    postings.length === 2 &&
    first?.currency === second?.currency &&
    first?.amount_minor === -(second?.amount_minor ?? 0n)
  )
    return;
  for (const [currency, sum] of imbalances(postings)) {
    throw new Bug(`The entry "${entry.event}" is out of balance by ${sum} minor units of ${currency}.`);
  }
}
