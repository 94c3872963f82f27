/**
 * Which statement line explains which attempt of which payout. Passes go by the strength of the evidence: the
 * provider's name, our reference, the UTR, and only for lines that carry none of them, amount with day and
 * beneficiary; then one line for many payouts. The result is a function of the two sets and not of their order; where
 * evidence points to more than one payout, it says so and guesses nothing.
 */
import type { ProviderState } from '../payout/payout.ts';
import type { Calendar } from './calendar.ts';
import { type Claims, claim, claimant, contradicts } from './claims.ts';
import { groupBy } from './group-by.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import { type BulkEvent, matchBulk } from './match-bulk.ts';
import { identityOf, isOfPayout, type StatementLine, supersessions } from './statement-line.ts';

/** What a match rests on, the strongest first; `batch` and `sum` are of one line for many payouts. */
export const RULES = [
  'provider_id',
  'provider_reference',
  'utr',
  'amount_date_beneficiary',
  'batch',
  'sum',
] as const;
export type Rule = (typeof RULES)[number];

/** The payout that a row of its fee or tax is about. */
export interface Charged {
  attempt: LedgerAttempt;
  rule: Rule;
}

export type LineOutcome = {
  line: StatementLine;
  /** Minor units of the line's currency that it says have left: negative where they came back, zero where none moved. */
  moved_minor: bigint;
} & (
  | { outcome: 'matched'; attempt: LedgerAttempt; rule: Rule }
  /** One line for many payouts; not `exact` where it names their batch and has another amount than they. */
  | { outcome: 'bulk'; attempts: readonly LedgerAttempt[]; rule: Rule; exact: boolean }
  | { outcome: 'duplicate'; attempt: LedgerAttempt; rule: Rule }
  /** `sets` where sums of many payouts fit: more than one, or more than can be searched. */
  | { outcome: 'ambiguous'; candidates: readonly LedgerAttempt[]; sets: 'several' | 'too_many' | null }
  | { outcome: 'missing_in_ledger' }
  /** About something else than a payout, or about what one has cost. */
  | { outcome: 'other'; charged: Charged | null }
);

const NOBODY: readonly LedgerAttempt[] = [];
const NO_LINES: readonly StatementLine[] = [];

/** The attempts of which a line explains an event: none, one, or many. */
export function explainedBy(outcome: LineOutcome): readonly LedgerAttempt[] {
  if (outcome.outcome === 'matched') return [outcome.attempt];
  return outcome.outcome === 'bulk' ? outcome.attempts : NOBODY;
}

export interface Matching {
  /** Lines that another restates, by line_id. They count for nothing; the other does. */
  superseded: ReadonlyMap<bigint, StatementLine>;
  /** Each line that counts, in the order given. */
  lines: readonly LineOutcome[];
}

type Finding =
  | { found: 'one'; attempt: LedgerAttempt; rule: Rule }
  /** Our reference under a provider_id that is not this payout's: another copy of it, or a stranger. */
  | { found: 'contradicted'; attempt: LedgerAttempt }
  | { found: 'several'; candidates: readonly LedgerAttempt[]; sets?: 'several' | 'too_many' }
  | { found: 'many'; attempts: readonly LedgerAttempt[]; rule: Rule; exact: boolean }
  /** Another line about many payouts that a line explains already. */
  | { found: 'copy'; attempts: readonly LedgerAttempt[] }
  | { found: 'none'; of_batch?: true };

export function match(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  calendar: Calendar | null = null,
): Matching {
  const superseded = supersessions(lines);
  const current = superseded.size === 0 ? lines : lines.filter((line) => !superseded.has(line.line_id));
  const index = indexAttempts(attempts);
  let counted: ReadonlyMap<string, number> | undefined;
  const utrs = () => {
    counted ??= countUtrs(current.filter((line) => isOfPayout(line.kind)));
    return counted;
  };
  const findings = new Map<StatementLine, Finding>();
  const explained: Claims = new Map();
  const unnamed: StatementLine[] = [];
  for (const line of current) {
    if (!isOfPayout(line.kind)) continue;
    if (!isNamed(line)) {
      unnamed.push(line);
      continue;
    }
    const finding = byIdentifier(line, index, utrs);
    findings.set(line, finding);
    if (finding.found === 'one') claim(explained, line, finding.attempt);
  }
  byAmount(unnamed, attempts, explained, findings);
  const unexplained = [...findings].flatMap(([line, { found }]) => (found === 'none' ? [line] : []));
  for (const line of unnamed) {
    const finding = findings.get(line);
    if (finding?.found === 'one') claim(explained, line, finding.attempt);
  }
  const isOpen = (attempt: LedgerAttempt, event: BulkEvent) =>
    leavesOpen(explained.get(attempt) ?? NO_LINES, event);
  const bulk = matchBulk(unexplained, attempts, isOpen, calendar);
  for (const [line, finding] of bulk) findings.set(line, finding);
  return { superseded, lines: conclude(current, findings, (line) => chargedBy(line, index)) };
}

/**
 * Whether no line says yet that the money left or stayed, or that it came back or never left: a reversal alone leaves
 * open by which line it had left, and a success whether it came back.
 */
