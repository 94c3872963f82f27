/** What `batch submit` and `payout retry` share: the runner's lock, progress, and what the end of a run is told as. */
import { PayrunError } from '../domain/errors.ts';
import { FINDING_STATES, OPEN_STATES, type PayoutState } from '../domain/payout/payout.ts';
import { registerBeneficiaries } from '../operations/register-beneficiaries.ts';
import { createRetryBudget } from '../operations/retry-budget.ts';
import { settleDoubts } from '../operations/settle-doubts.ts';
import type { SendCounts, Stopped, Submission } from '../operations/submission.ts';
import { syncPayouts } from '../operations/sync-payouts.ts';
import { holdRunner } from '../store/runner.ts';
import type { Context } from './command.ts';
import type { ProviderConfig } from './config.ts';
import { EXIT, type ExitCode, worstOf } from './exit-codes.ts';
import { outagePatience, timeLimit } from './waiting.ts';

/** Runs `work` as the one runner of this ledger, and lets the lock go whatever happens. */
export async function asRunner<T>(
  context: Context,
  settings: ProviderConfig,
  command: string,
  options: { on_low_balance: 'stop' | 'skip'; total: number },
  work: (submission: Submission) => Promise<T>,
): Promise<T> {
  const { world, actor } = context;
  const database = await context.ledger();
  // Before anything that takes time: who meets another is told so at once.
  const runner = await holdRunner(database, {
    pid: world.pid,
    actor,
    command,
    since: world.now().toISOString(),
  });
  try {
    return await work({
      database,
      provider: await context.provider(settings.name),
      runner,
      actor,
      rules: await bookRules(context, settings),
      concurrency: settings.concurrency,
      on_low_balance: options.on_low_balance,
      budget: createRetryBudget(() => world.monotonicMs()),
      now: () => world.now().toISOString(),
      sleep: (ms, signal) => world.sleep(ms, signal),
      stop: context.stop,
      onWarning: toldOnce(context),
      onProgress: payingProgress(context, options.total),
    });
  } finally {
    await context.progress.end();
    runner.release();
  }
}

/** At once, since what follows may take hours, and again with the other warnings at the end. */
function toldOnce(context: Context): Submission['onWarning'] {
  const told = new Set<string>();
  return (warning) => {
    if (told.has(warning.code)) return;
    told.add(warning.code);
    context.progress.line(`warning: ${warning.message}`);
    context.warn(warning);
  };
}

/** Begun at the first outcome, so that the registrations before it have a line of their own. */
function payingProgress(context: Context, total: number): Submission['onProgress'] {
  let begun = false;
  return (counts) => {
    if (!begun) context.progress.start('Paying', total);
    begun = true;
    context.progress.update({ done: counts.sent, counts: shown(counts) });
  };
}

function shown(counts: SendCounts): Record<string, number> {
  return {
    accepted: counts.accepted,
    failed: counts.refused,
    unknown: counts.doubtful,
    held: counts.held,
    back: counts.back,
  };
}

export async function bookRules(context: Context, settings: ProviderConfig): Promise<Submission['rules']> {
  return { time_zone: (await context.config()).ledger.time_zone, fees: settings.fees, tax: settings.tax };
}

/** Registers with the provider, opening account numbers with the vault's key; answers why that stopped, or null. */
export function registerWith(
  context: Context,
  submission: Submission,
): (ids: readonly bigint[]) => Promise<Stopped | null> {
  return async (ids) => {
    context.progress.start('Registering beneficiaries', ids.length);
    const { stopped } = await registerBeneficiaries(
      {
        database: submission.database,
        vault: await context.vault(),
        provider: submission.provider,
        concurrency: submission.concurrency,
        now: submission.now,
        sleep: submission.sleep,
        stop: submission.stop,
        onProgress: (done) => context.progress.update({ done }),
      },
      ids,
      { ask_again: false },
    );
    await context.progress.end();
    return stopped;
  };
}

