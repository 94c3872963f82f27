/**
 * An account's own statement, a bank's for one, held against the entries on that account. Entries by hand seldom bear
 * the bank's reference, so that amount and day identify where no name contradicts; one line and one entry that have
 * only each other to fit, in any order of either side, or nothing. Money that left is positive, money that came in
 * negative, on both sides.
 */
import { formatAmount } from '../money/money.ts';
import type { AccountMovement, AccountPosition } from './account-movement.ts';
import type { FoundBreak, Terms } from './break.ts';
import { breakOfLine, roots } from './break-of-line.ts';
import { withinSettlement } from './calendar.ts';
import { inOrder } from './compare.ts';
import type { Coverage } from './coverage.ts';
import { groupBy } from './group-by.ts';
import {
  compareText,
  isOfPayout,
  normaliseUtr,
  type StatementLine,
  supersessions,
} from './statement-line.ts';
import { emptyTotals, proveTotals, type Totals } from './totals.ts';

export interface AccountComparison {
  breaks: readonly FoundBreak[];
  /** Lines that explain an entry. */
  matched: number;
  expected: number;
  /** Entries from before the first day of which a statement speaks: they are not looked for. */
  older: number;
  superseded: ReadonlyMap<bigint, StatementLine>;
  coverage: Coverage;
  totals: readonly Totals[];
  /** Every line that moved money and every entry that is looked for, those that belong together as one. */
  positions: readonly AccountPosition[];
}

interface MovedLine {
  line: StatementLine;
  moved_minor: bigint;
}

type Verdict =
  | { verdict: 'matched' | 'duplicate'; movement: AccountMovement }
  | { verdict: 'ambiguous'; among: string };

export function compareAccount(
  every: readonly StatementLine[],
  movements: readonly AccountMovement[],
  terms: Terms,
): AccountComparison {
  const superseded = supersessions(every);
  const lines = every.flatMap((line) =>
    superseded.has(line.line_id) ? [] : [{ line, moved_minor: movedBy(line) }],
  );
  const verdicts = new Verdicts();
  byName(lines, movements, verdicts);
  byAmount(lines, movements, terms, verdicts);
  return conclude(lines, movements, verdicts, superseded, terms);
}

/** What a line says that the account moved; what failed or is on its way has moved nothing. */
function movedBy({ kind, status, amount_minor }: StatementLine): bigint {
  if (status === 'success') return amount_minor;
  return status === 'reversed' && isOfPayout(kind) ? -amount_minor : 0n;
}

class Verdicts {
  readonly of = new Map<MovedLine, Verdict>();
  /** Explained by a line. */
  readonly taken = new Map<AccountMovement, MovedLine>();
  /** Of more than one that a line may be about. */
  readonly perhaps = new Set<AccountMovement>();

  match(line: MovedLine, movement: AccountMovement): void {
    this.of.set(line, { verdict: 'matched', movement });
    this.taken.set(movement, line);
  }

  /** Lines that have the same candidates. */
  leaveOpen(lines: readonly MovedLine[], candidates: readonly AccountMovement[]): void {
    const names = candidates.map((each) => each.reference_id).sort(compareText);
    const among = `one of ${names.slice(0, 5).join(', ')}`;
    for (const line of lines) this.of.set(line, { verdict: 'ambiguous', among });
    for (const candidate of candidates) this.perhaps.add(candidate);
  }
}

type Fits = ReadonlyMap<MovedLine, readonly AccountMovement[]>;

/** Pairs of which each fits nothing but the other; who is asked first makes no difference. */
function pairs(fits: Fits): [MovedLine, AccountMovement][] {
  const wanted = new Map<AccountMovement, number>();
  for (const candidates of fits.values())
    for (const candidate of candidates) wanted.set(candidate, (wanted.get(candidate) ?? 0) + 1);
  return [...fits].flatMap(([line, [only, ...others]]): [MovedLine, AccountMovement][] =>
    only !== undefined && others.length === 0 && wanted.get(only) === 1 ? [[line, only]] : [],
  );
}

