/**
 * What happens to an entry whose day is closed. A person's entry is refused: the person can date it otherwise. What
 * happened to a payout is never refused and never lost: it is booked on the first open day, and says which day it was
 * of, so that the closed balance stays what was proven and the books still tell the whole.
 */
import { PayrunError } from '../errors.ts';
import type { NewEntry, Posting } from './entry.ts';

/** The last closed day, by account and currency; see `closedKey`. */
export type ClosedDays = ReadonlyMap<string, string>;

export function closedKey(account: string, currency: string): string {
  return `${account} ${currency}`;
}

/** The last closed day that forbids these postings on `day`, with the account that it is closed for; null where none does. */
export function closedFor(
  postings: readonly Posting[],
  day: string,
  closed: ClosedDays,
): { account: string; through: string } | null {
  let found: { account: string; through: string } | null = null;
  for (const { account, currency } of postings) {
    const through = closed.get(closedKey(account, currency));
    if (through === undefined || day > through) continue;
    if (found === null || through > found.through) found = { account, through };
  }
  return found;
}

/** The entry as it may be written; throws `period_closed` where it is a person's. */
export function onOpenDay(entry: NewEntry, closed: ClosedDays): NewEntry {
  const closing = closedFor(entry.postings, entry.booked_on, closed);
  if (closing === null) return entry;
  if (entry.payout === null) {
    const what = entry.entry_ref === null ? 'The entry' : `Entry ${entry.entry_ref}`;
    throw new PayrunError('failed', 'period_closed', `${what} ${closedSentence(entry.booked_on, closing)}`, {
      hint: `Book it on ${dayAfter(closing.through)} or later; a closed day stays as it was proven.`,
    });
  }
  return {
    ...entry,
    booked_on: dayAfter(closing.through),
    description: `${entry.description} (of ${entry.booked_on}, which is closed)`,
  };
}

export function closedSentence(day: string, closing: { account: string; through: string }): string {
  return `is booked on ${day}, and ${closing.account} is closed through ${closing.through}.`;
}

/** `2026-11-30` → `2026-12-01`. */
export function dayAfter(day: string): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, date + 1)).toISOString().slice(0, 10);
}
