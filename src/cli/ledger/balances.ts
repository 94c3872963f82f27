import { formatAmount } from '../../domain/money/money.ts';
import { lastBookedOn, listBalances } from '../../store/ledger-queries.ts';
import { type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { dayFlag, today } from './flags.ts';

export const verb: Verb = {
  name: 'ledger balances',
  summary: 'Show the balance of every account',
  effect: 'reads',
  options: [
    { flags: '--as-of <day>', description: 'at the end of this day (default: everything that is booked)' },
    { flags: '--account <account>', description: 'only this account and those below it' },
  ],
  examples: [
    'payrun ledger balances',
    'payrun ledger balances --account assets:providers --as-of 2026-11-20 --json',
  ],
  columns: ['account', 'currency', 'balance'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const asOf = dayFlag(input, 'asOf');
  const database = await context.ledger();
  const rows = await listBalances(database, {
    as_of: asOf,
    account: text(input, 'account')?.replace(/:$/, '') ?? null,
  });
  const items = rows.map(({ account, currency, debit_minor, credit_minor }) => ({
    account,
    currency,
    balance: formatAmount(debit_minor - credit_minor, currency),
  }));
  return { data: { as_of: asOf ?? later(await today(context), await lastBookedOn(database)), items } };
}

/** Without --as-of everything counts, also what is booked on a day to come; then the answer is as of that day. */
function later(today: string, lastBooked: string | null): string {
  return lastBooked !== null && lastBooked > today ? lastBooked : today;
}
