/** The bank's balance led over to the books', line by line, in the words that every form of a report has for it. */
import type { BalanceStep } from '../../../domain/reconciliation/account-balance.ts';

export interface ReportedBalance {
  currency: string;
  on: string;
  file: string;
  line: number;
  statement: string;
  steps: readonly { step: BalanceStep; count: number; amount: string }[];
  adjusted: string;
  ledger: string;
  difference: string;
  items: readonly { step: BalanceStep; date: string | null; name: string | null; amount: string }[];
}

export const STEP_TITLES: Readonly<Record<BalanceStep, string>> = {
  payments_not_on_statement: 'less payments of the books that are not on the statement',
  receipts_not_on_statement: 'plus receipts of the books that are not on the statement',
  payments_not_in_ledger: 'plus payments on the statement that are not in the books',
  receipts_not_in_ledger: 'less receipts on the statement that are not in the books',
  amounts_differ: 'amounts that differ',
  booked_with_breaks: 'booked with the explanation of a break',
  reversed_later: 'reversed on a later day',
};

export interface BalanceRow {
  what: string;
  amount: string;
  look: 'whole' | 'part';
}

/** With what each step comes to; the difference is the last. */
export function balanceRows({
  statement,
  steps,
  adjusted,
  ledger,
  difference,
}: ReportedBalance): BalanceRow[] {
  const whole = (what: string, amount: string): BalanceRow => ({ what, amount, look: 'whole' });
  return [
    whole('balance per bank', statement),
    ...steps.map(({ step, count, amount }): BalanceRow => {
      const many = step === 'booked_with_breaks' || step === 'reversed_later' ? '' : ` (${count})`;
      return { what: `${STEP_TITLES[step]}${many}`, amount, look: 'part' };
    }),
    whole('comes to', adjusted),
    whole('balance per books', ledger),
    whole('difference', difference),
  ];
}
