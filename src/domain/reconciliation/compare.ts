/**
 * What statement and ledger say of the same payouts, compared. Only where both sides state a value can they differ.
 * Each break carries its effect on the totals, so that these can be proven: what the differences add up to is added
 * up from the breaks and not taken as what is left over.
 */
import { formatAmount } from '../money/money.ts';
import type { PayoutState } from '../payout/payout.ts';
import {
  BREAK_KINDS,
  type Comparison,
  type Explained,
  type FoundBreak,
  type Terms,
  type Unexplained,
} from './break.ts';
import { breakOfLine, compareBulk, roots } from './break-of-line.ts';
import { withinSettlement } from './calendar.ts';
import { chargeDifference, explanationOf } from './charges.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { LineOutcome, Matching } from './match.ts';
import { compareText, type StatementLine } from './statement-line.ts';

interface Findings {
  breaks: FoundBreak[];
  expected: Unexplained[];
  missing: Unexplained[];
  ambiguous: Unexplained[];
  matched: Unexplained[];
  explained: Explained[];
}

type LineOfAttempt = { line: StatementLine; moved_minor: bigint };

/** Everything that the statement says of one attempt. */
interface Told {
  lines: LineOfAttempt[];
  /** A line for many payouts says that it was paid, or that it came back. */
  in_bulk: boolean;
  returned_in_bulk: boolean;
  /** Rows of its fee and tax alone. */
  charges: StatementLine[];
}

/**
 * A pair of one line and one attempt has no part in the result beyond its own amount in both matched sums where their
 * currency, amount and status agree, and UTR, fee and tax agree or are not stated on a side: on the ledger's side,
 * fee and tax count as stated where the terms have a rate for the rail.
 */
export function compare(matching: Matching, attempts: readonly LedgerAttempt[], terms: Terms): Comparison {
  const found: Findings = {
    breaks: [],
    expected: [],
    missing: [],
    ambiguous: [],
    matched: [],
    explained: [],
  };
  const rootOf = roots(matching);
  const told = new Map<LedgerAttempt, Told>();
  /** What may have been paid or have come back by a line of which nobody knows, or may have come back by it alone. */
  const perhaps = new Set<LedgerAttempt>();
  const perhapsBack = new Set<LedgerAttempt>();
  for (const outcome of matching.lines) {
    switch (outcome.outcome) {
      case 'matched':
        toldOf(told, outcome.attempt).lines.push(outcome);
        break;
      case 'bulk':
        for (const attempt of outcome.attempts) {
          const own = toldOf(told, attempt);
          if (outcome.line.status === 'reversed') own.returned_in_bulk = true;
          else own.in_bulk = true;
        }
        if (!outcome.exact) compareBulk(outcome, rootOf(outcome.line), terms, found);
        break;
      case 'other':
        if (outcome.charged) toldOf(told, outcome.charged.attempt).charges.push(outcome.line);
        break;
      case 'ambiguous':
        for (const candidate of outcome.candidates)
          (isReturnOfMany(outcome) ? perhapsBack : perhaps).add(candidate);
        found.breaks.push(breakOfLine(outcome, rootOf(outcome.line)));
        break;
      case 'duplicate':
      case 'missing_in_ledger':
        found.breaks.push(breakOfLine(outcome, rootOf(outcome.line)));
    }
  }
  for (const attempt of attempts) {
    const own = told.get(attempt);
    const mayBeBack = perhapsBack.has(attempt);
    if (own && (own.lines.length > 0 || own.in_bulk || own.returned_in_bulk))
      compareAttempt(attempt, own, mayBeBack, terms, found);
    else {
      if (perhaps.has(attempt)) found.ambiguous.push(...eventsOf(attempt));
      else {
        judgeUnexplained(attempt, knownEvents(attempt, mayBeBack, found), terms, found);
        judgeInTransit(attempt, null, terms, found);
      }
      if (own) found.breaks.push(...chargeDifference(attempt, [], own.charges, terms.rates));
    }
  }
  found.breaks.sort(inOrder);
  return found;
}

function toldOf(told: Map<LedgerAttempt, Told>, attempt: LedgerAttempt): Told {
  const known = told.get(attempt);
  if (known) return known;
  const fresh: Told = { lines: [], in_bulk: false, returned_in_bulk: false, charges: [] };
  told.set(attempt, fresh);
  return fresh;
}

/** The order in which breaks get their numbers: by kind, then by what people call them. */
export function inOrder(a: FoundBreak, b: FoundBreak): number {
  return (
    BREAK_KINDS.indexOf(a.kind) - BREAK_KINDS.indexOf(b.kind) ||
    compareText(
      a.attempt?.reference_id ?? a.reference_id ?? a.line?.provider_reference ?? '',
      b.attempt?.reference_id ?? b.reference_id ?? b.line?.provider_reference ?? '',
    ) ||
    compareText(a.subject, b.subject)
  );
}

function eventsOf(attempt: LedgerAttempt): Unexplained[] {
  const events: Unexplained[] = [];
  if (attempt.paid) events.push({ attempt, minor: attempt.amount_minor });
  if (attempt.returned) events.push({ attempt, minor: -attempt.amount_minor });
  return events;
}

function isReturnOfMany({ line, sets }: Extract<LineOutcome, { outcome: 'ambiguous' }>): boolean {
  return line.status === 'reversed' && sets !== null;
}

