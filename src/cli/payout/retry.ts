import { PayrunError } from '../../domain/errors.ts';
import { formatGrouped } from '../../domain/money/money.ts';
import type { StoredPayout } from '../../domain/payout/stored-payout.ts';
import { refuseState, retryPayouts } from '../../operations/retry-payouts.ts';
import type { Stopped } from '../../operations/submission.ts';
import { batchByName } from '../../store/batches.ts';
import type { Database } from '../../store/database.ts';
import { failedPayouts, payoutsById } from '../../store/payouts.ts';
import { refuseWhileLocked } from '../../store/runner.ts';
import { nextStep } from '../batch/next-step.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { counted } from '../output/counted.ts';
import { asRunner, exitOf, registerWith, stoppedAt, warnStopped } from '../submission.ts';
import { findPayoutToDecide } from './find-payout.ts';
import { payoutItem } from './item.ts';

// What a person wants to know of a new attempt: which one it is, and where it stands.
const RETRIED = [
  { key: 'reference_id' },
  { key: 'provider_reference', title: 'attempt', spare: true },
  { key: 'beneficiary_name' },
  { key: 'amount', align: 'right' as const },
  { key: 'currency' },
  { key: 'state' },
  { key: 'utr' },
  { key: 'failure_reason', title: 'reason' },
];

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
  if (context.flags.dry_run) return rehearsal(database, payouts);
  // What is not there now may be what the other is about to make of it.
  if (payouts.length === 0) await refuseWhileLocked(database);
  const stopped = payouts.length === 0 ? null : await retryAll(context, payouts);
  warnStopped(context, stopped);
  const { states, items } = await standing(database, payouts);
  return {
    data: { retried: items.length, states, items },
    view: viewOf(items),
    exit: exitOf(states, stopped, context),
    next: lastLine(items, states, text(input, 'batch')),
  };
}

async function standing(
  database: Database,
  payouts: readonly StoredPayout[],
): Promise<{ states: Record<string, number>; items: Data[] }> {
  const ids = payouts.map((payout) => payout.id);
  const states: Record<string, number> = {};
  const items: Data[] = [];
  for (const { id, state } of (await payoutsById(database, ids)).values()) {
    states[state] = (states[state] ?? 0) + 1;
    items.push(await payoutItem(database, id));
  }
  return { states, items };
}

/** Refuses what can be told without the provider, which is asked about each payout before it is paid again. */
async function rehearsal(database: Database, payouts: readonly StoredPayout[]): Promise<Outcome> {
  for (const payout of payouts) refuseState(payout);
  const { states, items } = await standing(database, payouts);
  const would = `${counted(items.length, 'payout', 'payouts')} would be paid again, once the provider confirms that nothing of it arrived`;
  return {
    data: { retried: items.length, states, items },
    view: viewOf(items),
    next:
      items.length === 0
        ? 'Dry run: there is nothing to pay again.'
        : `Dry run: nothing was sent. Without --dry-run, ${would}.`,
  };
}

function viewOf(items: readonly Data[]): NonNullable<Outcome['view']> {
  return items.length === 0 ? ['Nothing to pay again.'] : [{ columns: RETRIED, rows: items }];
}

/** The last line: of one payout by its reference, of several by their batch. */
function lastLine(items: readonly Data[], states: Data, batch: string | undefined): string {
  const [first] = items;
  if (first === undefined) return 'Only what has failed is paid again by its batch.';
  const of = String(first.batch);
  if (batch !== undefined || items.length > 1)
    return (
      nextStep(of, states, null) ?? `Every outcome is proven. See the batch with: payrun batch show ${of}`
    );
  const state = String(first.state);
  if (['draft', 'approved', 'submitting', 'unknown'].includes(state))
    return `It is ${state}. Go on with: payrun batch submit ${of} --yes (nothing is paid twice)`;
  if (state === 'pending') return `It is on its way. Follow it with: payrun payout sync --batch ${of} --wait`;
  return `It is ${state}. Its story: payrun payout explain ${first.reference_id}`;
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
    `Pay ${counted(payouts.length, 'payout', 'payouts')} again, ${formatGrouped(sum, first.currency)} ${first.currency}, through ${first.provider}?`,
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
  return stoppedAt(report.stopped, settings);
}
