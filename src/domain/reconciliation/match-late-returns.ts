/**
 * One credit for payouts that came back, on another day than that of our books: a bank credits what it gives back when
 * it gets to it. Over several days almost any amount is the sum of some payouts, so that only sets count which belong
 * together by themselves: all that came back on one day, or of one batch. Two of them that fit are ambiguous.
 */
import { sumMinor } from '../money/money.ts';
import type { Calendar } from './calendar.ts';
import { groupBy } from './group-by.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { StatementLine } from './statement-line.ts';

// Before and after the day of the line. A bank takes a day or two, and the provider may learn of it later than the bank.
const BUSINESS_DAYS = 3;

/** The sets that each line is the sum of; lines that none fits are left out. `open` have come back, unexplained. */
export function matchLateReturns(
  lines: readonly StatementLine[],
  open: readonly LedgerAttempt[],
  calendar: Calendar,
): Map<StatementLine, (readonly LedgerAttempt[])[]> {
  const found = new Map<StatementLine, (readonly LedgerAttempt[])[]>();
  const byDay = groupBy(open, ({ returned_on }) => returned_on);
  const setsOf = new Map<string, Map<string, (readonly LedgerAttempt[])[]>>();
  for (const line of lines) {
    const { stated_on: day, currency, amount_minor } = line;
    // Of a beneficiary's own returns each is a line of its own.
    if (day === null || line.provider_beneficiary_id !== null) continue;
    const sets = setsOf.get(day) ?? setsBySum(day, byDay, calendar);
    setsOf.set(day, sets);
    const fit = sets.get(`${amount_minor} ${currency}`);
    if (fit) found.set(line, fit);
  }
  return found;
}

function setsBySum(
  day: string,
  byDay: ReadonlyMap<string, readonly LedgerAttempt[]>,
  calendar: Calendar,
): Map<string, (readonly LedgerAttempt[])[]> {
  const near = [...byDay].filter(([other]) => isNear(other, day, calendar)).map(([, attempts]) => attempts);
  const all = near.flat();
  const sets = [...near, all, ...groupBy(all, ({ batch }) => batch).values()];
  for (const ofDay of near) sets.push(...groupBy(ofDay, ({ batch }) => batch).values());
  const bySum = new Map<string, (readonly LedgerAttempt[])[]>();
  const seen = new Set<string>();
  for (const mixed of sets)
    for (const [currency, set] of groupBy(mixed, (each) => each.currency)) {
      const name = nameOf(set);
      if (set.length < 2 || seen.has(name)) continue;
      seen.add(name);
      const key = `${sumMinor(set.map(({ amount_minor }) => amount_minor))} ${currency}`;
      const others = bySum.get(key);
      if (others) others.push(set);
      else bySum.set(key, [set]);
    }
  return bySum;
}

function isNear(one: string, other: string, calendar: Calendar): boolean {
  const [earlier, later] = one < other ? [one, other] : [other, one];
  return later <= calendar.add(earlier, BUSINESS_DAYS);
}

/** The same for the same attempts, in whatever order. */
function nameOf(set: readonly LedgerAttempt[]): string {
  return set
    .map(({ payout_id, attempt_no }) => `${payout_id}.${attempt_no}`)
    .sort()
    .join(' ');
}
