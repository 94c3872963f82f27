/**
 * The payouts of a reconciliation, read page by page as bare values: those that may be settled become records, of the
 * others the numbers are kept. It can be done in a thread of its own (payouts-in-thread.ts), so that all that goes in
 * and comes out is plain data.
 */
import { dayIn } from '../domain/calendar-day.ts';
import { normaliseUtr } from '../domain/reconciliation/statement-line.ts';
import type { Side } from '../statements/bulk/join-sides.ts';
import { FAILED, type Outcome, PAID } from '../statements/bulk/side-plan.ts';
import type { Reader } from '../store/database.ts';
import { type PlainAttempt, plainAttemptsOfProvider, plainAttemptsText } from '../store/reconciliations.ts';
import { SideSink } from './side-sink.ts';

export interface PayoutSideJob {
  provider: string;
  /** The highest number of a payout that has an attempt. */
  last: bigint;
  /** Where the records go: a file of our own. */
  records: number;
  seed: number;
  time_zone: string;
  /** Charges are computed from rates: a payout that does not state its own is none that may be settled. */
  needs_charges: boolean;
}

export interface PayoutSide {
  scanned: Side['scanned'];
  taken: readonly (readonly number[])[];
  /** The numbers of payouts, each with one of its attempts, that are no records. */
  odd: readonly AttemptNumber[];
}

export type AttemptNumber = readonly [payout_id: number, attempt_no: number];

export interface NumberedPage {
  after: bigint;
  through: bigint;
}

// So few that a page is forgotten before it has to be moved in memory.
export const PAGE = 1_000n;

/** `tell` hears up to which number rows have been looked at. */
export function* numberedPages(
  last: bigint,
  tell: (through: bigint) => void = () => undefined,
): Iterable<NumberedPage> {
  for (let after = 0n; after < last; after += PAGE) {
    yield { after, through: after + PAGE };
    tell(after + PAGE < last ? after + PAGE : last);
  }
}

export async function readPayoutSide(
  reader: Reader,
  { provider, last, records, seed, ...terms }: PayoutSideJob,
  tell?: (through: bigint) => void,
): Promise<PayoutSide> {
  const sink = new SideSink(records, seed);
  const odd: AttemptNumber[] = [];
  const dayOf = dayReader(terms.time_zone);
  const texts = sink.payoutTexts(terms);
  const readRow = (row: PlainAttempt) => {
    if (!writePayout(sink, row, dayOf, terms)) {
      sink.take(namesOfAttempt(row));
      odd.push([row[0], row[1]]);
    }
  };
  for (const page of numberedPages(last, tell)) {
    const found = await plainAttemptsText(reader, provider, page);
    const left = texts.read(found, Number(page.after) + 1, Number(PAGE));
    if (left?.length === 0 && found.count === found.all) continue;
    const again = left && new Set(left);
    for (const row of await plainAttemptsOfProvider(reader, provider, page))
      if (!again || again.has(row[0]) || !isInText(row)) readRow(row);
  }
  return { scanned: sink.end(), taken: sink.taken, odd };
}

function isInText(row: PlainAttempt): boolean {
  return row[1] === 1 && outcomeOfAttempt(row) !== null;
}

/** Whether it has become a record. */
function writePayout(
  sink: SideSink,
  row: PlainAttempt,
  dayOf: (instant: string) => string,
  { needs_charges }: Pick<PayoutSideJob, 'needs_charges'>,
): boolean {
  const [ordinal, attempt_no, , , , , , amount_minor, currency, fee, tax, booked, at] = row;
  const outcome = outcomeOfAttempt(row);
  // A charge that is computed from a rate counts as stated.
  const stated = !needs_charges || (fee !== null && tax !== null);
  if (outcome === null || !stated || attempt_no !== 1) return false;
  const day = booked ?? (at === null ? null : dayOf(at));
  const facts = { amount_minor, currency, fee_minor: fee, tax_minor: tax, day };
  return sink.rows.write({ ordinal, ...namesOfAttempt(row), ...facts, outcome });
}

function namesOfAttempt([, , , , provider_id, provider_reference, utr]: PlainAttempt) {
  return { provider_id, provider_reference, utr: normalisedUtr(utr) };
}

const PLAIN_UTR = /^[0-9A-Z]+$/;

function normalisedUtr(utr: string | null): string | null {
  if (utr === null || utr === '') return null;
  return PLAIN_UTR.test(utr) ? utr : normaliseUtr(utr);
}

function outcomeOfAttempt([, , state, position]: PlainAttempt): Outcome | null {
  if (state === 'paid' && position === 'paid') return PAID;
  return state === 'failed' && position !== 'paid' && position !== 'returned' ? FAILED : null;
}

/** Days of instants, each quarter of an hour looked up once: zones change their day at none but the full ones. */
function dayReader(timeZone: string): (instant: string) => string {
  const known = new Map<number, string>();
  return (instant) => {
    const quarter = Math.floor(Date.parse(instant) / 900_000);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const day = dayIn(timeZone, instant);
    known.set(quarter, day);
    return day;
  };
}
