/** Where a batch stands, as `batch submit`, `show` and `cancel` say it: these fields, in this order. */
import { formatAmount } from '../../domain/money/money.ts';
import { PAYOUT_STATES } from '../../domain/payout/payout.ts';
import type { BatchRow, StateCount } from '../../store/batches.ts';
import type { Data } from '../command.ts';

/** Only states that have rows, in the order of a payout's life; they sum to the batch's rows. */
export function countsOf(counts: readonly StateCount[]): Record<string, number> {
  return Object.fromEntries(inOrder(counts).map((row) => [row.state, Number(row.count)]));
}

export function amountsOf(counts: readonly StateCount[], currency: string): Record<string, string> {
  return Object.fromEntries(
    inOrder(counts).map((row) => [row.state, formatAmount(row.amount_minor, currency)]),
  );
}

function inOrder(counts: readonly StateCount[]): StateCount[] {
  return PAYOUT_STATES.flatMap((state) => counts.filter((row) => row.state === state));
}

export function standingOf(batch: BatchRow, counts: readonly StateCount[]): Data {
  return {
    batch: batch.name,
    provider: batch.provider,
    digest: batch.digest,
    rows: Number(batch.row_count),
    amount: formatAmount(batch.amount_minor, batch.currency),
    currency: batch.currency,
    states: countsOf(counts),
    amounts: amountsOf(counts, batch.currency),
  };
}