function leavesOpen(lines: readonly StatementLine[], event: BulkEvent): boolean {
  const other: BulkEvent = event === 'success' ? 'reversed' : 'success';
  return lines.every((line) => line.status === other || line.status === 'in_flight');
}

function isNamed(line: StatementLine): boolean {
  return line.provider_id !== null || line.provider_reference !== null || line.utr !== null;
}

interface AttemptIndex {
  provider_id: ReadonlyMap<string, readonly LedgerAttempt[]>;
  provider_reference: ReadonlyMap<string, readonly LedgerAttempt[]>;
  utr: ReadonlyMap<string, readonly LedgerAttempt[]>;
}

function indexAttempts(attempts: readonly LedgerAttempt[]): AttemptIndex {
  const by = (key: (attempt: LedgerAttempt) => string | null) => groupBy(attempts, key);
  return {
    provider_id: by((attempt) => attempt.provider_id),
    provider_reference: by((attempt) => attempt.provider_reference),
    utr: by((attempt) => attempt.utr),
  };
}

/** How many different lines of one status carry a UTR; copies that say exactly the same count once. */
function countUtrs(lines: readonly StatementLine[]): ReadonlyMap<string, number> {
  const contents = new Map<string, Set<string>>();
  for (const { utr, status, content } of lines) {
    if (utr === null) continue;
    const key = `${status} ${utr}`;
    const known = contents.get(key);
    if (known) known.add(content);
    else contents.set(key, new Set([content]));
  }
  return new Map([...contents].map(([key, said]) => [key, said.size]));
}

function byIdentifier(
  line: StatementLine,
  index: AttemptIndex,
  utrs: (() => ReadonlyMap<string, number>) | null,
): Finding {
  const named = line.provider_id === null ? NOBODY : (index.provider_id.get(line.provider_id) ?? NOBODY);
  const referenced =
    line.provider_reference === null
      ? NOBODY
      : (index.provider_reference.get(line.provider_reference) ?? NOBODY);
  if (named.length > 0) {
    const both = referenced.length === 0 ? named : named.filter((attempt) => referenced.includes(attempt));
    const [only] = both;
    if (both.length === 1 && only) return { found: 'one', attempt: only, rule: 'provider_id' };
    return { found: 'several', candidates: both.length > 0 ? both : [...named, ...referenced] };
  }
  if (referenced.length > 0) {
    const [only] = referenced;
    if (referenced.length > 1 || !only) return { found: 'several', candidates: referenced };
    return contradicts(line.provider_id, only.provider_id)
      ? { found: 'contradicted', attempt: only }
      : { found: 'one', attempt: only, rule: 'provider_reference' };
  }
  return byUtr(line, index, utrs);
}

/** A UTR proves nothing for a line that bears other names than the payout's. Without `utrs`, other lines may share it. */
function byUtr(
  line: StatementLine,
  index: AttemptIndex,
  utrs: (() => ReadonlyMap<string, number>) | null,
): Finding {
  if (line.utr === null) return { found: 'none' };
  const candidates = (index.utr.get(line.utr) ?? NOBODY).filter(
    (attempt) =>
      !contradicts(line.provider_id, attempt.provider_id) &&
      !contradicts(line.provider_reference, attempt.provider_reference),
  );
  const [only] = candidates;
  if (!only) return { found: 'none' };
  const unique = candidates.length === 1 && (utrs === null || utrs().get(`${line.status} ${line.utr}`) === 1);
  return unique ? { found: 'one', attempt: only, rule: 'utr' } : { found: 'several', candidates };
}

/** Gross, fee and tax of a payout may stand on rows of their own, which share its name. */
function chargedBy(line: StatementLine, index: AttemptIndex): Charged | null {
  if ((line.kind !== 'fee' && line.kind !== 'tax') || line.status !== 'success' || !isNamed(line))
    return null;
  const finding = byIdentifier(line, index, null);
  return finding.found === 'one' ? { attempt: finding.attempt, rule: finding.rule } : null;
}

/** The pass for lines without any name: one line and one payout that agree in everything else, or nothing. */
function byAmount(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  explained: Claims,
  findings: Map<StatementLine, Finding>,
): void {
  if (lines.length === 0) return;
  const open = new Map<ProviderState, Map<string, LedgerAttempt[]>>();
  for (const group of groupBy(lines, (line) => lineKey(line) ?? '').values()) {
    const [first] = group;
    if (!first) continue;
    const key = lineKey(first);
    let candidates: readonly LedgerAttempt[] = NOBODY;
    if (key !== null) {
      const ofStatus =
        open.get(first.status) ?? groupBy(attempts, (attempt) => attemptKey(attempt, first.status));
      open.set(first.status, ofStatus);
      candidates = (ofStatus.get(key) ?? NOBODY).filter((attempt) => !claimant(explained, first, attempt));
    }
    const [only] = candidates;
    for (const line of group) {
      if (!only) findings.set(line, { found: 'none' });
      else if (group.length === 1 && candidates.length === 1) {
        findings.set(line, { found: 'one', attempt: only, rule: 'amount_date_beneficiary' });
      } else findings.set(line, { found: 'several', candidates });
    }
  }
}