/** Of those that are left, by what a pair has to have in common. */
function leftOf(
  fits: Fits,
  verdicts: Verdicts,
  agree: (line: MovedLine, movement: AccountMovement) => boolean,
): Fits {
  const left = new Map<MovedLine, readonly AccountMovement[]>();
  for (const [line, candidates] of fits) {
    if (verdicts.of.has(line)) continue;
    const still = candidates.filter((each) => !verdicts.taken.has(each) && agree(line, each));
    if (still.length > 0) left.set(line, still);
  }
  return left;
}

function byName(
  lines: readonly MovedLine[],
  movements: readonly AccountMovement[],
  verdicts: Verdicts,
): void {
  const named = new Map<string, AccountMovement[]>();
  for (const movement of movements)
    for (const name of movement.names) {
      const known = named.get(name);
      if (known) known.push(movement);
      else named.set(name, [movement]);
    }
  const fits = new Map<MovedLine, readonly AccountMovement[]>();
  for (const each of lines) {
    const found = new Set(namesOf(each.line).flatMap((name) => named.get(name) ?? []));
    const candidates = [...found].filter((movement) => sameWay(each, movement));
    if (candidates.length > 0) fits.set(each, candidates);
  }
  for (const [line, movement] of pairs(fits)) verdicts.match(line, movement);
  for (const [line, movement] of pairs(leftOf(fits, verdicts, sameAmount))) verdicts.match(line, movement);
  repeated(leftOf(fits, verdicts, sameAmount), verdicts);
  for (const [line, candidates] of leftOf(fits, verdicts, () => true)) verdicts.leaveOpen([line], candidates);
  // Its entry is explained by a line of another amount or a first of the same: more money than was booked.
  for (const [line, candidates] of fits) {
    const movement = candidates.find((each) => sameAmount(line, each));
    if (!verdicts.of.has(line) && movement) verdicts.of.set(line, { verdict: 'duplicate', movement });
  }
}

/** Several lines that say the same of one entry: the first explains it. */
function repeated(fits: Fits, verdicts: Verdicts): void {
  const single = [...fits].filter(([, candidates]) => candidates.length === 1);
  const shared = new Set(
    [...fits.values()].flatMap((candidates) => (candidates.length > 1 ? candidates : [])),
  );
  for (const group of groupBy(single, ([, [only]]) => `${only?.entry_id}`).values()) {
    const [first] = group.map(([line]) => line).sort(byTime);
    const movement = group[0]?.[1][0];
    if (first && movement && !shared.has(movement)) verdicts.match(first, movement);
  }
}

function byTime(a: MovedLine, b: MovedLine): number {
  return (
    compareText(a.line.stated_at ?? '', b.line.stated_at ?? '') || (a.line.line_id < b.line.line_id ? -1 : 1)
  );
}

/** Lines that every entry fits or none: a thousand of one amount and day are asked about once. */
interface Alike {
  line: MovedLine;
  lines: MovedLine[];
  candidates: readonly AccountMovement[];
}

/** For entries that say nothing of the payment: the same amount on the same day, else within the settlement window. */
function byAmount(
  lines: readonly MovedLine[],
  movements: readonly AccountMovement[],
  terms: Terms,
  verdicts: Verdicts,
): void {
  const open = movements.filter((each) => !verdicts.taken.has(each) && !verdicts.perhaps.has(each));
  const left = lines.filter(
    (each) => !verdicts.of.has(each) && each.moved_minor !== 0n && each.line.stated_on !== null,
  );
  const groups = alikeLines(left, open, terms);
  const sameDay = ({ line }: MovedLine, movement: AccountMovement) => line.stated_on === movement.booked_on;
  for (const agree of [sameDay, () => true]) {
    const asked = groups.flatMap((each) => {
      if (verdicts.of.has(each.line)) return [];
      each.candidates = each.candidates.filter((movement) => !verdicts.taken.has(movement));
      return [{ ...each, candidates: each.candidates.filter((movement) => agree(each.line, movement)) }];
    });
    const wanted = new Map<AccountMovement, number>();
    for (const { lines: own, candidates } of asked)
      for (const each of candidates) wanted.set(each, (wanted.get(each) ?? 0) + own.length);
    for (const { line, candidates } of asked) {
      const [only, ...others] = candidates;
      if (only !== undefined && others.length === 0 && wanted.get(only) === 1) verdicts.match(line, only);
    }
  }
  for (const { line, lines: own, candidates } of groups) {
    const still = candidates.filter((each) => !verdicts.taken.has(each));
    if (!verdicts.of.has(line) && still.length > 0) verdicts.leaveOpen(own, still);
  }
}

