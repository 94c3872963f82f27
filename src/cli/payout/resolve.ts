import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { resolvePayout } from '../../operations/decide-payout.ts';
import { resolveMalformed } from '../../operations/resolve-malformed.ts';
import { findBatch } from '../batch/find-batch.ts';
import { argument, type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { dayFlag } from '../ledger/flags.ts';
import { bookRules } from '../submission.ts';
import { decisionBy } from './decision.ts';
import { onePayout, payoutItem } from './item.ts';

const OUTCOMES = ['paid', 'failed', 'returned'] as const;

export const verb: Verb = {
  name: 'payout resolve',
  summary: 'Settle an unknown or held payout by a person’s word',
  effect: 'writes',
  arguments: [{ name: '[reference]', description: 'the payout’s reference_id' }],
  options: [
    { flags: '--as <outcome>', description: 'paid, failed or returned', choices: OUTCOMES, required: true },
    { flags: '--reason <text>', description: 'what shows it', required: true },
    {
      flags: '--batch <name>',
      description:
        'every row that is held because the provider called its request malformed, as failed, where the provider does not know it',
    },
    { flags: '--utr <utr>', description: 'the rail’s reference, where it is known' },
    { flags: '--on <date>', description: 'the day on which it happened (default: today)' },
  ],
  examples: [
    'payrun payout resolve salary-nov-000007 --as paid --utr 431200000007 --reason "bank confirmed by mail"',
    'payrun payout resolve --batch salary-nov --as failed --reason "the provider had our account misconfigured"',
  ],
  async run(context, input) {
    const outcome = OUTCOMES.find((each) => each === text(input, 'as'));
    if ((text(input, 'batch') === undefined) === (typeof input.args[0] !== 'string')) {
      throw new PayrunError(
        'usage',
        'usage',
        'Name one payout, or say --batch NAME for what the provider called malformed in a batch.',
      );
    }
    if (text(input, 'batch') !== undefined) return resolveBatch(context, input);
    const on = await dayFlag(context, input, 'on');
    if (!outcome)
      throw new PayrunError('usage', 'option_invalid', 'Say --as paid, --as failed or --as returned.');
    const { decision, reference } = await decisionBy(context, argument(input, 0));
    if (on !== null && on > dayIn(decision.rules.time_zone, decision.at))
      throw new PayrunError('usage', 'option_invalid', `--on is ${on}, a day that has not come yet.`);
    const payout = await resolvePayout(decision, reference, {
      as: outcome,
      reason: text(input, 'reason') ?? '',
      utr: text(input, 'utr')?.toUpperCase().replaceAll(' ', '') ?? null,
      on,
    });
    return onePayout(await payoutItem(decision.database, payout.id));
  },
};

/** One word for all rows that were refused for the same cause; what may have been paid stays held. */
async function resolveBatch(context: Context, input: Input): Promise<Outcome> {
  if (text(input, 'as') !== 'failed' || text(input, 'utr') !== undefined || text(input, 'on') !== undefined) {
    throw new PayrunError('usage', 'usage', 'With --batch say --as failed, and neither --utr nor --on.', {
      hint: 'What was paid or returned is settled one by one: payrun payout resolve REF.',
    });
  }
  const database = await context.ledger();
  const batch = await findBatch(database, text(input, 'batch') ?? '');
  const settings = await context.providerConfig(batch.provider);
  const { world, actor, stop } = context;
  const asking = {
    database,
    provider: await context.provider(settings.name),
    actor,
    rules: await bookRules(context, settings),
    concurrency: settings.concurrency,
    now: () => world.now().toISOString(),
    sleep: (ms: number, signal?: AbortSignal) => world.sleep(ms, signal),
    stop,
  };
  const { resolved, left } = await resolveMalformed(asking, batch.id, text(input, 'reason') ?? '');
  const items: Data[] = [];
  for (const id of resolved) items.push(await payoutItem(database, id));
  for (const { reference_id, reason } of left.slice(0, 5))
    context.warn({ code: 'left_held', message: `${reference_id} stays held: ${reason}.` });
  if (left.length > 5) context.warn({ code: 'left_held', message: `${left.length - 5} more stay held.` });
  return {
    data: { resolved: resolved.length, left: left.map((each) => ({ ...each })), items },
    exit: stop.aborted
      ? stop.reason === 'SIGTERM'
        ? EXIT.terminated
        : EXIT.interrupted
      : left.length > 0
        ? EXIT.findings
        : EXIT.done,
    next:
      resolved.length > 0
        ? `${resolved.length} are failed by your word. To pay them again, import their rows under a new batch name.`
        : 'Nothing was changed.',
  };
}
