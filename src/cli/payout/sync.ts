import { PayrunError } from '../../domain/errors.ts';
import { FINDING_STATES, OPEN_STATES, type PayoutState } from '../../domain/payout/payout.ts';
import { syncPayouts } from '../../operations/sync-payouts.ts';
import { addCounts, countUnusable, emptySync, type SyncReport } from '../../operations/sync-report.ts';
import { batchByName } from '../../store/batches.ts';
import { batchesInDoubt } from '../../store/submission.ts';
import type { Context, Input, Outcome, Verb } from '../command.ts';
import { text } from '../command.ts';
import { type ProviderConfig, parseDuration } from '../config.ts';
import { EXIT, type ExitCode, worstOf } from '../exit-codes.ts';
import { bookRules, stoppedAt, warnStopped } from '../submission.ts';
import { outagePatience, PAUSE_PATIENCE_MS, timeLimit } from '../waiting.ts';

// `--wait` without a time: longer than any payout but one over a long weekend stays open.
const WAIT_FOR_EVER_MS = 7 * 86_400_000;
const FIRST_POLL_MS = 250;
const SLOWEST_POLL_MS = 10_000;

export const verb: Verb = {
  name: 'payout sync',
  summary: 'Ask the provider about every payout that is not final',
  effect: 'writes',
  options: [
    { flags: '--provider <name>', description: 'only this provider (default: every one configured)' },
    { flags: '--batch <name>', description: 'only the payouts of this batch' },
    {
      flags: '--older-than <duration>',
      description: 'only payouts that have not changed for so long (2m, 1h)',
    },
    { flags: '--wait [duration]', description: 'ask again until nothing is open or the time is up' },
  ],
  examples: ['payrun payout sync', 'payrun payout sync --batch salary-nov --wait 10m'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const wait = durationOf(input.options.wait, '--wait');
  const olderThan = durationOf(input.options.olderThan, '--older-than');
  const database = await context.ledger();
  const batchName = text(input, 'batch');
  const batch = batchName === undefined ? undefined : await batchByName(database, batchName);
  if (batchName !== undefined && !batch)
    throw new PayrunError('failed', 'batch_unknown', `There is no batch ${batchName}.`);
  const total = emptySync();
  context.progress.start('Asking', null);
  for (const settings of await providersToAsk(context, text(input, 'provider') ?? batch?.provider)) {
    const report = await follow(context, settings, batch?.id ?? null, olderThan, wait);
    add(total, { ...report, stopped: stoppedAt(report.stopped, settings) });
  }
  await context.progress.end();
  warnStopped(context, total.stopped);
  warnForeign(context, total.foreign);
  // Where nobody answered, that is what has to be heard.
  if (total.stopped === null) warnUnusable(context, total.unusable);
  const { asked, changed, states } = total;
  const data = { asked, changed, unusable: total.unusable.count, states };
  const next = nextStep(total, batchName, await batchesInDoubt(database));
  return { data, exit: exitOf(total, context), ...(next === null ? {} : { next }) };
}

/** The last line, where something is left to ask about. */
function nextStep(report: SyncReport, batch: string | undefined, inDoubt: readonly string[]): string | null {
  const ofBatch = batch === undefined ? '' : ` --batch ${batch}`;
  const [found] = [...FINDING_STATES].filter((state) => (report.reached[state] ?? 0) > 0);
  if (found !== undefined) {
    const counts = [...FINDING_STATES].flatMap((state) =>
      report.reached[state] ? [`${report.reached[state]} ${state}`] : [],
    );
    return `Newly ${counts.join(', ')}. See them with: payrun payout list --state ${found}${ofBatch}`;
  }
  const begun = (report.states.submitting ?? 0) + (report.states.unknown ?? 0);
  if (begun > 0 && begun === openOf(report)) {
    return `${begun} may or may not have been sent. Settle that with: payrun batch submit ${batch ?? inDoubt[0]} --yes (nothing is paid twice)`;
  }
  const open = openOf(report);
  if (open === 0) return null;
  const again = batch === undefined ? 'payrun payout sync' : `payrun payout sync --batch ${batch}`;
  return `${open} are still open. Go on following them with: ${again} --wait`;
}

function openOf(report: SyncReport): number {
  return [...OPEN_STATES].reduce((sum, state) => sum + (report.states[state] ?? 0), 0);
}

function durationOf(option: Input['options'][string], flagName: string): number | null {
  if (option === undefined || option === false) return null;
  if (option === true) return WAIT_FOR_EVER_MS;
  const duration = typeof option === 'string' ? parseDuration(option) : null;
  if (duration !== null) return duration;
  throw new PayrunError(
    'usage',
    'option_invalid',
    `${flagName} is "${String(option)}"; write a duration such as 90s, 2m or 1h.`,
  );
}

async function providersToAsk(context: Context, name: string | undefined): Promise<ProviderConfig[]> {
  const config = await context.config();
  if (name !== undefined || Object.keys(config.providers).length === 0)
    return [await context.providerConfig(name)];
  return Object.values(config.providers);
}

async function follow(
  context: Context,
  settings: ProviderConfig,
  batchId: bigint | null,
  olderThan: number | null,
  wait: number | null,
): Promise<SyncReport> {
  const { world } = context;
  const limit = wait === null ? null : timeLimit(context.stop, wait);
  const patience = outagePatience(() => world.monotonicMs());
  const sync = {
    database: await context.ledger(),
    provider: await context.provider(settings.name, wait ?? PAUSE_PATIENCE_MS),
    actor: context.actor,
    rules: await bookRules(context, settings),
    concurrency: settings.concurrency,
    now: () => world.now().toISOString(),
    sleep: (ms: number, signal?: AbortSignal) => world.sleep(ms, signal),
    stop: limit?.signal ?? context.stop,
    onProgress: (asked: number, all: number) =>
      context.progress.update({ done: asked, counts: { open: all } }),
  };
  const until = world.monotonicMs() + (wait ?? 0);
  const sum = emptySync();
  const concerned = new Set<bigint>();
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 1.5, SLOWEST_POLL_MS)) {
    const before = olderThan === null ? null : new Date(world.now().getTime() - olderThan).toISOString();
    const report = await syncPayouts(sync, { batch_id: batchId, updated_before: before }, concerned);
    sum.asked = Math.max(sum.asked, report.asked);
    sum.changed += report.changed;
    sum.unusable = report.unusable;
    addCounts(sum.reached, report.reached);
    sum.foreign.push(...report.foreign);
    sum.states = report.states;
    sum.stopped = report.stopped;
    const open = Object.keys(report.states).some((state) => OPEN_STATES.has(state as PayoutState));
    const left = until - world.monotonicMs();
    const goesOn = patience.bears(report.stopped) && !context.stop.aborted && left > 0;
    if (!goesOn || (!open && !report.stopped)) {
      limit?.end();
      return sum;
    }
    await world.sleep(Math.min(pause, left), context.stop);
  }
}

