/**
 * The last pass: one line for many payouts, as a bank debits a batch at once, or credits what came back of it. A line
 * that names a batch of ours is about payouts of that batch; a line without any name may be about payouts of its day
 * whose amounts add up to it. A debit is about payouts that were paid, a return about payouts that have come back.
 * Where more than one set of payouts fits, or the search cannot be finished, the line is ambiguous: no set is guessed.
 */
import { sumMinor } from '../money/money.ts';
import type { Calendar } from './calendar.ts';
import { byContent } from './claims.ts';
import { groupBy } from './group-by.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import { matchLateReturns } from './match-late-returns.ts';
import { compareBigint, compareText, type StatementLine } from './statement-line.ts';
import { subsetSum } from './subset-sum.ts';

export type BulkFinding =
  /** `exact` is false where the line names the batch, and no payouts of it add up to the line's amount. */
  | { found: 'many'; attempts: readonly LedgerAttempt[]; rule: 'batch' | 'sum'; exact: boolean }
  /** Another line about the same payouts of a batch. */
  | { found: 'copy'; attempts: readonly LedgerAttempt[] }
  | { found: 'several'; candidates: readonly LedgerAttempt[]; sets: 'several' | 'too_many' }
  /** Money of a batch that we have paid came back, and the books know of no payout of it that did. */
  | { found: 'none'; of_batch: true };

// Steps of the search for sums, over all lines of a reconciliation; a second or two of work at most. Each line has an
// equal part of it, so that what is found does not depend on which line comes first.
const STEPS = 4_000_000;
const MOST_STEPS_A_LINE = 400_000;
const FEWEST_STEPS_A_LINE = 2_000;

/** What happens to many payouts at once, by the status of the line that says so. */
export type BulkEvent = 'success' | 'reversed';

/** `isOpen` says whether no line explains yet that this happened to the attempt. Answers findings for lines that it knows. */
export function matchBulk(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  isOpen: (attempt: LedgerAttempt, event: BulkEvent) => boolean,
  calendar: Calendar | null,
): Map<StatementLine, BulkFinding> {
  const findings = new Map<StatementLine, BulkFinding>();
  // A payout is paid once and comes back once: what explains the one takes nothing from the other.
  const paid = { dayOf: dayPaid, isOpen: (each: LedgerAttempt) => each.paid && isOpen(each, 'success') };
  ofEvent(lines.filter(isPayment), attempts, paid, findings);
  const returned = {
    dayOf: (each: LedgerAttempt) => each.returned_on,
    isOpen: (each: LedgerAttempt) => each.returned && isOpen(each, 'reversed'),
  };
  const returns = lines.filter((line) => line.status === 'reversed');
  markOurs(returns, attempts, findings);
  ofEvent(returns, attempts, returned, findings);
  const late = calendar === null ? [] : returns.filter((line) => isUnnamed(line) && !findings.has(line));
  if (calendar !== null && late.length > 0) ofOtherDays(late, attempts, returned, findings, calendar);
  return findings;
}

/** Returns that are no sum of their own day. What a line of its day or batch explains, or may explain, is not theirs. */
function ofOtherDays(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  { isOpen }: Happened,
  findings: Map<StatementLine, BulkFinding>,
  calendar: Calendar,
): void {
  const taken = new Set<LedgerAttempt>();
  for (const [line, finding] of findings) {
    if (line.status !== 'reversed') continue;
    if (finding.found === 'many' || finding.found === 'copy')
      for (const each of finding.attempts) taken.add(each);
    if (finding.found === 'several') for (const each of finding.candidates) taken.add(each);
  }
  const open = inOrder(attempts.filter((each) => isOpen(each) && !taken.has(each)));
  const found = new Map<StatementLine, BulkFinding>();
  for (const [line, sets] of matchLateReturns(lines, open, calendar)) {
    const [only, ...others] = sets;
    if (only === undefined) continue;
    const several = { found: 'several', candidates: sets.flat(), sets: 'several' } as const;
    found.set(
      line,
      others.length > 0 ? several : { found: 'many', attempts: only, rule: 'sum', exact: true },
    );
  }
  contest(found);
  for (const [line, finding] of found) findings.set(line, finding);
}

