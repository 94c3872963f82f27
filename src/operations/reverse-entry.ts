/**
 * Posts the opposite of an entry, dated today: nothing is ever edited. An entry that moved a payout is not reversed
 * by hand, since the books would then say something else of the payout than its state; a person's word about a
 * payout has a door of its own.
 */
import type { Actor } from '../domain/actor.ts';
import { dayIn } from '../domain/calendar-day.ts';
import { PayrunError } from '../domain/errors.ts';
import { recordAudit } from '../store/audit.ts';
import type { Database, Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { type EntryRow, entryById, postingsOfEntries } from '../store/ledger-queries.ts';

export interface Reversal {
  database: Database;
  actor: Actor;
  /** RFC 3339 UTC. */
  at: string;
  time_zone: string;
  reason: string;
}

/** What a charge of a provider was may be corrected by hand; where the payout's amount is may not. */
const CHARGES: ReadonlySet<string> = new Set(['fee', 'tax', 'fee_returned', 'tax_returned']);

/** Answers the id of the new entry. */
export async function reverseEntry(reversal: Reversal, id: bigint): Promise<bigint> {
  return reversal.database.transaction((tx) => reverseWithin(tx, reversal, id));
}

/** The same within a decision that takes the entry back. */
export async function reverseWithin(
  tx: Transaction,
  reversal: Omit<Reversal, 'database'>,
  id: bigint,
): Promise<bigint> {
  const { at, actor, reason } = reversal;
  const entry = await requireReversible(tx, id);
  const postings = (await postingsOfEntries(tx, [id])).get(id) ?? [];
  const [reversedBy = 0n] = await postEntries(tx, [
    {
      event: 'reversed',
      payout: null,
      reference_id: entry.reference_id,
      provider: entry.provider,
      booked_on: dayIn(reversal.time_zone, at),
      recorded_at: at,
      description: `Reverses entry ${id}: ${reason}`,
      actor: actor.name,
      entry_ref: null,
      reverses_id: id,
      tags: entry.tags,
      postings: postings.map(({ account, amount_minor, currency }) => ({
        account,
        amount_minor: -amount_minor,
        currency,
      })),
    },
  ]);
  await recordAudit(tx, {
    at,
    actor,
    action: 'entry_reversed',
    subject_kind: 'entry',
    subject: id.toString(),
    details: { reversed_by: reversedBy.toString(), reason },
  });
  return reversedBy;
}

async function requireReversible(tx: Transaction, id: bigint): Promise<EntryRow> {
  const entry = await entryById(tx, id);
  if (!entry) throw entryUnknown(id.toString());
  if (entry.reversed_by !== null) {
    throw new PayrunError(
      'failed',
      'entry_reversed',
      `Entry ${id} was reversed before, by entry ${entry.reversed_by}.`,
      {
        hint: `To book it again, reverse entry ${entry.reversed_by}.`,
      },
    );
  }
  if (entry.payout_id !== null && !CHARGES.has(entry.event)) {
    const message = `Entry ${id} moved payout ${entry.reference_id} (${entry.event}); reversed by hand, the books would contradict it.`;
    throw new PayrunError('failed', 'entry_of_payout', message, {
      hint: `See \`payrun payout explain ${entry.reference_id}\`; what is wrong about a payout is put right with \`payrun payout resolve\`.`,
    });
  }
  return entry;
}

export function entryUnknown(id: string): PayrunError {
  return new PayrunError('failed', 'entry_unknown', `There is no entry ${id}.`, {
    hint: 'Entries have numbers; `payrun ledger register ACCOUNT` lists them.',
  });
}
