/**
 * A person explains breaks, or takes explanations back: one, several, or all that fit a filter, and with an entry in
 * the books where a named rule says which. All of it or nothing, in one transaction with the audit log and its chain.
 */
import type { Actor } from '../domain/actor.ts';
import { Bug, PayrunError } from '../domain/errors.ts';
import { isAccountName } from '../domain/ledger/account.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { type BookTerms, postingsOfBreak } from '../domain/reconciliation/break-entry.ts';
import { type AuditEvent, recordAudits } from '../store/audit.ts';
import {
  type BreakRow,
  breakById,
  type Decision,
  everyBreak,
  reopenBreaks,
  resolveBreaks,
} from '../store/breaks.ts';
import type { Database, Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { payoutsById } from '../store/payouts.ts';
import { reverseWithin } from './reverse-entry.ts';

export interface BreakDeps {
  database: Database;
  actor: Actor;
  now(): string;
}

/** Which breaks: by their numbers, all of which have to be in the right state, or those in it that fit. */
export type Choice =
  | { ids: readonly bigint[] }
  | { fits(row: BreakRow): boolean; kind: BreakRow['kind'] | null; provider: string | null };

export interface Resolution {
  reason: string;
  note: string | null;
  booking: Booking | null;
}

export interface Booking {
  /** The day on which it is booked, `YYYY-MM-DD`. */
  on: string;
  write_off_account: string;
  payout_account: string;
  rule: BookTerms['rule'];
  /** What the configuration says of a provider's fees; throws where it does not know the provider. */
  feesOf(provider: string): Pick<BookTerms, 'fees' | 'tax'>;
}

/** Answers the breaks as they are now, in the order of their numbers. */
export async function resolveChosen(
  deps: BreakDeps,
  choice: Choice,
  resolution: Resolution,
): Promise<BreakRow[]> {
  const at = deps.now();
  return deps.database.transaction(async (tx) => {
    const rows = await chosen(tx, choice, 'open', notOpen);
    const { reason, note, booking } = resolution;
    const entries = booking === null ? [] : await book(tx, deps, at, rows, booking);
    const decisions = rows.map((row, index) => ({ row, reason, note, entry_id: entries[index] ?? null }));
    await storeDecisions(tx, deps, at, decisions);
    return readAgain(tx, rows);
  });
}

/** Resolves with what was decided for each, and tells the audit log. For operations that have looked at the rows. */
export async function storeDecisions(
  tx: Transaction,
  deps: BreakDeps,
  at: string,
  decisions: readonly Decision[],
): Promise<void> {
  const occasion = { at, actor: deps.actor.name, reconciliation_id: null };
  if ((await resolveBreaks(tx, decisions, occasion)) !== decisions.length)
    throw new Bug('Breaks that were open cannot be resolved.');
  await recordAudits(
    tx,
    decisions.map(({ row, ...explanation }) => decisionEvent(deps, at, 'break_resolved', row, explanation)),
  );
}

export interface Reopened {
  row: BreakRow;
  /** The entry that takes back what was booked with the explanation. */
  reversed_by: bigint | null;
}

/** Takes explanations back, and reverses what was booked with them, today. */
export async function reopenChosen(
  deps: BreakDeps & { time_zone: string },
  choice: Choice,
  note: string | null,
): Promise<Reopened[]> {
  const at = deps.now();
  return deps.database.transaction(async (tx) => {
    const rows = await chosen(tx, choice, 'resolved', notResolved);
    const reversals: (bigint | null)[] = [];
    for (const { id, entry_id } of rows) {
      const reversal = {
        actor: deps.actor,
        at,
        time_zone: deps.time_zone,
        reason: `break ${id} is open again${note === null ? '' : `: ${note}`}`,
      };
      reversals.push(entry_id === null ? null : await reverseWithin(tx, reversal, entry_id));
    }
    const occasion = { at, actor: deps.actor.name, reconciliation_id: null };
    if ((await reopenBreaks(tx, rows, note, occasion)) !== rows.length)
      throw new Bug('Breaks that were resolved cannot be reopened.');
    await recordAudits(
      tx,
      rows.map((row) =>
        decisionEvent(deps, at, 'break_reopened', row, { reason: row.reason, note, entry_id: row.entry_id }),
      ),
    );
    const again = await readAgain(tx, rows);
    return again.map((row, index) => ({ row, reversed_by: reversals[index] ?? null }));
  });
}

async function chosen(
  tx: Transaction,
  choice: Choice,
  state: 'open' | 'resolved',
  refusal: (row: BreakRow) => PayrunError,
): Promise<BreakRow[]> {
  const rows: BreakRow[] = [];
  if ('ids' in choice) {
    for (const id of [...new Set(choice.ids)].sort((a, b) => (a < b ? -1 : 1))) {
      const row = await requireBreak(tx, id);
      if (row.state !== state) throw refusal(row);
      rows.push(row);
    }
    return rows;
  }
  const { kind, provider } = choice;
  for await (const row of everyBreak(tx, { state, kind, provider, after: 0n }))
    if (choice.fits(row)) rows.push(row);
  return rows;
}

async function readAgain(tx: Transaction, rows: readonly BreakRow[]): Promise<BreakRow[]> {
  const again: BreakRow[] = [];
  for (const { id } of rows) again.push(await requireBreak(tx, id));
  return again;
}

/** One entry for each break, in their order; one that cannot be booked refuses them all. */
async function book(
  tx: Transaction,
  deps: BreakDeps,
  at: string,
  rows: readonly BreakRow[],
  booking: Booking,
): Promise<bigint[]> {
  const payouts = await payoutsById(
    tx,
    rows.flatMap(({ payout_id }) => payout_id ?? []),
  );
  const entries = rows.map((row): NewEntry => {
    if (row.entry_id !== null) throw stillBooked(row);
    const payout = row.payout_id === null ? null : (payouts.get(row.payout_id) ?? null);
    const made = postingsOfBreak(row, row.provider, payout?.account ?? null, {
      ...booking,
      ...booking.feesOf(row.provider),
    });
    if ('problem' in made) throw unfit(row, booking.rule, made.problem);
    return {
      event: 'break_booked',
      // An explanation may be taken back and given again: it is none of the events that a payout has once.
      payout: null,
      reference_id: row.payout_id === null ? null : row.reference_id,
      provider: isAccountName(row.provider) ? null : row.provider,
      booked_on: booking.on,
      recorded_at: at,
      description: `Break ${row.id}, ${row.kind}, booked as ${booking.rule}`,
      actor: deps.actor.name,
      entry_ref: null,
      reverses_id: null,
      tags: payout?.tags ?? null,
      postings: made.postings,
    };
  });
  return postEntries(tx, entries);
}

async function requireBreak(tx: Transaction, id: bigint): Promise<BreakRow> {
  const row = await breakById(tx, id);
  if (row) return row;
  throw breakUnknown(String(id));
}

export function breakUnknown(id: string): PayrunError {
  return new PayrunError('failed', 'break_unknown', `There is no break ${id}.`, {
    hint: 'payrun break list --state all shows every break with its number.',
  });
}

function unfit(row: BreakRow, rule: string, problem: string): PayrunError {
  return new PayrunError(
    'failed',
    'break_unbookable',
    `Break ${row.id} cannot be booked as ${rule}: it ${problem}.`,
    {
      hint: `See \`payrun break show ${row.id}\`; without --book it is resolved and nothing is booked.`,
    },
  );
}

function stillBooked(row: BreakRow): PayrunError {
  const message = `Break ${row.id} was booked before, as entry ${row.entry_id}, with other values than it has now.`;
  return new PayrunError('failed', 'break_booked', message, {
    hint: `Take that back first: payrun ledger reverse ${row.entry_id} --reason TEXT.`,
  });
}

function notOpen(row: BreakRow): PayrunError {
  return new PayrunError('failed', 'break_not_open', `Break ${row.id} is ${row.state}, not open.`, {
    hint: whyNot(row),
  });
}

function notResolved(row: BreakRow): PayrunError {
  return new PayrunError('failed', 'break_not_resolved', `Break ${row.id} is ${row.state}, not resolved.`, {
    hint: whyNot(row),
  });
}

function whyNot(row: BreakRow): string {
  return row.state === 'closed'
    ? 'The difference is gone; a break that comes back is opened again by itself.'
    : `payrun break show ${row.id} tells who decided what about it.`;
}

/** What the audit log keeps of a person's decision about a break. */
function decisionEvent(
  deps: BreakDeps,
  at: string,
  action: 'break_resolved' | 'break_reopened',
  row: BreakRow,
  explanation: { reason: string | null; note: string | null; entry_id: bigint | null },
): AuditEvent {
  const { reason, note, entry_id } = explanation;
  return {
    at,
    actor: deps.actor,
    action,
    subject_kind: 'break',
    subject: String(row.id),
    details: {
      kind: row.kind,
      provider: row.provider,
      reference_id: row.reference_id,
      ledger: row.ledger_value,
      statement: row.statement_value,
      reason,
      note,
      ...(entry_id === null ? {} : { entry: entry_id.toString() }),
    },
  };
}