function alikeLines(lines: readonly MovedLine[], open: readonly AccountMovement[], terms: Terms): Alike[] {
  const amounts = groupBy(open, (each) => `${each.moved_minor} ${each.currency}`);
  const utrs = new Set(open.flatMap((each) => [...each.utrs]));
  const groups = groupBy(lines, ({ line, moved_minor }) => {
    // A reference that no entry has contradicts those that have one, whatever it is.
    const utr = line.utr === null ? '' : utrs.has(normaliseUtr(line.utr)) ? normaliseUtr(line.utr) : '*';
    return `${moved_minor} ${line.currency} ${line.stated_on} ${utr}`;
  });
  return [...groups.values()].flatMap((own) => {
    const [line] = own;
    if (line === undefined) return [];
    const candidates = (amounts.get(`${line.moved_minor} ${line.line.currency}`) ?? []).filter(
      (movement) => !contradict(line.line, movement) && isNear(line.line, movement, terms),
    );
    return candidates.length === 0 ? [] : [{ line, lines: own, candidates }];
  });
}

function namesOf({ utr, provider_reference, provider_id }: StatementLine): string[] {
  return [utr, provider_reference, provider_id].flatMap((name) =>
    name === null ? [] : [normaliseUtr(name)],
  );
}

function sameWay({ line, moved_minor }: MovedLine, movement: AccountMovement): boolean {
  return line.currency === movement.currency && moved_minor * movement.moved_minor > 0n;
}

function sameAmount({ moved_minor }: MovedLine, movement: AccountMovement): boolean {
  return moved_minor === movement.moved_minor;
}

function contradict({ utr }: StatementLine, { utrs }: AccountMovement): boolean {
  return utr !== null && utrs.size > 0 && !utrs.has(normaliseUtr(utr));
}

function isNear({ stated_on }: StatementLine, { booked_on }: AccountMovement, terms: Terms): boolean {
  if (stated_on === null) return false;
  const [earlier = '', later = ''] = [stated_on, booked_on].sort(compareText);
  return terms.calendar.between(earlier, later) <= terms.settlement_days;
}

function conclude(
  lines: readonly MovedLine[],
  movements: readonly AccountMovement[],
  verdicts: Verdicts,
  superseded: ReadonlyMap<bigint, StatementLine>,
  terms: Terms,
): AccountComparison {
  const days = lines.flatMap(({ line }) => line.stated_on ?? []).sort(compareText);
  const first = days[0] ?? null;
  const isOlder = (each: AccountMovement) =>
    !verdicts.taken.has(each) && !verdicts.perhaps.has(each) && (first === null || each.booked_on < first);
  const wanted = movements.filter((each) => !isOlder(each));
  const sums = new Map<string, Totals>();
  const of = (currency: string): Totals => {
    const known = sums.get(currency) ?? emptyTotals(currency);
    sums.set(currency, known);
    return known;
  };
  const rootOf = roots({ superseded, lines: [] });
  const breaks: FoundBreak[] = [];
  for (const each of lines) breaks.push(...judgeLine(each, verdicts.of.get(each), rootOf(each.line), of));
  let expected = 0;
  for (const movement of wanted) {
    const { ledger } = of(movement.currency);
    ledger.total += movement.moved_minor;
    if (verdicts.taken.has(movement)) ledger.matched += movement.moved_minor;
    else if (verdicts.perhaps.has(movement)) ledger.ambiguous += movement.moved_minor;
    else if (withinSettlement(movement.booked_on, terms.today, terms.settlement_days, terms.calendar)) {
      ledger.expected += movement.moved_minor;
      expected += 1;
    } else {
      ledger.missing_on_statement += movement.moved_minor;
      breaks.push(missing(movement));
    }
  }
  return {
    breaks: breaks.sort(inOrder),
    matched: verdicts.taken.size,
    expected,
    older: movements.length - wanted.length,
    superseded,
    coverage: {
      from: first,
      to: days.at(-1) ?? null,
      missing_days: missingDays(wanted, verdicts, days, terms),
    },
    totals: proveTotals(sums.values()),
    positions: positionsOf(lines, wanted, verdicts),
  };
}

