import { formatAmount } from '../../domain/money/money.ts';
import { lastBookedOn, listBalances } from '../../store/ledger-queries.ts';
import type { Context, Data, Input, Outcome, Verb } from '../command.ts';
import { dayFlag, today } from './flags.ts';

const COLUMNS = ['account', 'currency', 'debit', 'credit', 'balance'];

export const verb: Verb = {
  name: 'ledger trial-balance',
  summary: 'Show debits and credits of every account',
  effect: 'reads',
  options: [
    { flags: '--as-of <day>', description: 'at the end of this day (default: everything that is booked)' },
  ],
  examples: ['payrun ledger trial-balance --as-of 2026-11-30'],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const asOf = await dayFlag(context, input, 'asOf');
  const database = await context.ledger();
  const rows = await listBalances(database, { as_of: asOf, account: null, tag: null });
  const sums = new Map<string, { debit_minor: bigint; credit_minor: bigint }>();
  for (const { currency, debit_minor, credit_minor } of rows) {
    const sum = sums.get(currency) ?? { debit_minor: 0n, credit_minor: 0n };
    sums.set(currency, {
      debit_minor: sum.debit_minor + debit_minor,
      credit_minor: sum.credit_minor + credit_minor,
    });
  }
  const items = rows.map(({ account, ...row }) => ({ account, ...sidesOf(row.currency, row) }));
  const totals = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, sum]) => sidesOf(currency, sum));
  const lastBooked = await lastBookedOn(database);
  const now = await today(context);
  const columns = COLUMNS.map((key) => ({ key }));
  return {
    data: { as_of: asOf ?? (lastBooked !== null && lastBooked > now ? lastBooked : now), items, totals },
    view: [{ columns, rows: [...items, ...totals.map((total) => ({ account: 'total', ...total }))] }],
  };
}

function sidesOf(currency: string, sides: { debit_minor: bigint; credit_minor: bigint }): Data {
  return {
    currency,
    debit: formatAmount(sides.debit_minor, currency),
    credit: formatAmount(sides.credit_minor, currency),
    balance: formatAmount(sides.debit_minor - sides.credit_minor, currency),
  };
}
