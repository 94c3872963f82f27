import { formatAmount } from '../../domain/money/money.ts';
import type { PayoutState } from '../../domain/payout/payout.ts';
import {
  approvalsOf,
  type BatchRow,
  type FailureCount,
  failuresOfBatch,
  type RailCount,
  railsOfBatch,
  type StateCount,
  statesOfBatches,
} from '../../store/batches.ts';
import {
  argument,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  type Verb,
} from '../command.ts';
import { findBatch } from './find-batch.ts';
import { standingOf } from './standing.ts';

export const verb: Verb = {
  name: 'batch show',
  summary: 'Show a batch and where its payouts are',
  effect: 'reads',
  arguments: [{ name: '<batch>', description: 'the batch’s name' }],
  examples: ['payrun batch show salary-nov'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const database = await context.ledger();
  const batch = await findBatch(database, argument(input, 0));
  const counts = await statesOfBatches(database, [batch.id]);
  const failures = failuresData(await failuresOfBatch(database, batch.id), batch.currency);
  const byRail = railsData(await railsOfBatch(database, batch.id), batch.currency);
  const approvals = (await approvalsOf(database, batch.id)).map((approval) => ({
    actor: approval.actor,
    approved_at: approval.approved_at,
    valid: approval.voided_at === null && approval.digest === batch.digest,
    void_reason: approval.void_reason,
  }));
  const data: Data = {
    ...standingOf(batch, counts),
    success_rate: successRate(counts),
    failures,
    by_rail: byRail,
    approvals,
    account: batch.account,
    file: batch.file_name,
    file_sha256: batch.file_sha256,
    imported_at: batch.imported_at,
    imported_by: batch.imported_by,
    cancelled_at: batch.cancelled_at,
  };
  return { data, view: viewOf(batch, data, counts, { failures, byRail, approvals }) };
}

/** Paid of those whose outcome is proven, as a decimal of at most four places; null where none is. */
function successRate(counts: readonly StateCount[]): string | null {
  const count = (...states: PayoutState[]) =>
    counts.reduce((sum, row) => (states.includes(row.state) ? sum + row.count : sum), 0n);
  const proven = count('paid', 'failed', 'returned');
  if (proven === 0n) return null;
  const ten_thousandths = (count('paid') * 10_000n) / proven;
  return `${ten_thousandths / 10_000n}.${(ten_thousandths % 10_000n).toString().padStart(4, '0')}`;
}

function failuresData(rows: readonly FailureCount[], currency: string): Data[] {
  return rows.map(({ failure_code, rail, count, amount_minor }) => ({
    code: failure_code,
    rail,
    count: Number(count),
    amount: formatAmount(amount_minor, currency),
  }));
}

function railsData(rows: readonly RailCount[], currency: string): Data[] {
  const byRail = new Map<string, { count: bigint; amount_minor: bigint; paid: bigint; proven: bigint }>();
  for (const row of rows) {
    const sums = byRail.get(row.rail) ?? { count: 0n, amount_minor: 0n, paid: 0n, proven: 0n };
    sums.count += row.count;
    sums.amount_minor += row.amount_minor;
    if (row.state === 'paid') sums.paid += row.count;
    if (row.state === 'paid' || row.state === 'failed' || row.state === 'returned') sums.proven += row.count;
    byRail.set(row.rail, sums);
  }
  return [...byRail].map(([rail, sums]) => ({
    rail,
    count: Number(sums.count),
    amount: formatAmount(sums.amount_minor, currency),
    paid: Number(sums.paid),
    not_paid: Number(sums.proven - sums.paid),
  }));
}

function viewOf(
  batch: BatchRow,
  data: Data,
  counts: readonly StateCount[],
  parts: { failures: Data[]; byRail: Data[]; approvals: Data[] },
): NonNullable<Outcome['view']> {
  const right = 'right' as const;
  const states = counts.map((row) => ({
    state: row.state,
    rows: Number(row.count),
    amount: formatAmount(row.amount_minor, batch.currency),
  }));
  const tables: TableView[] = [
    {
      title: 'States',
      columns: [{ key: 'state' }, { key: 'rows', align: right }, { key: 'amount', align: right }],
      rows: states,
    },
    {
      title: 'Rails',
      columns: [
        { key: 'rail' },
        { key: 'count', title: 'rows', align: right },
        { key: 'amount', align: right },
        { key: 'paid', align: right },
        { key: 'not_paid', align: right },
      ],
      rows: parts.byRail,
    },
    {
      title: 'Failed and returned',
      columns: [
        { key: 'code' },
        { key: 'rail' },
        { key: 'count', title: 'rows', align: right },
        { key: 'amount', align: right },
      ],
      rows: parts.failures,
    },
    {
      title: 'Approvals',
      columns: [{ key: 'actor' }, { key: 'approved_at' }, { key: 'valid' }, { key: 'void_reason' }],
      rows: parts.approvals,
    },
  ];
  const cancelled = batch.cancelled_at === null ? '' : `, cancelled ${batch.cancelled_at}`;
  const rate =
    data.success_rate === null ? 'nothing proven yet' : `success rate ${String(data.success_rate)}`;
  return [
    `${batch.name}: ${String(data.amount)} ${batch.currency} in ${String(data.rows)} rows through ${batch.provider}, ${rate}${cancelled}`,
    `digest ${batch.digest}\nfrom ${batch.file_name}, imported ${batch.imported_at} by ${batch.imported_by}, booked on ${batch.account}`,
    ...tables.filter((table) => table.rows.length > 0),
  ];
}
