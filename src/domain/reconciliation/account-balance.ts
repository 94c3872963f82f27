/**
 * What a bank states as the balance of an account, led over to what the books have on the same day: less what only the
 * books have moved by then, plus what only the bank has. Where the two do not meet, something is missing that no line
 * and no entry tells: a balance at the beginning, or a statement in between. Amounts are those of the account: money on
 * it is positive.
 */
import { formatAmount } from '../money/money.ts';
import type { AccountPosition } from './account-movement.ts';
import type { FoundBreak } from './break.ts';
import { compareText } from './statement-line.ts';

/** In the order in which they are listed. */
export const BALANCE_STEPS = [
  'payments_not_on_statement',
  'receipts_not_on_statement',
  'payments_not_in_ledger',
  'receipts_not_in_ledger',
  'amounts_differ',
  // Entries that a person booked with the explanation of a break: of lines that are not in the ledger otherwise.
  'booked_with_breaks',
  // Entries that were reversed, and reversals, of which the other half is of a later day.
  'reversed_later',
] as const;
export type BalanceStep = (typeof BALANCE_STEPS)[number];

/** What a statement says of its end; the last of an account and currency. */
export interface StatedBalance {
  currency: string;
  /** The day of its last line. */
  on: string;
  balance_minor: bigint;
  file: string;
  /** Where it stands there. */
  line: number;
}

/** What the books have of the account at the end of that day. */
export interface BookedBalance {
  balance_minor: bigint;
  /** Of it, what is no movement that a line is looked for. */
  booked_with_breaks: bigint;
  reversed_later: bigint;
}

export interface BalanceItem {
  step: BalanceStep;
  on: string | null;
  /** What the entry is called, or the line. */
  name: string | null;
  /** What it does to the bank's balance. */
  minor: bigint;
}

export interface AccountBalance extends StatedBalance {
  steps: readonly { step: BalanceStep; count: number; minor: bigint }[];
  items: readonly BalanceItem[];
  /** The bank's balance after all steps. */
  adjusted_minor: bigint;
  ledger_minor: bigint;
  /** Statement less ledger. */
  difference_minor: bigint;
}

export function balanceAccount(
  stated: StatedBalance,
  booked: BookedBalance,
  positions: readonly AccountPosition[],
): AccountBalance {
  const own = positions.filter((each) => (each.line ?? each.movement)?.currency === stated.currency);
  const items = own.flatMap((each) => itemsOf(each, stated.on)).sort(inOrder);
  for (const step of ['booked_with_breaks', 'reversed_later'] as const)
    if (booked[step] !== 0n) items.push({ step, on: null, name: null, minor: booked[step] });
  const steps = BALANCE_STEPS.flatMap((step) => {
    const of = items.filter((item) => item.step === step);
    return of.length === 0 ? [] : [{ step, count: of.length, minor: sum(of) }];
  });
  const adjusted_minor = stated.balance_minor + sum(steps);
  const ledger_minor = booked.balance_minor;
  return {
    ...stated,
    steps,
    items,
    adjusted_minor,
    ledger_minor,
    difference_minor: adjusted_minor - ledger_minor,
  };
}

/** As what the account had before its first line, so that it stays the same break while statements go on. */
export function breakOfBalance(
  account: string,
  { currency, balance_minor, on, difference_minor }: AccountBalance,
  positions: readonly AccountPosition[],
): FoundBreak[] {
  if (difference_minor === 0n) return [];
  const left = positions
    .filter(({ line }) => line?.currency === currency && isBy(line.stated_on, on))
    .reduce((all, { moved_minor }) => all + moved_minor, 0n);
  const before = balance_minor + left;
  return [
    {
      kind: 'amount_differs',
      subject: `balance:${account}:${currency}`,
      reference_id: 'balance before the first line',
      attempt: null,
      line: null,
      ledger: formatAmount(before - difference_minor, currency),
      statement: formatAmount(before, currency),
      difference_minor,
      currency,
      effects: [],
    },
  ];
}

function isBy(day: string | null, on: string): boolean {
  return day === null || day <= on;
}

/** What each does to the bank's balance on the way to the books'; what both have moved by the day does nothing. */
function itemsOf({ line, moved_minor, movement }: AccountPosition, on: string): BalanceItem[] {
  const onStatement = line !== null && isBy(line.stated_on, on);
  const inLedger = movement !== null && isBy(movement.booked_on, on);
  if (onStatement && inLedger) {
    const minor = moved_minor - movement.moved_minor;
    const item = { on: line.stated_on, name: movement.reference_id, minor };
    return minor === 0n ? [] : [{ step: 'amounts_differ', ...item }];
  }
  if (onStatement) {
    const name = line.utr ?? line.provider_reference ?? line.provider_id;
    const step = moved_minor > 0n ? 'payments_not_in_ledger' : 'receipts_not_in_ledger';
    return [{ step, on: line.stated_on, name, minor: moved_minor }];
  }
  if (!inLedger) return [];
  const step = movement.moved_minor > 0n ? 'payments_not_on_statement' : 'receipts_not_on_statement';
  return [{ step, on: movement.booked_on, name: movement.reference_id, minor: -movement.moved_minor }];
}

function inOrder(a: BalanceItem, b: BalanceItem): number {
  return (
    BALANCE_STEPS.indexOf(a.step) - BALANCE_STEPS.indexOf(b.step) ||
    compareText(a.on ?? '', b.on ?? '') ||
    compareText(a.name ?? '', b.name ?? '') ||
    (a.minor < b.minor ? -1 : a.minor > b.minor ? 1 : 0)
  );
}

function sum(amounts: readonly { minor: bigint }[]): bigint {
  return amounts.reduce((all, { minor }) => all + minor, 0n);
}