/** What a batch of ours gives back had left, and counts as money that came in, whoever's payout it was. */
function markOurs(
  returns: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  findings: Map<StatementLine, BulkFinding>,
): void {
  const groups = groupBy(returns, (line) =>
    line.provider_reference === null ? null : `${line.currency} ${line.provider_reference}`,
  );
  if (groups.size === 0) return;
  for (const { batch, paid, currency } of attempts) {
    const key = `${currency} ${batch}`;
    if (batch === null || !paid) continue;
    for (const line of groups.get(key) ?? []) findings.set(line, { found: 'none', of_batch: true });
  }
}

interface Happened {
  /** Whether it happened to the attempt, with no line yet that explains it. */
  isOpen: (attempt: LedgerAttempt) => boolean;
  dayOf: (attempt: LedgerAttempt) => string | null;
}

function ofEvent(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  { isOpen, dayOf }: Happened,
  findings: Map<StatementLine, BulkFinding>,
): void {
  const named = lines.filter((line) => line.provider_reference !== null);
  const taken = named.length === 0 ? new Set<LedgerAttempt>() : byBatch(named, attempts, isOpen, findings);
  const unnamed = lines.filter(isUnnamed);
  const left = { dayOf, isOpen: (each: LedgerAttempt) => isOpen(each) && !taken.has(each) };
  if (unnamed.length > 0) bySum(unnamed, attempts, left, findings);
}

function isPayment(line: StatementLine): boolean {
  return line.kind === 'payout' && line.status === 'success';
}

function dayPaid(attempt: LedgerAttempt): string | null {
  return attempt.paid_on ?? attempt.submitted_on;
}

function isUnnamed(line: StatementLine): boolean {
  return line.provider_id === null && line.provider_reference === null && line.utr === null;
}

/** Answers the attempts that it has explained. */
function byBatch(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  isOpen: (attempt: LedgerAttempt) => boolean,
  findings: Map<StatementLine, BulkFinding>,
): Set<LedgerAttempt> {
  const groups = groupBy(lines, (line) => `${line.currency} ${line.provider_reference}`);
  const open = groupBy(attempts, (each) => {
    const key = each.batch === null ? null : `${each.currency} ${each.batch}`;
    return key !== null && groups.has(key) && isOpen(each) ? key : null;
  });
  const taken = new Set<LedgerAttempt>();
  for (const [key, pool] of open) {
    for (const [line, finding] of ofOneBatch(groups.get(key) ?? [], inOrder(pool))) {
      findings.set(line, finding);
      if (finding.found === 'many') for (const attempt of finding.attempts) taken.add(attempt);
    }
  }
  return taken;
}

/** All lines that name one batch, in one currency; `open` are its payouts that no line explains. */
function ofOneBatch(
  lines: readonly StatementLine[],
  open: readonly LedgerAttempt[],
): [StatementLine, BulkFinding][] {
  // Lines of the same amount would be about the same payouts: the first explains them, the others are copies.
  const groups = [...groupBy(lines, (line) => String(line.amount_minor)).values()].map((group) =>
    [...group].sort(byContent),
  );
  const solved = solve(
    groups.flatMap(([first]) => first ?? []),
    open,
    MOST_STEPS_A_LINE,
  );
  return groups.flatMap(([first, ...copies]): [StatementLine, BulkFinding][] => {
    if (!first) return [];
    // Named, alone, and of another amount: about all that is left of the batch, with a difference.
    const alone: BulkFinding =
      groups.length === 1
        ? { found: 'many', attempts: open, rule: 'batch', exact: false }
        : { found: 'several', candidates: [], sets: 'several' };
    const found = solved.get(first) ?? alone;
    const finding: BulkFinding = found.found === 'many' ? { ...found, rule: 'batch' } : found;
    const ofCopy: BulkFinding =
      finding.found === 'many' ? { found: 'copy', attempts: finding.attempts } : finding;
    return [[first, finding], ...copies.map((line): [StatementLine, BulkFinding] => [line, ofCopy])];
  });
}

