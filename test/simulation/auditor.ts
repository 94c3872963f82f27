/**
 * Holds a ledger against the world's log, with books of its own: it reads the tables as they are, adds up itself, and
 * uses nothing of payrun but `ledger verify`, whose verdict is one finding among others. The numbers in the comments
 * are those of the invariants in test/simulation/README.md.
 */
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import type { Database } from '../../src/store/database.ts';
import { type Row, readStanding, type Standing, type Sums } from './standing.ts';
import { FEE_MINOR, TAX_MINOR, WINDOW_MS, type World } from './world.ts';

export type Crime =
  | 'double_payment'
  | 'lost_payout'
  | 'false_failure'
  | 'unbalanced_entries'
  | 'sent_before_stored'
  | 'sent_after_the_window'
  | 'other_bytes'
  | 'other_amount'
  | 'other_beneficiary'
  | 'payment_nobody_asked_for'
  | 'forbidden_step'
  | 'forgotten_promise'
  | 'damaged_file'
  | 'state_against_the_truth'
  | 'held_without_reason'
  | 'unfinished';

export interface Finding {
  crime: Crime;
  what: string;
}

/** A head of the chain that a command ended with: whatever happens, it stays on the chain. */
export interface Promised {
  length: bigint;
  hash: string;
}

/** What must be true at every instant, also of the image that a dead process left behind. */
export function auditStanding(
  path: string,
  world: World,
  rowCount: number,
  promised: readonly Promised[] = [],
): Finding[] {
  return auditRows(readStanding(path, promised), world, rowCount);
}

function auditRows(standing: Standing, world: World, rowCount: number): Finding[] {
  const findings: Finding[] = [...standing.findings];
  if (standing.rows.length !== rowCount)
    findings.push({ crime: 'lost_payout', what: `${standing.rows.length} rows of ${rowCount}` });
  auditSends(world, findings);
  auditExecutions(standing, world, findings);
  auditBooks(standing, findings);
  return findings;
}

const REFUSED_WHOLE: ReadonlySet<string> = new Set(['no_funds', 'credentials', 'rate_limited']);

/** I3, I4, I6: stored before it leaves, the same bytes each time, and never after the window. */
function auditSends(world: World, findings: Finding[]): void {
  const first = new Map<string, { body: string; at_ms: number }>();
  const doubtful = new Map<string, number>();
  const refused = new Set<string>();
  for (const event of world.log) {
    // A refusal that the restored ledger has forgotten leaves a row that was never sent, as the provider's list has it.
    if (event.kind === 'restored') for (const reference of refused) doubtful.delete(reference);
    if (event.kind !== 'sent') continue;
    const { reference, body, at_ms } = event;
    if (!event.stored_first) findings.push({ crime: 'sent_before_stored', what: reference });
    const before = first.get(reference) ?? { body, at_ms };
    first.set(reference, before);
    if (before.body !== body) findings.push({ crime: 'other_bytes', what: reference });
    // What was answered with a refusal of everything leaves nothing behind that a provider could forget.
    if (REFUSED_WHOLE.has(event.fault)) continue;
    const since = doubtful.get(reference) ?? at_ms;
    // Only where every send of it was one: of the others a refusal of the last proves nothing.
    if (event.fault === 'refused' && !doubtful.has(reference)) refused.add(reference);
    else if (event.fault !== 'refused') refused.delete(reference);
    doubtful.set(reference, since);
    if (at_ms - since >= WINDOW_MS) findings.push({ crime: 'sent_after_the_window', what: reference });
  }
}

/** I1, I5, I8, I9: each payment is one that was asked for, once, as it was asked for; each failure is one. */
function auditExecutions(standing: Standing, world: World, findings: Finding[]): void {
  const report = (crime: Crime, what: string) => findings.push({ crime, what });
  for (const execution of world.executions) {
    const attempt = standing.attempts.get(execution.reference);
    if (!attempt) report('payment_nobody_asked_for', execution.reference);
    else if (attempt.provider_beneficiary_id !== execution.beneficiary)
      report('other_beneficiary', `${execution.reference} went to ${execution.beneficiary}`);
  }
  for (const row of standing.rows) {
    const references = standing.references.get(row.id) ?? [];
    const executions = world.executions.filter((each) => references.includes(each.reference));
    const alive = executions.filter((each) => !['FAILED', 'REVERSED'].includes(world.statusOf(each)));
    const again = new Set(executions.map((each) => each.reference)).size < executions.length;
    if (alive.length > 1 || again) report('double_payment', row.reference_id);
    if (executions.some((each) => each.amount_minor !== row.amount_minor))
      report('other_amount', row.reference_id);
    // An attempt that has failed may be followed by one that nobody wants any more.
    if (alive.length > 0 && ['draft', 'cancelled'].includes(row.state))
      report('payment_nobody_asked_for', `${row.reference_id} is ${row.state}`);
    if (row.state === 'failed' && row.resolved_as === null && !mayHaveFailed(world, currentReference(row)))
      report('false_failure', row.reference_id);
  }
  for (const attempt of standing.attempts.values())
    if (attempt.state === 'failed' && !attempt.by_word && !mayHaveFailed(world, attempt.provider_reference))
      report('false_failure', attempt.provider_reference);
}

