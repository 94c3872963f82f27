/**
 * What statement and ledger say of the same payouts, compared. Only where both sides state a value can they differ.
 * Each break carries its effect on the totals, so that these can be proven: what the differences add up to is added
 * up from the breaks and not taken as what is left over.
 */
import { formatAmount } from '../money/money.ts';
import type { PayoutState } from '../payout/payout.ts';
import { BREAK_KINDS, type Comparison, type FoundBreak, type Terms, type Unexplained } from './break.ts';
import { withinSettlement } from './calendar.ts';
import type { LedgerAttempt, LineOutcome, Matching } from './match.ts';
import { compareText, type StatementLine } from './statement-line.ts';

interface Findings {
  breaks: FoundBreak[];
  expected: Unexplained[];
  missing: Unexplained[];
  ambiguous: Unexplained[];
  matched: Unexplained[];
}

type LineOfAttempt = { line: StatementLine; moved_minor: bigint };

export function compare(matching: Matching, attempts: readonly LedgerAttempt[], terms: Terms): Comparison {
  const found: Findings = { breaks: [], expected: [], missing: [], ambiguous: [], matched: [] };
  const rootOf = roots(matching);
  const lines = new Map<LedgerAttempt, LineOfAttempt[]>();
  const perhaps = new Set<LedgerAttempt>();
  for (const outcome of matching.lines) {
    if (outcome.outcome === 'matched') {
      const known = lines.get(outcome.attempt);
      if (known) known.push(outcome);
      else lines.set(outcome.attempt, [outcome]);
    } else if (outcome.outcome !== 'other') {
      found.breaks.push(breakOfLine(outcome, rootOf(outcome.line)));
      if (outcome.outcome === 'ambiguous') for (const candidate of outcome.candidates) perhaps.add(candidate);
    }
  }
  for (const attempt of attempts) {
    const own = lines.get(attempt) ?? [];
    if (own.length > 0) compareAttempt(attempt, own, terms, found);
    else if (perhaps.has(attempt)) found.ambiguous.push(...eventsOf(attempt));
    else {
      judgeUnexplained(attempt, eventsOf(attempt), terms, found);
      judgeInTransit(attempt, null, terms, found);
    }
  }
  found.breaks.sort(inOrder);
  return found;
}

function inOrder(a: FoundBreak, b: FoundBreak): number {
  return (
    BREAK_KINDS.indexOf(a.kind) - BREAK_KINDS.indexOf(b.kind) ||
    compareText(
      a.attempt?.reference_id ?? a.line?.provider_reference ?? '',
      b.attempt?.reference_id ?? b.line?.provider_reference ?? '',
    ) ||
    compareText(a.subject, b.subject)
  );
}

/** A line that was restated twice is still the line that it was at first. */
function roots(matching: Matching): (line: StatementLine) => StatementLine {
  if (matching.superseded.size === 0) return (line) => line;
  const every = new Map<bigint, bigint>();
  for (const [earlier, later] of matching.superseded) every.set(later.line_id, earlier);
  return (line) => {
    let id = line.line_id;
    for (let earlier = every.get(id); earlier !== undefined; earlier = every.get(id)) id = earlier;
    return id === line.line_id ? line : { ...line, line_id: id };
  };
}

function breakOfLine(
  outcome: Exclude<LineOutcome, { outcome: 'matched' | 'other' }>,
  root: StatementLine,
): FoundBreak {
  const { line, moved_minor } = outcome;
  const base = {
    subject: `line:${root.line_id}`,
    line,
    statement: formatAmount(line.amount_minor, line.currency),
    difference_minor: moved_minor,
    currency: line.currency,
    effects: [],
  };
  switch (outcome.outcome) {
    case 'duplicate':
      return {
        ...base,
        kind: 'duplicate_on_statement',
        attempt: outcome.attempt,
        ledger: outcome.attempt.reference_id,
      };
    case 'ambiguous': {
      const references = [...new Set(outcome.candidates.map((each) => each.reference_id))].sort(compareText);
      const more = references.length > 5 ? `, and ${references.length - 5} more` : '';
      return {
        ...base,
        kind: 'ambiguous',
        attempt: null,
        ledger: `one of ${references.slice(0, 5).join(', ')}${more}`,
      };
    }
    case 'missing_in_ledger':
      return { ...base, kind: 'missing_in_ledger', attempt: null, ledger: null };
  }
}

