import { PayrunError } from '../../domain/errors.ts';
import { accountTree } from '../../domain/ledger/account-tree.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { Database } from '../../store/database.ts';
import {
  type BalanceFilter,
  lastBookedOn,
  listBalances,
  listMovements,
  type PeriodRow,
} from '../../store/ledger-queries.ts';
import {
  type Context,
  type Data,
  flag,
  type Input,
  type Outcome,
  type TableView,
  text,
  type Verb,
} from '../command.ts';
import { dayFlag, tagFlag, today } from './flags.ts';

const COLUMNS = ['account', 'currency', 'balance'];
const TREE_COLUMNS = ['account', 'depth', 'currency', 'balance'];
const PERIOD_COLUMNS = ['period', 'account', 'currency', 'opening', 'debit', 'credit', 'balance'];

export const verb: Verb = {
  name: 'ledger balances',
  summary: 'Show the balance of every account',
  effect: 'reads',
  options: [
    { flags: '--as-of <day>', description: 'at the end of this day (default: everything that is booked)' },
    { flags: '--account <account>', description: 'only this account and those below it' },
    { flags: '--tag <tag>', description: 'only entries with this tag, such as cost_centre=ops' },
    { flags: '--tree', description: 'with the sums of all accounts below each name' },
    {
      flags: '--period <period>',
      description:
        'day or month: opening balance, movements and closing balance of each in which an account moved',
      choices: ['day', 'month'],
    },
    { flags: '--since <day>', description: 'with --period: from the period of this day on' },
  ],
  examples: [
    'payrun ledger balances',
    'payrun ledger balances --account assets:providers --as-of 2026-11-20 --json',
    'payrun ledger balances --tree',
    'payrun ledger balances --period month --tag cost_centre=ops --account expenses',
  ],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const asOf = await dayFlag(context, input, 'asOf');
  const since = await dayFlag(context, input, 'since');
  const period = text(input, 'period');
  const tree = flag(input, 'tree');
  if (period !== undefined && tree)
    throw contradiction('--tree and --period are two ways to show the same; choose one.');
  if (period === undefined && since !== null)
    throw contradiction('--since needs --period; a balance has no beginning.');
  const filter: BalanceFilter = {
    as_of: asOf,
    account: text(input, 'account')?.replace(/:$/, '') ?? null,
    tag: tagFlag(input),
  };
  const database = await context.ledger();
  const as_of = asOf ?? later(await today(context), await lastBookedOn(database));
  if (period === 'day' || period === 'month') {
    const items = movementItems(
      await listMovements(database, filter, period),
      since?.slice(0, period === 'day' ? 10 : 7),
    );
    return listed(as_of, items, PERIOD_COLUMNS);
  }
  const items = await balanceItems(database, filter, tree);
  if (!tree) return listed(as_of, items, COLUMNS);
  const indented = items.map((item) => ({ ...item, account: indentedName(item) }));
  return { ...listed(as_of, items, TREE_COLUMNS), view: [table(indented, COLUMNS)] };
}

function indentedName({ account, depth }: Data): string {
  const name = String(account);
  return `${'  '.repeat(Number(depth))}${name.slice(name.lastIndexOf(':') + 1)}`;
}

function contradiction(message: string): PayrunError {
  return new PayrunError('usage', 'usage', message);
}

function listed(as_of: string, items: Data[], columns: readonly string[]): Outcome {
  const view = items.length === 0 ? {} : { view: [table(items, columns)] };
  return { data: { as_of, items }, columns, ...view };
}

function table(rows: Data[], columns: readonly string[]): TableView {
  return { columns: columns.map((key) => (key === 'opening' ? { key, align: 'right' } : { key })), rows };
}

async function balanceItems(database: Database, filter: BalanceFilter, tree: boolean): Promise<Data[]> {
  const rows = (await listBalances(database, filter)).map(
    ({ account, currency, debit_minor, credit_minor }) => ({
      account,
      currency,
      balance_minor: debit_minor - credit_minor,
    }),
  );
  if (!tree)
    return rows.map(({ balance_minor, ...row }) => ({
      ...row,
      balance: formatAmount(balance_minor, row.currency),
    }));
  return accountTree(rows).map(({ account, depth, currency, balance_minor }) => ({
    account,
    depth,
    currency,
    balance: formatAmount(balance_minor, currency),
  }));
}

/** Rows come by account, currency and period: each opens with what the one before closed with. */
function movementItems(rows: readonly PeriodRow[], since: string | undefined): Data[] {
  const items: Data[] = [];
  let [of, balance] = ['', 0n];
  for (const { period, account, currency, debit_minor, credit_minor } of rows) {
    const series = `${account} ${currency}`;
    if (series !== of) [of, balance] = [series, 0n];
    const opening = balance;
    balance += debit_minor - credit_minor;
    if (since !== undefined && period < since) continue;
    const amount = (minor: bigint) => formatAmount(minor, currency);
    items.push({
      ...{ period, account, currency, opening: amount(opening) },
      ...{ debit: amount(debit_minor), credit: amount(credit_minor), balance: amount(balance) },
    });
  }
  return items;
}

/** Without --as-of everything counts, also what is booked on a day to come; then the answer is as of that day. */
function later(today: string, lastBooked: string | null): string {
  return lastBooked !== null && lastBooked > today ? lastBooked : today;
}
