import { formatAmount } from '../../domain/money/money.ts';
import {
  type ApprovalPolicy,
  approvalsRequired,
  asksForApproval,
} from '../../domain/payout/approval-policy.ts';
import type { PayoutState } from '../../domain/payout/payout.ts';
import { currentContent } from '../../operations/batch-digest.ts';
import { countOf, type JudgedApproval, judgedApprovals } from '../../operations/valid-approvals.ts';
import {
  type BatchRow,
  type FailureCount,
  failuresOfBatch,
  type RailCount,
  railsOfBatch,
  type StateCount,
  statesOfBatches,
} from '../../store/batches.ts';
import type { Database } from '../../store/database.ts';
import {
  argument,
  type Context,
  type Data,
  type Input,
  type Outcome,
  type TableView,
  type Verb,
} from '../command.ts';
import { counted } from '../output/counted.ts';
import { findBatch } from './find-batch.ts';
import { nextStep } from './next-step.ts';
import { countsOf, standingOf } from './standing.ts';

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
  const { required, judged } = await approvalsOfBatch(
    database,
    batch,
    (await context.config()).approval,
    context.world.now().toISOString(),
  );
  const approvals = judged.map(({ approver, approved_at, signed_statement, expires_at, void_because }) => ({
    actor: approver,
    approved_at,
    signed: signed_statement !== null,
    expires_at,
    valid: void_because === null,
    void_reason: void_because,
  }));
  const data: Data = {
    ...standingOf(batch, counts),
    success_rate: successRate(counts),
    failures,
    by_rail: byRail,
    approvals_required: required,
    approvals_valid: countOf(judged),
    approvals,
    account: batch.account,
    file: batch.file_name,
    file_sha256: batch.file_sha256,
    imported_at: batch.imported_at,
    imported_by: batch.imported_by,
    cancelled_at: batch.cancelled_at,
  };
  const lacking = required - countOf(judged);
  const next =
    lacking > 0 && counts.some(({ state }) => state === 'draft')
      ? `It needs ${counted(lacking, 'more approval', 'more approvals')}: payrun batch approve ${batch.name}`
      : nextStep(batch.name, countsOf(counts), null);
  return {
    data,
    view: viewOf(batch, data, counts, { failures, byRail, approvals }),
    ...(next === null ? {} : { next }),
  };
}

/** Where no approval is asked for, the batch's own record is believed, and its rows are not read. */
async function approvalsOfBatch(
  database: Database,
  batch: BatchRow,
  policy: ApprovalPolicy,
  now: string,
): Promise<{ required: number; judged: JudgedApproval[] }> {
  const content = asksForApproval(policy)
    ? await currentContent(database, batch.id)
    : { ...batch, row_count: Number(batch.row_count) };
  const required = approvalsRequired(policy, content);
  return { required, judged: await judgedApprovals(database, batch, content, policy, now) };
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

/** `0.6666` → `66.66 %`. */
function percent(rate: string): string {
  const hundredths = rate.replace('.', '').replace(/^0+(?=\d{3})/, '');
  return `${hundredths.slice(0, -2)}.${hundredths.slice(-2)} %`;
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
    currency: batch.currency,
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
      rows: parts.byRail.map((row) => ({ ...row, currency: batch.currency })),
    },
    {
      title: 'Failed and returned',
      columns: [
        { key: 'code' },
        { key: 'rail' },
        { key: 'count', title: 'rows', align: right },
        { key: 'amount', align: right },
      ],
      rows: parts.failures.map((row) => ({ ...row, currency: batch.currency })),
    },
    {
      title: 'Approvals',
      columns: [
        { key: 'actor' },
        { key: 'approved_at' },
        { key: 'signed' },
        { key: 'expires_at' },
        { key: 'valid' },
        { key: 'void_reason' },
      ],
      rows: parts.approvals,
    },
  ];
  const cancelled = batch.cancelled_at === null ? '' : `, cancelled ${batch.cancelled_at}`;
  const rate =
    data.success_rate === null ? 'nothing proven yet' : `success rate ${percent(String(data.success_rate))}`;
  return [
    `${batch.name}: ${String(data.amount)} ${batch.currency} in ${counted(Number(data.rows), 'row', 'rows')} through ${batch.provider}, ${rate}${cancelled}`,
    ...(Number(data.approvals_required) === 0
      ? []
      : [`${String(data.approvals_valid)} of ${String(data.approvals_required)} approvals that it needs`]),
    `digest ${batch.digest}\nfrom ${batch.file_name}, imported ${batch.imported_at} by ${batch.imported_by}, booked on ${batch.account}`,
    ...tables.filter((table) => table.rows.length > 0),
  ];
}
