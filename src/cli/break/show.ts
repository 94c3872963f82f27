import { formatAmount } from '../../domain/money/money.ts';
import { breakUnknown } from '../../operations/resolve-break.ts';
import { type BreakEvent, type BreakRow, breakById, breakEvents } from '../../store/breaks.ts';
import type { Reader } from '../../store/database.ts';
import { payoutsById } from '../../store/payouts.ts';
import { lineInFile } from '../../store/statements.ts';
import {
  argument,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  type Verb,
} from '../command.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { breakItem, numberOf } from './break-item.ts';

export const verb: Verb = {
  name: 'break show',
  summary: 'Show one difference with both sides',
  effect: 'reads',
  arguments: [{ name: '<break>', description: 'its number, as `break list` shows it' }],
  examples: ['payrun break show 15'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const written = argument(input, 0);
  const terms = comparisonTerms(context, await context.config());
  const database = await context.ledger();
  const row = await breakById(database, numberOf(written, 'break'));
  if (!row) throw breakUnknown(written);
  const history = (await breakEvents(database, row.id)).map(eventItem);
  const item = breakItem(row, terms.today, terms.calendar);
  const [line, payout] = [await lineOf(database, row), await payoutOf(database, row)];
  const data: Data = {
    ...item,
    provider: row.provider,
    note: row.note,
    entry: row.entry_id === null ? null : Number(row.entry_id),
    resolved_at: row.resolved_at,
    statement_line: line,
    payout,
    history,
  };
  return { data, view: view(item, row, line, payout, history) };
}

/** The row as it stands in its file, cell by cell. */
async function lineOf(reader: Reader, row: BreakRow): Promise<Data | null> {
  const line = row.line_id === null ? undefined : await lineInFile(reader, row.line_id);
  if (!line) return null;
  return {
    statement: Number(line.statement_id),
    file: line.file_name,
    line: Number(line.line_no),
    withdrawn: line.withdrawn === 1n,
    cells: JSON.parse(line.cells) as Data,
  };
}

async function payoutOf(reader: Reader, row: BreakRow): Promise<Data | null> {
  const payout =
    row.payout_id === null ? undefined : (await payoutsById(reader, [row.payout_id])).get(row.payout_id);
  if (!payout) return null;
  const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor, payout.currency));
  return {
    reference_id: payout.reference_id,
    attempt: row.attempt_no === null ? null : Number(row.attempt_no),
    attempts: payout.attempt_no,
    state: payout.state,
    amount: amount(payout.amount_minor),
    currency: payout.currency,
    rail: payout.rail,
    provider_reference: payout.provider_reference,
    provider_id: payout.provider_id,
    provider_status: payout.provider_status,
    utr: payout.utr,
    fee: amount(payout.fee_minor),
    tax: amount(payout.tax_minor),
    submitted_at: payout.submitted_at,
    paid_at: payout.paid_at,
    returned_at: payout.returned_at,
  };
}

function eventItem(event: BreakEvent): Data {
  const { ledger_value, statement_value, reconciliation_id, entry_id, ...rest } = event;
  return {
    ...rest,
    ledger: ledger_value,
    statement: statement_value,
    reconciliation: reconciliation_id === null ? null : Number(reconciliation_id),
    entry: entry_id === null ? null : Number(entry_id),
  };
}

function view(
  item: Data,
  row: BreakRow,
  line: Data | null,
  payout: Data | null,
  history: readonly Data[],
): (TableView | string)[] {
  const parts: (TableView | string)[] = [
    pairs(`Break ${row.id}: ${row.kind}, ${row.state}`, spelled, {
      provider: row.provider,
      ...item,
      note: row.note,
      entry: row.entry_id === null ? null : Number(row.entry_id),
    }),
  ];
  parts.push(
    payout === null
      ? row.provider.includes(':')
        ? 'Ledger: no entry.'
        : 'Ledger: no payout.'
      : pairs('Ledger', spelled, payout),
  );
  parts.push(
    line === null
      ? 'Statement: no line.'
      : pairs(
          `Statement: ${line.file}, line ${line.line}${line.withdrawn ? ' (withdrawn)' : ''}`,
          asItStands,
          line.cells as Data,
        ),
  );
  const columns = ['at', 'event', 'actor', 'reason', 'note', 'ledger', 'statement', 'entry'].map((key) => ({
    key,
  }));
  parts.push({ title: 'History', columns, rows: history });
  return parts;
}

/** Our fields in words; a file's columns have the names that they have there. */
const spelled = (name: string) => name.replaceAll('_', ' ');
const asItStands = (name: string) => name;

function pairs(title: string, named: (name: string) => string, values: Data): TableView {
  const rows = Object.entries(values).flatMap(([name, value]): Data[] =>
    value === null || value === '' ? [] : [{ name: named(name), value }],
  );
  return {
    title,
    columns: [
      { key: 'name', title: '' },
      { key: 'value', title: '' },
    ],
    rows,
  };
}
