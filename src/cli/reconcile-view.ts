/** What a reconciliation found, as data and as people read it. */
import { formatAmount } from '../domain/money/money.ts';
import type { AccountBalance } from '../domain/reconciliation/account-balance.ts';
import { compareText } from '../domain/reconciliation/statement-line.ts';
import type { Totals } from '../domain/reconciliation/totals.ts';
import { BREAK_VIEW } from './break/break-item.ts';
import type { Data, TableView } from './command.ts';
import { counted } from './output/counted.ts';
import { balanceRows, type ReportedBalance } from './output/reports/account-balance.ts';
import { type Report, summaryOf } from './output/reports/report.ts';

export function totalsData(totals: Totals): Data {
  const { currency, statement, ledger, differences, explained, unexplained, others } = totals;
  const amounts = (sums: Readonly<Record<string, bigint>>): Data =>
    Object.fromEntries(Object.entries(sums).map(([name, minor]) => [name, formatAmount(minor, currency)]));
  return {
    currency,
    statement: amounts({ ...statement }),
    ledger: amounts({ ...ledger }),
    differences: formatAmount(differences, currency),
    explained: amounts(explained),
    unexplained: formatAmount(unexplained, currency),
    others: amounts(Object.fromEntries([...others].sort(([a], [b]) => compareText(a, b)))),
  };
}

/** For people: what was found first, then the sums that prove that it is all. */
export function view(data: Data, items: readonly Data[]): (TableView | string)[] {
  const { provider, matched, expected, breaks, coverage } = data as Pick<
    Report,
    'provider' | 'matched' | 'expected'
  > & {
    breaks: Pick<Report, 'open' | 'new' | 'carried' | 'closed'> & { failing?: number; by_kind: Data };
    coverage: Data & { missing_days: string[] };
  };
  const parts: (TableView | string)[] = [summaryOf({ provider, matched, expected, ...breaks })];
  if (breaks.failing !== undefined)
    parts.push(`${counted(breaks.failing, 'of them fits', 'of them fit')} --fail-on.`);
  if (coverage.missing_days.length > 0) parts.push(`No statement for ${coverage.missing_days.join(', ')}.`);
  const kinds = Object.entries(breaks.by_kind).map(([kind, count]): Data => ({ kind, open: count }));
  if (kinds.length > 0)
    parts.push({ columns: [{ key: 'kind' }, { key: 'open', align: 'right' }], rows: kinds });
  if (items.length > 0)
    parts.push({
      columns: BREAK_VIEW.filter(({ key }) => !['break', 'age_days', 'state'].includes(key)),
      rows: items,
    });
  for (const balance of (data.balances ?? []) as unknown as ReportedBalance[])
    parts.push(balanceView(balance));
  for (const totals of data.totals as Data[]) parts.push(totalsView(totals));
  const proofs = (data.statements as Data[]).flatMap(({ file, proofs: own }) =>
    ((own ?? []) as Data[]).map((proof) => ({ ...proof, file: file ?? null })),
  );
  if (proofs.length > 0) parts.push(proofsView(proofs));
  return parts;
}

/** Opening and movements are closing: what each file says of itself, and what its rows come to. */
function proofsView(rows: readonly Data[]): TableView {
  const keys = ['file', 'what', 'currency', 'line', 'stated', 'found', 'proved'];
  const right = new Set(['line', 'stated', 'found']);
  return {
    title: 'What the files state, held against their rows',
    columns: keys.map((key) => (right.has(key) ? { key, align: 'right' } : { key })),
    rows,
  };
}

/** What of the differences needs nobody, where there is any. */
function explanation({ explained }: Data): string {
  const parts = Object.entries(explained as Data).filter(([, amount]) => Number(amount) !== 0);
  return parts.length === 0 ? '' : ` (explained: ${parts.map((part) => part.join(' ')).join(', ')})`;
}

function totalsView(totals: Data): TableView {
  const statement = totals.statement as Data;
  const ledger = totals.ledger as Data;
  const names = [...new Set([...Object.keys(statement), ...Object.keys(ledger)])];
  const rows = names.map(
    (name): Data => ({
      total: name,
      statement: statement[name] ?? '',
      ledger: ledger[name] ?? '',
    }),
  );
  return {
    title: `Totals in ${totals.currency}: matched pairs differ by ${totals.differences} net${explanation(totals)}; in no sum ${totals.unexplained}`,
    columns: [
      { key: 'total', title: '' },
      { key: 'statement', align: 'right' },
      { key: 'ledger', align: 'right' },
    ],
    rows,
  };
}

export function balanceData(balance: AccountBalance): Data {
  const { currency, on, file, line, steps, items } = balance;
  const amount = (minor: bigint) => formatAmount(minor, currency);
  return {
    ...{ currency, on, file, line },
    statement: amount(balance.balance_minor),
    steps: steps.map(({ step, count, minor }) => ({ step, count, amount: amount(minor) })),
    adjusted: amount(balance.adjusted_minor),
    ledger: amount(balance.ledger_minor),
    difference: amount(balance.difference_minor),
    items: items.map(({ step, on: date, name, minor }) => ({ step, date, name, amount: amount(minor) })),
  };
}

function balanceView(balance: ReportedBalance): TableView {
  return {
    title: `${balance.currency} on ${balance.on}: from the bank’s balance to that of the books`,
    columns: [
      { key: 'what', title: '' },
      { key: 'amount', align: 'right' },
    ],
    rows: balanceRows(balance).map(({ what, amount }): Data => ({ what, amount })),
  };
}