function positionsOf(
  lines: readonly MovedLine[],
  wanted: readonly AccountMovement[],
  verdicts: Verdicts,
): AccountPosition[] {
  const moving = lines.filter(({ moved_minor }) => moved_minor !== 0n);
  const ofLines = moving.map((each) => {
    const verdict = verdicts.of.get(each);
    return { ...each, movement: verdict?.verdict === 'matched' ? verdict.movement : null };
  });
  const left = wanted.filter((movement) => !verdicts.taken.has(movement));
  return [...ofLines, ...left.map((movement) => ({ line: null, moved_minor: 0n, movement }))];
}

/** Adds the line to the sum that it belongs to; answers what is wrong with it. */
function judgeLine(
  { line, moved_minor }: MovedLine,
  verdict: Verdict | undefined,
  root: StatementLine,
  of: (currency: string) => Totals,
): FoundBreak[] {
  const totals = of(line.currency);
  const { statement } = totals;
  statement.total += moved_minor;
  if (moved_minor === 0n) {
    statement[line.status === 'failed' ? 'failed' : 'in_flight'] += line.amount_minor;
    return [];
  }
  const found = {
    ...breakOfLine({ outcome: 'missing_in_ledger', line, moved_minor }, root),
    statement: formatAmount(moved_minor, line.currency),
  };
  if (verdict === undefined) {
    statement.missing_in_ledger += moved_minor;
    return [found];
  }
  statement[verdict.verdict] += moved_minor;
  if (verdict.verdict === 'ambiguous') {
    return [{ ...found, kind: 'ambiguous', ledger: verdict.among }];
  }
  const { movement } = verdict;
  if (verdict.verdict === 'duplicate')
    return [{ ...found, kind: 'duplicate_on_statement', ledger: movement.reference_id }];
  const difference_minor = moved_minor - movement.moved_minor;
  if (difference_minor === 0n) return [];
  totals.differences += difference_minor;
  return [
    {
      ...ofEntry(movement),
      kind: 'amount_differs',
      line,
      statement: found.statement,
      difference_minor,
    },
  ];
}

function missing(movement: AccountMovement): FoundBreak {
  return { ...ofEntry(movement), kind: 'missing_on_statement', difference_minor: -movement.moved_minor };
}

function ofEntry({ entry_id, reference_id, moved_minor, currency }: AccountMovement) {
  return {
    subject: `entry:${entry_id}:${currency}`,
    reference_id,
    attempt: null,
    line: null,
    ledger: formatAmount(moved_minor, currency),
    statement: null,
    currency,
    effects: [],
  };
}

/** Days on which the books moved and of which no line speaks, once they should have come. */
function missingDays(
  movements: readonly AccountMovement[],
  verdicts: Verdicts,
  dated: readonly string[],
  terms: Terms,
): string[] {
  const covered = new Set(dated);
  for (const movement of verdicts.taken.keys()) covered.add(movement.booked_on);
  const days = new Set(movements.map(({ booked_on }) => booked_on));
  return [...days]
    .filter(
      (day) =>
        !covered.has(day) && !withinSettlement(day, terms.today, terms.settlement_days, terms.calendar),
    )
    .sort(compareText);
}
