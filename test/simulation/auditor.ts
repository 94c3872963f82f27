/**
 * Holds a ledger against the world's log, with books of its own: it reads the tables as they are, adds up itself, and
 * uses nothing of payrun but `ledger verify`, whose verdict is one finding among others.
 */
import SqliteDatabase from 'better-sqlite3';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import type { Database } from '../../src/store/database.ts';
import { type Execution, FEE_MINOR, TAX_MINOR, WINDOW_MS, type World } from './world.ts';

export type Crime =
  | 'double_payment'
  | 'lost_payout'
  | 'false_failure'
  | 'unbalanced_entries'
  | 'sent_before_stored'
  | 'other_bytes'
  | 'other_amount'
  | 'payment_nobody_asked_for'
  | 'state_against_the_truth'
  | 'held_without_reason'
  | 'unfinished';

export interface Finding {
  crime: Crime;
  what: string;
}

interface Row {
  reference_id: string;
  state: string;
  position: string;
  hold_reason: string | null;
  amount_minor: bigint;
  fee_minor: bigint | null;
}

interface Sums {
  available: bigint;
  in_transit: bigint;
  booking: bigint;
}

interface Standing {
  rows: Row[];
  references: Set<string>;
  sums: Sums;
}

/** What must be true at every instant, also of the image that a dead process left behind. */
export function auditStanding(path: string, world: World, rowCount: number): Finding[] {
  const { rows, references, sums } = readStanding(path);
  const findings: Finding[] = [];
  const report = (crime: Crime, what: string) => findings.push({ crime, what });
  if (rows.length !== rowCount) report('lost_payout', `${rows.length} rows of ${rowCount}`);
  const bodies = new Map<string, string>();
  for (const event of world.log) {
    if (event.kind !== 'sent') continue;
    if (!event.stored_first) report('sent_before_stored', event.reference);
    const before = bodies.get(event.reference) ?? event.body;
    if (before !== event.body) report('other_bytes', event.reference);
    bodies.set(event.reference, event.body);
  }
  for (const execution of world.executions) {
    if (!references.has(execution.reference)) report('payment_nobody_asked_for', execution.reference);
  }
  for (const row of rows) {
    const executions = world.executions.filter((each) => each.reference === row.reference_id);
    if (executions.length > 1) report('double_payment', row.reference_id);
    if (executions.some((each) => each.amount_minor !== row.amount_minor))
      report('other_amount', row.reference_id);
    if (row.state === 'failed' && !mayHaveFailed(executions[0], world, row.reference_id))
      report('false_failure', row.reference_id);
  }
  const expected = booksOf(rows);
  for (const account of ['available', 'in_transit', 'booking'] as const) {
    if (sums[account] !== expected[account])
      report('unbalanced_entries', `${account} has ${sums[account]}, the rows make ${expected[account]}`);
  }
  return findings;
}

/** What must be true in the end, when nothing is under way any more. */
export async function auditEnd(
  database: Database,
  path: string,
  world: World,
  rowCount: number,
): Promise<Finding[]> {
  const findings = auditStanding(path, world, rowCount);
  const { rows, sums } = readStanding(path);
  for (const row of rows) {
    const finding = compareEnd(row, world);
    if (finding) findings.push(finding);
  }
  const unproven = rows
    .filter((row) => row.state === 'held')
    .reduce((sum, row) => sum + row.amount_minor, 0n);
  if (sums.in_transit !== unproven)
    findings.push({ crime: 'unbalanced_entries', what: `${sums.in_transit} in transit, ${unproven} open` });
  const moved = movementOf(rows, world);
  if (sums.available !== moved)
    findings.push({
      crime: 'unbalanced_entries',
      what: `${sums.available} available, the provider's movement is ${moved}`,
    });
  for (const problem of (await verifyLedger(database)).problems)
    findings.push({ crime: 'unbalanced_entries', what: problem.message });
  return findings;
}