// Soon at first, since most payouts settle within seconds; then less often, as a person would look.
const FIRST_POLL_MS = 200;
const SLOWEST_POLL_MS = 5_000;
const FIRST_DOUBTS_MS = 1_000;
const SLOWEST_DOUBTS_MS = 60_000;

/** Asks about a batch until every outcome is proven, the time is up, or a signal comes. */
export async function followBatch(
  context: Context,
  submission: Submission,
  batchId: bigint,
  waitMs: number,
): Promise<Stopped | null> {
  context.progress.start('Following', null);
  const limit = timeLimit(context.stop, waitMs);
  try {
    return await followUntil(context, { ...submission, stop: limit.signal }, batchId, waitMs);
  } finally {
    limit.end();
  }
}

async function followUntil(
  context: Context,
  submission: Submission,
  batchId: bigint,
  waitMs: number,
): Promise<Stopped | null> {
  const { world } = context;
  const patience = outagePatience(() => world.monotonicMs());
  const until = world.monotonicMs() + waitMs;
  let doubtsAt = world.monotonicMs() + FIRST_DOUBTS_MS;
  let doubtsPause = FIRST_DOUBTS_MS;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, SLOWEST_POLL_MS)) {
    const synced = await syncPayouts(
      {
        database: submission.database,
        provider: submission.provider,
        actor: submission.actor,
        rules: submission.rules,
        concurrency: submission.concurrency,
        now: submission.now,
        sleep: submission.sleep,
        stop: submission.stop,
        onProgress: (asked, total) => context.progress.update({ done: asked, counts: { open: total } }),
      },
      { batch_id: batchId, updated_before: null },
    );
    const open = (['submitting', 'pending', 'unknown'] as const).some(
      (state) => (synced.states[state] ?? 0) > 0,
    );
    const left = until - world.monotonicMs();
    const goesOn = patience.bears(synced.stopped) && !context.stop.aborted && left > 0;
    if (!goesOn || (!open && !synced.stopped)) return synced.stopped;
    // Settling a doubt may send the same bytes again: patiently, since a slow provider has them already.
    if ((synced.states.unknown ?? 0) > 0 && world.monotonicMs() >= doubtsAt) {
      doubtsPause = Math.min(doubtsPause * 2, SLOWEST_DOUBTS_MS);
      doubtsAt = world.monotonicMs() + doubtsPause;
      const doubts = await settleDoubts(submission);
      if (!patience.bears(doubts.stopped)) return doubts.stopped;
    }
    await world.sleep(Math.min(pause, left), context.stop);
  }
}

/** The exit code of a batch whose rows stand so, after a run that ended so. */
export function exitOf(
  states: Partial<Record<PayoutState, number>>,
  stopped: Stopped | null,
  context: Context,
): ExitCode {
  const codes: ExitCode[] = [EXIT.done];
  for (const state of Object.keys(states) as PayoutState[]) {
    if (OPEN_STATES.has(state)) codes.push(EXIT.open);
    if (FINDING_STATES.has(state)) codes.push(EXIT.findings);
  }
  if (stopped) codes.push(stopped.code === 'interrupted' ? EXIT.open : EXIT.provider);
  if (context.stop.aborted)
    codes.push(context.stop.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
  return worstOf(codes);
}

/** With who does not answer, where a reason speaks of a connection or an answer alone. */
export function stoppedAt<T extends Stopped | null>(stopped: T, { name, base_url }: ProviderConfig): T {
  if (stopped?.code !== 'provider_unreachable' && stopped?.code !== 'provider_credentials') return stopped;
  return { ...stopped, reason: `${stopped.reason.replace(/\.$/, '')}: ${name} at ${base_url}` };
}

export function warnStopped(context: Context, stopped: Stopped | null): void {
  if (stopped) context.warn({ code: stopped.code, message: sentence(stopped.reason) });
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}

/** A whole number of at least one, from an option. */
export function positiveInteger(value: string | undefined, flag: string): number | null {
  if (value === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new PayrunError(
    'usage',
    'option_invalid',
    `${flag} is "${value}"; write a whole number of at least 1.`,
  );
}