/** Lines without a name: payouts of the same day and currency, and of the beneficiary where the line has one. */
function bySum(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  { isOpen, dayOf }: Happened,
  findings: Map<StatementLine, BulkFinding>,
): void {
  const groups = groupBy(lines, (line) => dayKey(line.stated_on, line.currency));
  const open = groupBy(attempts, (each) => {
    const key = dayKey(dayOf(each), each.currency);
    return key !== null && groups.has(key) && isOpen(each) ? key : null;
  });
  const budget = Math.min(MOST_STEPS_A_LINE, Math.max(FEWEST_STEPS_A_LINE, Math.floor(STEPS / lines.length)));
  for (const [key, group] of groups) {
    const pool = inOrder(open.get(key) ?? []);
    if (pool.length < 2) continue;
    for (const [line, finding] of solve(group, pool, budget)) findings.set(line, finding);
  }
}

function dayKey(day: string | null, currency: string): string | null {
  return day === null ? null : `${day} ${currency}`;
}

/** What each line is the sum of. */
function solve(
  lines: readonly StatementLine[],
  pool: readonly LedgerAttempt[],
  budget: number,
): Map<StatementLine, BulkFinding> {
  const findings = new Map<StatementLine, BulkFinding>();
  const candidatesOf = candidateReader(pool);
  for (const line of lines) {
    const finding = sumOf(line, candidatesOf(line.provider_beneficiary_id), budget);
    if (finding !== null) findings.set(line, finding);
  }
  contest(findings);
  return findings;
}

/** Lines whose sets share a payout are ambiguous: it is used once, and nobody knows by which. */
function contest(findings: Map<StatementLine, BulkFinding>): void {
  const claims = new Map<LedgerAttempt, StatementLine[]>();
  for (const [line, finding] of findings) {
    if (finding.found !== 'many') continue;
    for (const attempt of finding.attempts) {
      const own = claims.get(attempt);
      if (own) own.push(line);
      else claims.set(attempt, [line]);
    }
  }
  const contested = new Set([...claims.values()].filter((claimants) => claimants.length > 1).flat());
  for (const line of contested) {
    const finding = findings.get(line);
    if (finding?.found === 'many')
      findings.set(line, { found: 'several', candidates: finding.attempts, sets: 'several' });
  }
}

interface Candidates {
  attempts: readonly LedgerAttempt[];
  amounts: readonly bigint[];
  sum: bigint;
}

/** Those of a pool that a line may be about, by the beneficiary that it states; made once for each. */
function candidateReader(pool: readonly LedgerAttempt[]): (beneficiary: string | null) => Candidates {
  const byBeneficiary = groupBy(pool, (each) => each.provider_beneficiary_id);
  const unstated = pool.filter((each) => each.provider_beneficiary_id === null);
  const known = new Map<string | null, Candidates>();
  return (beneficiary) => {
    const before = known.get(beneficiary);
    if (before) return before;
    const attempts =
      beneficiary === null ? pool : inOrder([...(byBeneficiary.get(beneficiary) ?? []), ...unstated]);
    const amounts = attempts.map((each) => each.amount_minor);
    const made = { attempts, amounts, sum: sumMinor(amounts) };
    known.set(beneficiary, made);
    return made;
  };
}

function sumOf(
  line: StatementLine,
  { attempts, amounts, sum }: Candidates,
  budget: number,
): BulkFinding | null {
  if (line.amount_minor > sum) return null;
  // Not even looking at each of them is within the budget; that they are all of them takes one look.
  if (amounts.length > budget && line.amount_minor !== sum)
    return { found: 'several', candidates: [], sets: 'too_many' };
  const answer = subsetSum(amounts, line.amount_minor, budget);
  const at = (places: readonly number[]) => places.flatMap((place) => attempts[place] ?? []);
  switch (answer.found) {
    case 'none':
      return null;
    case 'one':
      // A single payout of the same amount and day is what the pass before has judged, beneficiary and all.
      if (answer.set.length < 2 && isUnnamed(line)) return null;
      return { found: 'many', attempts: at(answer.set), rule: 'sum', exact: true };
    case 'several':
      return { found: 'several', candidates: at(answer.places), sets: 'several' };
    case 'unknown':
      return { found: 'several', candidates: [], sets: 'too_many' };
  }
}

/** Largest first, as the search wants them; ties by name, so that the order of the ledger's rows means nothing. */
function inOrder(attempts: readonly LedgerAttempt[]): LedgerAttempt[] {
  return [...attempts].sort(
    (a, b) =>
      compareBigint(b.amount_minor, a.amount_minor) ||
      compareText(a.reference_id, b.reference_id) ||
      a.attempt_no - b.attempt_no,
  );
}