function eventsOf(attempt: LedgerAttempt): Unexplained[] {
  const events: Unexplained[] = [];
  if (attempt.paid) events.push({ attempt, minor: attempt.amount_minor });
  if (attempt.returned) events.push({ attempt, minor: -attempt.amount_minor });
  return events;
}

function compareAttempt(
  attempt: LedgerAttempt,
  lines: readonly LineOfAttempt[],
  terms: Terms,
  found: Findings,
): void {
  const of = (status: StatementLine['status']) => lines.find((each) => each.line.status === status);
  const success = of('success');
  const reversed = of('reversed');
  const failed = of('failed');
  const undecided = of('unknown_word') ?? of('in_flight');
  // Any line is a word about the payout: where it is the wrong one, that is the difference, and the payout not missing.
  const forPaid = success ?? reversed ?? failed ?? undecided;
  const forReturned = reversed ?? (success ? undefined : (failed ?? undecided));
  const settled = success ?? reversed ?? failed;
  for (const each of lines) {
    // An earlier in-flight word was true when it was said.
    if (each.line.status === 'in_flight' && settled) continue;
    const counterparts = eventsOf(attempt).filter(
      ({ minor }) => (minor > 0n ? forPaid : forReturned) === each,
    );
    found.matched.push(...counterparts);
    found.breaks.push(...differences(attempt, each, counterparts, success !== undefined));
  }
  // A payout that came back after the report was made: the report explains that it was paid, and no more.
  if (attempt.returned && !forReturned)
    judgeUnexplained(attempt, [{ attempt, minor: -attempt.amount_minor }], terms, found);
  const byFinality = [
    reversed,
    success,
    failed,
    ...lines.filter((each) => each !== reversed && each !== success && each !== failed),
  ];
  const stated = byFinality.flatMap((each) => (each ? [each.line] : []));
  found.breaks.push(...utrDifference(attempt, stated), ...feeDifference(attempt, stated));
  if (!settled) judgeInTransit(attempt, undecided?.line ?? null, terms, found);
}

function differences(
  attempt: LedgerAttempt,
  { line, moved_minor }: LineOfAttempt,
  counterparts: readonly Unexplained[],
  succeeded: boolean,
): FoundBreak[] {
  const breaks: FoundBreak[] = [];
  const said = line.status === 'unknown_word' ? line.status_word : line.status;
  const subject = `payout:${attempt.payout_id}.${attempt.attempt_no}:${said}`;
  const inBooks = counterparts.reduce((sum, each) => sum + each.minor, 0n);
  const sameCurrency = line.currency === attempt.currency;
  // What the line would have moved had it stated our amount: the rest is a difference of amounts.
  const atOurAmount = BigInt(direction(line, succeeded)) * attempt.amount_minor;
  const base = { subject, attempt, line, currency: attempt.currency };
  if (!sameCurrency) {
    breaks.push({
      ...base,
      kind: 'currency_differs',
      ledger: attempt.currency,
      statement: line.currency,
      difference_minor: null,
      effects: [
        { minor: moved_minor, currency: line.currency },
        { minor: -inBooks, currency: attempt.currency },
      ],
    });
  } else if (line.amount_minor !== attempt.amount_minor) {
    breaks.push({
      ...base,
      kind: 'amount_differs',
      ledger: formatAmount(attempt.amount_minor, attempt.currency),
      statement: formatAmount(line.amount_minor, line.currency),
      difference_minor: line.amount_minor - attempt.amount_minor,
      effects: [{ minor: moved_minor - atOurAmount, currency: attempt.currency }],
    });
  }
  if (!statusAgrees(line, attempt.state)) {
    const effect = sameCurrency ? atOurAmount - inBooks : 0n;
    breaks.push({
      ...base,
      kind: 'status_differs',
      ledger: attempt.state,
      statement: line.status_word,
      difference_minor: effect === 0n ? null : effect,
      effects: [{ minor: effect, currency: attempt.currency }],
    });
  }
  return breaks;
}

/** A reversal beside its success takes back; one that stands alone says that the money left and came back. */
function direction(line: StatementLine, succeeded: boolean): 1 | 0 | -1 {
  if (line.status === 'success') return 1;
  return line.status === 'reversed' && succeeded ? -1 : 0;
}

