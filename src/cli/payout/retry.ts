import { PayrunError } from '../../domain/errors.ts';
import { formatGrouped } from '../../domain/money/money.ts';
import type { StoredPayout } from '../../domain/payout/stored-payout.ts';
import { retryPayouts } from '../../operations/retry-payouts.ts';
import type { Stopped } from '../../operations/submission.ts';
import { batchByName } from '../../store/batches.ts';
import { failedPayouts, payoutsById } from '../../store/payouts.ts';
import { refuseWhileLocked } from '../../store/runner.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { asRunner, exitOf, registerWith, warnStopped } from '../submission.ts';
import { findPayoutToDecide } from './find-payout.ts';
import { payoutItem } from './item.ts';

export const verb: Verb = {
  name: 'payout retry',
  summary: 'Make a new attempt for a payout that has provably failed',
  effect: 'pays',
  arguments: [{ name: '[reference]', description: 'the payout’s reference_id' }],
  options: [
    { flags: '--batch <name>', description: 'every failed payout of this batch' },
    { flags: '--code <code>', description: 'with --batch: only those that failed for this reason' },
  ],
  examples: [
    'payrun payout retry salary-nov-000007 --yes',
    'payrun payout retry --batch salary-nov --code beneficiary_bank_down --yes',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const payouts = await chosen(context, input);
  const database = await context.ledger();
  // What is not there now may be what the other is about to make of it.
  if (payouts.length === 0 && !context.flags.dry_run) await refuseWhileLocked(database);
  const stopped = payouts.length === 0 || context.flags.dry_run ? null : await retryAll(context, payouts);
  warnStopped(context, stopped);
  const after = [
    ...(
      await payoutsById(
        database,
        payouts.map((payout) => payout.id),
      )
    ).values(),
  ];
  const states: Record<string, number> = {};
  for (const payout of after) states[payout.state] = (states[payout.state] ?? 0) + 1;
  const items: Data[] = [];
  for (const payout of after) items.push(await payoutItem(database, payout.id));
  return { data: { retried: after.length, states, items }, exit: exitOf(states, stopped, context) };
}

async function chosen(context: Context, input: Input): Promise<StoredPayout[]> {
  const database = await context.ledger();
  const reference = typeof input.args[0] === 'string' ? input.args[0] : undefined;
  const batchName = text(input, 'batch');
  if ((reference === undefined) === (batchName === undefined)) {
    throw new PayrunError(
      'usage',
      'usage',
      'Name one payout, or say --batch NAME for all that failed in a batch.',
    );
  }
  if (reference !== undefined) {
    const { id } = await findPayoutToDecide(database, reference);
    return [...(await payoutsById(database, [id])).values()];
  }
  const batch = await batchByName(database, batchName ?? '');
  if (!batch) throw new PayrunError('failed', 'batch_unknown', `There is no batch ${batchName}.`);
  return failedPayouts(database, batch.id, text(input, 'code') ?? null);
}

async function retryAll(context: Context, payouts: readonly StoredPayout[]): Promise<Stopped | null> {
  const first = payouts[0] as StoredPayout;
  const sum = payouts.reduce((total, payout) => total + payout.amount_minor, 0n);
  await context.confirm(
    `Pay ${payouts.length} payouts again, ${formatGrouped(sum, first.currency)} ${first.currency}, through ${first.provider}?`,
  );
  const settings = await context.providerConfig(first.provider);
  const config = await context.config();
  const options = { on_low_balance: 'stop' as const, total: payouts.length };
  const report = await asRunner(context, settings, 'payout retry', options, (submission) =>
    retryPayouts(
      submission,
      payouts.map((payout) => payout.id),
      {
        register: registerWith(context, submission),
        holds: { unverified: config.beneficiaries.unverified },
        approval: config.approval,
      },
    ),
  );
  return report.stopped;
}
