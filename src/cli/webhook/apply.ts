import { FINDING_STATES } from '../../domain/payout/payout.ts';
import {
  type AppliedWebhooks,
  applyWebhookFile,
  rehearseWebhookFile,
} from '../../operations/apply-webhook-file.ts';
import { webhookFormat } from '../../providers/registry.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { EXIT, type ExitCode, worstOf } from '../exit-codes.ts';
import { readInputFile } from '../input-file.ts';
import { bookRules, stoppedAt, warnStopped } from '../submission.ts';

export const verb: Verb = {
  name: 'webhook apply',
  summary: 'Look into events from a file, such as ones that were missed',
  effect: 'writes',
  arguments: [{ name: '<file>', description: 'one event in JSON, or one a line; - for standard input' }],
  options: [{ flags: '--provider <name>', description: 'whose events they are (default: the only one)' }],
  examples: ['payrun webhook apply event.json', 'payrun webhook apply missed.ndjson --provider nxt'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const { world } = context;
  const settings = await context.providerConfig(text(input, 'provider'));
  const file = await readInputFile(context, argument(input, 0));
  const asking = {
    database: await context.ledger(),
    provider: await context.provider(settings.name),
    actor: context.actor,
    rules: await bookRules(context, settings),
    concurrency: settings.concurrency,
    now: () => world.now().toISOString(),
    sleep: (ms: number, signal?: AbortSignal) => world.sleep(ms, signal),
    stop: context.stop,
  };
  const format = webhookFormat(settings.kind);
  if (context.flags.dry_run) {
    const { events, applied, unchanged, unknown } = await rehearseWebhookFile(asking, format, file);
    return { data: { file: file.name, events, applied, unchanged, unknown } };
  }
  const report = await applyWebhookFile(asking, format, file);
  warnStopped(context, stoppedAt(report.stopped, settings));
  const remark = (reference: string, words: string) =>
    context.warn({ code: 'event_remark', message: `${reference}: ${words}.` });
  for (const { reference_id, note } of report.settled) if (note !== null) remark(reference_id, note);
  if (report.stopped === null)
    for (const { reference_id, reason } of report.reasons) remark(reference_id, reason);
  const { events, applied, unchanged, unknown } = report;
  return {
    data: { file: file.name, events, applied, unchanged, unknown },
    exit: exitOf(report, context),
    ...(report.left === 0
      ? {}
      : { next: `${report.left} events are kept and not settled: run the same command again.` }),
  };
}

/** Findings are what these events led to, as for a sync; an event that is not settled stays open. */
function exitOf({ settled, left, stopped }: AppliedWebhooks, context: Context): ExitCode {
  const codes: ExitCode[] = [EXIT.done];
  if (settled.some(({ before, after }) => before !== after && FINDING_STATES.has(after)))
    codes.push(EXIT.findings);
  if (left > 0) codes.push(EXIT.open);
  if (stopped !== null) codes.push(EXIT.provider);
  if (context.stop.aborted)
    codes.push(context.stop.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
  return worstOf(codes);
}