const SAYS: Readonly<Record<StatementLine['status'], ReadonlySet<PayoutState>>> = {
  // A payout that has come back meanwhile was paid, as the line says.
  success: new Set<PayoutState>(['paid', 'returned']),
  reversed: new Set<PayoutState>(['returned']),
  failed: new Set<PayoutState>(['failed']),
  in_flight: new Set<PayoutState>(['submitting', 'pending', 'unknown']),
  unknown_word: new Set<PayoutState>(),
};

function statusAgrees(line: StatementLine, state: PayoutState): boolean {
  return SAYS[line.status].has(state);
}

function utrDifference(attempt: LedgerAttempt, lines: readonly StatementLine[]): FoundBreak[] {
  const { utr, return_utr } = attempt;
  if (utr === null) return [];
  const line = lines.find((each) => each.utr !== null && each.utr !== utr && each.utr !== return_utr);
  if (!line) return [];
  return [
    {
      kind: 'utr_differs',
      subject: `payout:${attempt.payout_id}.${attempt.attempt_no}`,
      attempt,
      line,
      ledger: utr,
      statement: line.utr,
      difference_minor: null,
      currency: attempt.currency,
      effects: [],
    },
  ];
}

/** The last word on fee and tax counts: a fee that is given back is stated by the reversal, not by the success. */
function feeDifference(attempt: LedgerAttempt, lines: readonly StatementLine[]): FoundBreak[] {
  const parts: { name: string; ours: bigint; theirs: bigint; line: StatementLine }[] = [];
  for (const [name, key] of [
    ['fee', 'fee_minor'],
    ['tax', 'tax_minor'],
  ] as const) {
    const line = lines.find((each) => each[key] !== null && each.currency === attempt.currency);
    const theirs = line?.[key] ?? null;
    const ours = attempt[key];
    if (line && theirs !== null && ours !== null && theirs !== ours) parts.push({ name, ours, theirs, line });
  }
  const [first] = parts;
  if (!first) return [];
  const { currency } = attempt;
  // A bare amount where only the fee differs, which is nearly always; named parts otherwise.
  const write = (side: 'ours' | 'theirs') =>
    parts.length === 1 && first.name === 'fee'
      ? formatAmount(first[side], currency)
      : parts.map((part) => `${part.name} ${formatAmount(part[side], currency)}`).join(', ');
  return [
    {
      kind: 'fee_differs',
      subject: `payout:${attempt.payout_id}.${attempt.attempt_no}`,
      attempt,
      line: first.line,
      ledger: write('ours'),
      statement: write('theirs'),
      difference_minor: parts.reduce((sum, part) => sum + part.theirs - part.ours, 0n),
      currency,
      effects: [],
    },
  ];
}

/** Events without a line: expected while the settlement window is open, else one break for the payout. */
function judgeUnexplained(
  attempt: LedgerAttempt,
  events: readonly Unexplained[],
  terms: Terms,
  found: Findings,
): void {
  const missing = events.filter(({ minor }) => {
    const day = minor > 0n ? attempt.paid_on : attempt.returned_on;
    return day === null || !withinSettlement(day, terms.today, terms.settlement_days, terms.calendar);
  });
  found.missing.push(...missing);
  found.expected.push(...events.filter((event) => !missing.includes(event)));
  if (missing.length === 0) return;
  found.breaks.push({
    kind: 'missing_on_statement',
    subject: `payout:${attempt.payout_id}.${attempt.attempt_no}`,
    attempt,
    line: null,
    ledger: formatAmount(attempt.amount_minor, attempt.currency),
    statement: null,
    difference_minor: -missing.reduce((sum, { minor }) => sum + minor, 0n),
    currency: attempt.currency,
    effects: [],
  });
}

const IN_TRANSIT: ReadonlySet<PayoutState> = new Set<PayoutState>([
  'submitting',
  'pending',
  'unknown',
  'held',
]);

function judgeInTransit(
  attempt: LedgerAttempt,
  line: StatementLine | null,
  terms: Terms,
  found: Findings,
): void {
  // Held with the money booked as paid is missing on the statement, if anything.
  if (!IN_TRANSIT.has(attempt.state) || attempt.paid || attempt.submitted_on === null) return;
  if (withinSettlement(attempt.submitted_on, terms.today, terms.settlement_days, terms.calendar)) return;
  found.breaks.push({
    kind: 'in_transit_overdue',
    subject: `payout:${attempt.payout_id}.${attempt.attempt_no}`,
    attempt,
    line,
    ledger: attempt.state,
    statement: line?.status_word ?? null,
    difference_minor: null,
    currency: attempt.currency,
    effects: [],
  });
}