function mayHaveFailed(execution: Execution | undefined, world: World, reference: string): boolean {
  if (execution) return world.statusOf(execution) === 'FAILED';
  return world.log.some((event) => event.kind === 'refused' && event.reference === reference);
}

const STATE_OF_STATUS: Readonly<Record<string, string>> = {
  SUCCESS: 'paid',
  FAILED: 'failed',
  REVERSED: 'returned',
};

function compareEnd(row: Row, world: World): Finding | null {
  const reference = row.reference_id;
  const execution = world.executions.find((each) => each.reference === reference);
  if (row.state === 'held')
    return hasReason(row, world)
      ? null
      : { crime: 'held_without_reason', what: `${reference}: ${row.hold_reason}` };
  if (['draft', 'approved', 'submitting', 'pending', 'unknown'].includes(row.state))
    return { crime: 'unfinished', what: `${reference} is ${row.state}` };
  const truth = execution ? STATE_OF_STATUS[world.statusOf(execution)] : 'failed';
  if (execution?.misstated)
    return { crime: 'state_against_the_truth', what: `${reference}: a wrong echo was believed` };
  if (row.state === truth) return null;
  const crime: Crime = execution ? 'state_against_the_truth' : 'lost_payout';
  return { crime, what: `${reference} is ${row.state}, and in truth ${truth}` };
}

/** The truth behind each reason for which a person is asked. */
function hasReason(row: Row, world: World): boolean {
  const happened = (kind: 'called_malformed' | 'misstated') =>
    world.log.some((event) => event.kind === kind && event.reference === row.reference_id);
  switch (row.hold_reason) {
    case 'bad_request':
      return happened('called_malformed');
    case 'echo_differs':
      return happened('misstated');
    case 'not_found_in_window':
      return world.mode.pause_ms > WINDOW_MS;
  }
  return false;
}

/** What each account must hold for the rows to stand where they say, fees as they are noted on them. */
function booksOf(rows: readonly Row[]): Sums {
  const sums: Sums = { available: 0n, in_transit: 0n, booking: 0n };
  for (const row of rows) {
    const gone = row.position === 'in_transit' || row.position === 'paid';
    if (gone) sums.available -= row.amount_minor;
    if (row.position === 'in_transit') sums.in_transit += row.amount_minor;
    if (row.position === 'paid') sums.booking += row.amount_minor;
    if (row.fee_minor !== null) sums.available -= row.fee_minor + TAX_MINOR;
  }
  return sums;
}

/** What the provider's own balance did; what is held is still taken for gone, and its fee for unstated. */
function movementOf(rows: readonly Row[], world: World): bigint {
  let moved = 0n;
  const held = new Set(rows.filter((row) => row.state === 'held').map((row) => row.reference_id));
  for (const row of rows) if (held.has(row.reference_id)) moved -= row.amount_minor;
  for (const execution of world.executions) {
    if (held.has(execution.reference)) continue;
    const status = world.statusOf(execution);
    if (status !== 'FAILED' && status !== 'REVERSED') moved -= execution.amount_minor;
    if (status === 'SUCCESS' || status === 'REVERSED') moved -= FEE_MINOR + TAX_MINOR;
  }
  return moved;
}

function readStanding(path: string): Standing {
  const connection = new SqliteDatabase(path, { readonly: true });
  connection.defaultSafeIntegers(true);
  try {
    const rows = connection
      .prepare('select reference_id, state, position, hold_reason, amount_minor, fee_minor from payouts')
      .all() as Row[];
    const references = connection
      .prepare('select provider_reference from attempts')
      .pluck()
      .all() as string[];
    const sum = connection
      .prepare(
        'select coalesce(sum(p.amount_minor), 0) from postings p join accounts a on a.id = p.account_id where a.name = ?',
      )
      .pluck();
    return {
      rows,
      references: new Set(references),
      sums: {
        available: sum.get('assets:providers:nxt:available') as bigint,
        in_transit: sum.get('assets:providers:nxt:in-transit') as bigint,
        booking: sum.get('expenses:payouts') as bigint,
      },
    };
  } finally {
    connection.close();
  }
}