/** Without the return that one of several sets of payouts is about: that is ambiguous, and the payment is not. */
function knownEvents(attempt: LedgerAttempt, mayBeBack: boolean, found: Findings): Unexplained[] {
  const events = eventsOf(attempt);
  if (!mayBeBack) return events;
  found.ambiguous.push(...events.filter(({ minor }) => minor < 0n));
  return events.filter(({ minor }) => minor > 0n);
}

function compareAttempt(
  attempt: LedgerAttempt,
  told: Told,
  mayBeBack: boolean,
  terms: Terms,
  found: Findings,
): void {
  const { lines, in_bulk, returned_in_bulk, charges } = told;
  const of = (status: StatementLine['status']) => lines.find((each) => each.line.status === status);
  const success = of('success');
  const reversed = of('reversed');
  const failed = of('failed');
  const undecided = of('unknown_word') ?? of('in_flight');
  // Any line is a word about the payout: where it is the wrong one, that is the difference, and the payout not missing.
  // Beside a return of many, only a success is about the payment; an in-flight word was true when it was said.
  const alone = returned_in_bulk ? undefined : (reversed ?? failed ?? undecided);
  const forPaid = in_bulk ? undefined : (success ?? alone);
  const hasLeft = success !== undefined || in_bulk;
  const forReturned = reversed ?? (hasLeft || returned_in_bulk ? undefined : (failed ?? undecided));
  const settled = hasLeft || returned_in_bulk || reversed !== undefined || failed !== undefined;
  if (in_bulk) found.matched.push({ attempt, minor: attempt.amount_minor });
  if (returned_in_bulk) found.matched.push({ attempt, minor: -attempt.amount_minor });
  for (const each of lines) {
    // An earlier in-flight word was true when it was said.
    if (each.line.status === 'in_flight' && settled) continue;
    const counterparts = eventsOf(attempt).filter(
      ({ minor }) => (minor > 0n ? forPaid : forReturned) === each,
    );
    found.matched.push(...counterparts);
    const explained = explanationOf(attempt, each.line, charges.length > 0, terms);
    judgePair(attempt, each, counterparts, hasLeft, explained, found);
  }
  // A payout that came back after the report was made: the report explains that it was paid, and no more.
  const back = attempt.returned && !forReturned && !returned_in_bulk;
  if (back && mayBeBack) found.ambiguous.push({ attempt, minor: -attempt.amount_minor });
  else if (back) judgeUnexplained(attempt, [{ attempt, minor: -attempt.amount_minor }], terms, found);
  if (returned_in_bulk && !hasLeft)
    judgeUnexplained(attempt, [{ attempt, minor: attempt.amount_minor }], terms, found);
  const byFinality = [
    reversed,
    success,
    failed,
    ...lines.filter((each) => each !== reversed && each !== success && each !== failed),
  ];
  const stated = byFinality.flatMap((each) => (each ? [each.line] : []));
  found.breaks.push(
    ...utrDifference(attempt, stated),
    ...chargeDifference(attempt, stated, charges, terms.rates),
  );
  if (!settled) judgeInTransit(attempt, undecided?.line ?? null, terms, found);
}

/** `explained` says why their amounts may differ, if they may. */
function judgePair(
  attempt: LedgerAttempt,
  { line, moved_minor }: LineOfAttempt,
  counterparts: readonly Unexplained[],
  hasLeft: boolean,
  explained: Explained['by'] | null,
  found: Findings,
): void {
  const said = line.status === 'unknown_word' ? line.status_word : line.status;
  const subject = `payout:${attempt.payout_id}.${attempt.attempt_no}:${said}`;
  const inBooks = counterparts.reduce((sum, each) => sum + each.minor, 0n);
  const sameCurrency = line.currency === attempt.currency;
  // What the line would have moved had it stated our amount: the rest is a difference of amounts.
  const atOurAmount = BigInt(direction(line, hasLeft)) * attempt.amount_minor;
  const { currency } = attempt;
  const base = { subject, attempt, line, currency };
  if (!sameCurrency) {
    found.breaks.push({
      ...base,
      kind: 'currency_differs',
      ledger: currency,
      statement: line.currency,
      difference_minor: null,
      effects: [
        { minor: moved_minor, currency: line.currency },
        { minor: -inBooks, currency },
      ],
    });
  } else if (explained !== null) {
    found.explained.push({ by: explained, line, minor: moved_minor - atOurAmount, currency });
  } else if (line.amount_minor !== attempt.amount_minor) {
    found.breaks.push({
      ...base,
      kind: 'amount_differs',
      ledger: formatAmount(attempt.amount_minor, currency),
      statement: formatAmount(line.amount_minor, currency),
      difference_minor: line.amount_minor - attempt.amount_minor,
      effects: [{ minor: moved_minor - atOurAmount, currency }],
    });
  }
  if (!statusAgrees(line, attempt.state)) {
    const effect = sameCurrency ? atOurAmount - inBooks : 0n;
    found.breaks.push({
      ...base,
      kind: 'status_differs',
      ledger: attempt.state,
      statement: line.status_word,
      difference_minor: effect === 0n ? null : effect,
      effects: [{ minor: effect, currency }],
    });
  }
}

/** A reversal beside its success takes back; one that stands alone says that the money left and came back. */
function direction(line: StatementLine, hasLeft: boolean): 1 | 0 | -1 {
  if (line.status === 'success') return 1;
  return line.status === 'reversed' && hasLeft ? -1 : 0;
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