/** I13, I14, I16: entries sum to zero, the rows make the balances, the balances are the sums of the postings. */
function auditBooks(standing: Standing, findings: Finding[]): void {
  const expected = booksOf(standing);
  for (const account of ['available', 'in_transit', 'booking'] as const) {
    if (standing.sums[account] !== expected[account])
      findings.push({
        crime: 'unbalanced_entries',
        what: `${account} has ${standing.sums[account]}, the rows make ${expected[account]}`,
      });
  }
}

/** What must be true in the end, when nothing is under way any more. */
export async function auditEnd(
  database: Database,
  path: string,
  world: World,
  rowCount: number,
  promised: readonly Promised[] = [],
): Promise<Finding[]> {
  const standing = readStanding(path, promised);
  const findings = auditRows(standing, world, rowCount);
  for (const row of standing.rows) {
    const finding = compareEnd(row, world);
    if (finding) findings.push(finding);
  }
  const unproven = standing.rows
    .filter((row) => row.state === 'held' && row.position === 'in_transit')
    .reduce((sum, row) => sum + row.amount_minor, 0n);
  if (standing.sums.in_transit !== unproven)
    findings.push({
      crime: 'unbalanced_entries',
      what: `${standing.sums.in_transit} in transit, ${unproven} open`,
    });
  const moved = movementOf(standing, world);
  if (standing.sums.available !== moved)
    findings.push({
      crime: 'unbalanced_entries',
      what: `${standing.sums.available} available, the provider's movement is ${moved}`,
    });
  for (const problem of (await verifyLedger(database)).problems)
    findings.push({ crime: 'unbalanced_entries', what: problem.message });
  return findings;
}

function currentReference(row: Row): string {
  return row.provider_reference ?? row.reference_id;
}

function mayHaveFailed(world: World, reference: string): boolean {
  const execution = world.executions.find((each) => each.reference === reference);
  if (execution) return world.statusOf(execution) === 'FAILED';
  return world.log.some((event) => event.kind === 'refused' && event.reference === reference);
}

/** Room that payrun leaves for a request to travel before the window ends. */
const MARGIN_MS = 60_000;

const STATE_OF_STATUS: Readonly<Record<string, string>> = {
  SUCCESS: 'paid',
  FAILED: 'failed',
  REVERSED: 'returned',
};

function compareEnd(row: Row, world: World): Finding | null {
  const reference = currentReference(row);
  const execution = world.executions.find((each) => each.reference === reference);
  // A person's word stands until the provider's contradicts it, and a cancelled row is none.
  if (row.resolved_as !== null || row.state === 'cancelled') return null;
  if (row.state === 'held')
    return hasReason(row, world)
      ? null
      : { crime: 'held_without_reason', what: `${reference}: ${row.hold_reason}` };
  // What nobody approved waits for as long as it likes.
  const wasTried = execution && ['FAILED', 'REVERSED'].includes(world.statusOf(execution));
  if (row.state === 'draft' && (!execution || wasTried)) return null;
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
    world.log.some((event) => event.kind === kind && event.reference === currentReference(row));
  switch (row.hold_reason) {
    case 'bad_request':
      return happened('called_malformed');
    case 'echo_differs':
      return happened('misstated');
    case 'not_found_in_window':
      return world.now_ms - Date.parse(row.stored_at ?? '') >= WINDOW_MS - MARGIN_MS;
    case 'beneficiary_unverified':
      return world.mode.penny_drop !== undefined;
    case 'contradiction':
      return row.spoken_for;
  }
  return false;
}

/** What each account must hold for the rows to stand where they say, fees as they are noted on each attempt. */
function booksOf({ rows, charged }: Standing): Sums {
  const sums: Sums = { available: -charged, in_transit: 0n, booking: 0n };
  for (const row of rows) {
    const gone = row.position === 'in_transit' || row.position === 'paid';
    if (gone) sums.available -= row.amount_minor;
    if (row.position === 'in_transit') sums.in_transit += row.amount_minor;
    if (row.position === 'paid') sums.booking += row.amount_minor;
    sums.available -= (row.fee_minor ?? 0n) + (row.tax_minor ?? 0n);
  }
  return sums;
}

/**
 * What the provider's own balance did. Of what is held, or settled by a person's word, the books are taken at their
 * word: nobody has proven anything of it.
 */
function movementOf({ rows }: Standing, world: World): bigint {
  let moved = 0n;
  const unproven = rows.filter((row) => row.state === 'held' || row.resolved_as !== null);
  for (const row of unproven) {
    if (row.position === 'in_transit' || row.position === 'paid') moved -= row.amount_minor;
    moved -= (row.fee_minor ?? 0n) + (row.tax_minor ?? 0n);
  }
  const left = new Set(unproven.map(currentReference));
  for (const execution of world.executions) {
    if (left.has(execution.reference)) continue;
    const status = world.statusOf(execution);
    if (status !== 'FAILED' && status !== 'REVERSED') moved -= execution.amount_minor;
    if (status === 'SUCCESS' || status === 'REVERSED') moved -= FEE_MINOR + TAX_MINOR;
  }
  return moved;
}