function lineKey(line: StatementLine): string | null {
  if (line.stated_on === null || line.provider_beneficiary_id === null) return null;
  return `${line.status} ${line.amount_minor} ${line.currency} ${line.stated_on} ${line.provider_beneficiary_id}`;
}

function attemptKey(attempt: LedgerAttempt, status: ProviderState): string | null {
  const day = dayOfStatus(attempt, status);
  if (day === null || attempt.provider_beneficiary_id === null) return null;
  return `${status} ${attempt.amount_minor} ${attempt.currency} ${day} ${attempt.provider_beneficiary_id}`;
}

function dayOfStatus(attempt: LedgerAttempt, status: ProviderState): string | null {
  switch (status) {
    case 'success':
      return attempt.paid_on ?? attempt.submitted_on;
    case 'reversed':
      return attempt.returned_on ?? attempt.paid_on ?? attempt.submitted_on;
    case 'failed':
      return attempt.failed_on ?? attempt.submitted_on;
    case 'in_flight':
    case 'unknown_word':
      return attempt.submitted_on;
  }
}

/** From findings to outcomes: the first line of an attempt's status explains it, every other is a duplicate. */
function conclude(
  lines: readonly StatementLine[],
  findings: ReadonlyMap<StatementLine, Finding>,
  charged: (line: StatementLine) => Charged | null,
): LineOutcome[] {
  const claims: Claims = new Map();
  const left = new Set<LedgerAttempt>();
  const unmatchedSuccesses = new Set<string | null>();
  // A line without any name stands alone: what came back by it cannot have left by another line that we could tell.
  unmatchedSuccesses.add(null);
  for (const [line, finding] of findings) {
    if (finding.found === 'one') claim(claims, line, finding.attempt);
    else if (line.status === 'success') unmatchedSuccesses.add(identityOf(line));
    if (finding.found === 'many' && line.status === 'success')
      for (const attempt of finding.attempts) left.add(attempt);
  }
  /** Whether the statement also says that the payout of this reversal had left. */
  const alsoLeft = (line: StatementLine, finding: Finding) =>
    finding.found === 'one'
      ? left.has(finding.attempt) ||
        (claims.get(finding.attempt) ?? []).some((each) => each.status === 'success')
      : isOfMany(finding) || unmatchedSuccesses.has(identityOf(line));
  return lines.map((line) => {
    if (!isOfPayout(line.kind))
      return { line, moved_minor: otherMoved(line), outcome: 'other', charged: charged(line) };
    const finding = findings.get(line) ?? { found: 'none' };
    return outcomeOf(
      line,
      finding,
      movedBy(line, line.status === 'reversed' && alsoLeft(line, finding)),
      claims,
    );
  });
}

/** A return of many payouts takes back, and says of none of them by which line it had left. */
function isOfMany(finding: Finding): boolean {
  return (
    finding.found === 'many' ||
    finding.found === 'copy' ||
    (finding.found === 'several' && finding.sets !== undefined) ||
    (finding.found === 'none' && finding.of_batch === true)
  );
}

function outcomeOf(line: StatementLine, finding: Finding, moved_minor: bigint, claims: Claims): LineOutcome {
  const base = { line, moved_minor };
  switch (finding.found) {
    case 'one': {
      const { attempt, rule } = finding;
      const explains = claimant(claims, line, attempt) === line;
      return explains
        ? { ...base, outcome: 'matched', attempt, rule }
        : { ...base, outcome: 'duplicate', attempt, rule };
    }
    case 'contradicted':
      return claimant(claims, line, finding.attempt)
        ? { ...base, outcome: 'duplicate', attempt: finding.attempt, rule: 'provider_reference' }
        : { ...base, outcome: 'ambiguous', candidates: [finding.attempt], sets: null };
    case 'several':
      return { ...base, outcome: 'ambiguous', candidates: finding.candidates, sets: finding.sets ?? null };
    case 'many':
      return {
        ...base,
        outcome: 'bulk',
        attempts: finding.attempts,
        rule: finding.rule,
        exact: finding.exact,
      };
    case 'copy': {
      const [attempt] = finding.attempts;
      return attempt
        ? { ...base, outcome: 'duplicate', attempt, rule: 'batch' }
        : { ...base, outcome: 'missing_in_ledger' };
    }
    case 'none':
      return { ...base, outcome: 'missing_in_ledger' };
  }
}

/**
 * A reversal that stands alone says both that the money left and that it came back, as in the report of a payout
 * that was paid and returned before the report was made: nothing, on balance.
 */
function movedBy(line: StatementLine, succeeded: boolean): bigint {
  switch (line.status) {
    case 'success':
      return line.amount_minor;
    case 'reversed':
      return succeeded ? -line.amount_minor : 0n;
    case 'failed':
    case 'in_flight':
    case 'unknown_word':
      return 0n;
  }
}

/** What failed or is on its way has moved nothing, whatever it is about. */
function otherMoved(line: StatementLine): bigint {
  return line.status === 'success' ? line.amount_minor : 0n;
}
