import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { resolvePayout } from '../../operations/decide-payout.ts';
import { argument, text, type Verb } from '../command.ts';
import { decisionBy } from './decision.ts';
import { payoutItem } from './item.ts';

const OUTCOMES = ['paid', 'failed', 'returned'] as const;

export const verb: Verb = {
  name: 'payout resolve',
  summary: 'Settle an unknown or held payout by a person’s word',
  effect: 'writes',
  arguments: [{ name: '<reference>', description: 'the payout’s reference_id' }],
  options: [
    { flags: '--as <outcome>', description: 'paid, failed or returned', choices: OUTCOMES, required: true },
    { flags: '--reason <text>', description: 'what shows it', required: true },
    { flags: '--utr <utr>', description: 'the rail’s reference, where it is known' },
    { flags: '--on <date>', description: 'the day on which it happened (default: today)' },
  ],
  examples: [
    'payrun payout resolve salary-nov-000007 --as paid --utr 431200000007 --reason "bank confirmed by mail"',
  ],
  async run(context, input) {
    const outcome = OUTCOMES.find((each) => each === text(input, 'as'));
    const on = text(input, 'on') ?? null;
    if (!outcome)
      throw new PayrunError('usage', 'option_invalid', 'Say --as paid, --as failed or --as returned.');
    if (on !== null && (!/^\d{4}-\d{2}-\d{2}$/.test(on) || Number.isNaN(Date.parse(on)))) {
      throw new PayrunError('usage', 'option_invalid', `--on is "${on}"; write a day such as 2026-11-21.`);
    }
    const decision = await decisionBy(context, argument(input, 0));
    if (on !== null && on > dayIn(decision.rules.time_zone, decision.at))
      throw new PayrunError('usage', 'option_invalid', `--on is ${on}, a day that has not come yet.`);
    const payout = await resolvePayout(decision, argument(input, 0), {
      as: outcome,
      reason: text(input, 'reason') ?? '',
      utr: text(input, 'utr')?.toUpperCase().replaceAll(' ', '') ?? null,
      on,
    });
    return { data: await payoutItem(decision.database, payout.id) };
  },
};
