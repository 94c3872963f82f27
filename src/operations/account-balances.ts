/** The balances that an account's statements end with, each led over to what the books have. */
import { Bug } from '../domain/errors.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import {
  type AccountBalance,
  balanceAccount,
  breakOfBalance,
} from '../domain/reconciliation/account-balance.ts';
import type { AccountPosition } from '../domain/reconciliation/account-movement.ts';
import type { FoundBreak } from '../domain/reconciliation/break.ts';
import { bookedBalance } from '../store/account-movements.ts';
import type { Reader } from '../store/database.ts';
import { closingBalances } from '../store/statement-proofs.ts';

/** None for a currency of which no statement states a balance. */
export async function balancesOfAccount(
  reader: Reader,
  account: string,
  positions: readonly AccountPosition[],
): Promise<{ balances: AccountBalance[]; breaks: FoundBreak[] }> {
  const balances: AccountBalance[] = [];
  for (const { balance, line, ...closing } of await closingBalances(reader, account)) {
    const stated = { ...closing, line: Number(line), balance_minor: minorOf(balance, closing.currency) };
    balances.push(balanceAccount(stated, await bookedBalance(reader, account, stated), positions));
  }
  return { balances, breaks: balances.flatMap((each) => breakOfBalance(account, each, positions)) };
}

/** As the store has it, with a sign. */
function minorOf(text: string, currency: string): bigint {
  const parsed = parseAmountOrZero(text.replace('-', ''), currency);
  if (!parsed.ok) throw new Bug(`A balance was stored as "${text}".`);
  return text.startsWith('-') ? -parsed.minor : parsed.minor;
}