function add(total: SyncReport, report: SyncReport): void {
  total.asked += report.asked;
  total.changed += report.changed;
  countUnusable(total, report.unusable);
  addCounts(total.reached, report.reached);
  total.foreign.push(...report.foreign);
  addCounts(total.states, report.states);
  total.stopped ??= report.stopped;
}

function warnUnusable(context: Context, { count, first }: SyncReport['unusable']): void {
  if (count === 0) return;
  const shown = first.map(({ reference_id, reason }) => `${reference_id} (${reason})`).join(', ');
  const more = count > first.length ? ` and ${count - first.length} more` : '';
  const message = `Of ${count} payouts the provider said nothing that can be used, and they stay as they were: ${shown}${more}. \`payrun payout explain REF\` has each; ask the provider about them.`;
  context.warn({ code: 'answers_unusable', message });
}

function warnForeign(context: Context, references: readonly string[]): void {
  if (references.length === 0) return;
  const shown = references.slice(0, 5).join(', ');
  const more = references.length > 5 ? ` and ${references.length - 5} more` : '';
  const message = `The provider has ${references.length} payouts that this ledger does not know: ${shown}${more}. What was lost with the old ledger has to be there first: import its batches again under their names, run \`payrun beneficiary verify\`, then this again. Nothing under these references is sent.`;
  context.warn({ code: 'payouts_foreign', message });
}

/** What it found changed to failed, held or returned is a finding; what is open stays open. */
function exitOf(report: SyncReport, context: Context): ExitCode {
  const codes: ExitCode[] = [EXIT.done];
  if (Object.keys(report.reached).some((state) => FINDING_STATES.has(state as PayoutState)))
    codes.push(EXIT.findings);
  if (report.foreign.length > 0) codes.push(EXIT.findings);
  if (Object.keys(report.states).some((state) => OPEN_STATES.has(state as PayoutState)))
    codes.push(EXIT.open);
  if (report.stopped) codes.push(EXIT.provider);
  if (context.stop.aborted)
    codes.push(context.stop.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
  return worstOf(codes);
}
