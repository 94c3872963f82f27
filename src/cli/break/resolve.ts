import { PayrunError } from '../../domain/errors.ts';
import { isAccountName } from '../../domain/ledger/account.ts';
import { DEFAULT_REASONS } from '../../domain/reconciliation/break.ts';
import { BOOK_RULES } from '../../domain/reconciliation/break-entry.ts';
import { type Booking, resolveChosen } from '../../operations/resolve-break.ts';
import type { BreakRow } from '../../store/breaks.ts';
import { argumentList, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { dayFlag } from '../ledger/flags.ts';
import { nextStep } from '../next-step.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { counted, DECIDED_VIEW, decidedItem } from './break-item.ts';
import { choiceOf, FILTER_OPTIONS } from './choice.ts';
import { noteOf } from './note.ts';

// Nobody has said that a bank's taxes come back, and it takes its charges from the account.
const OF_AN_ACCOUNT = { fees: 'deducted', tax: 'expense' } as const;

export const verb: Verb = {
  name: 'break resolve',
  summary: 'Explain a difference',
  effect: 'writes',
  arguments: [{ name: '[break...]', description: 'numbers, as `break list` shows them; or a filter' }],
  options: [
    {
      flags: '--reason <code>',
      description: `why it needs no more work: ${DEFAULT_REASONS.join(', ')}, or what [breaks] reasons names`,
      required: true,
    },
    { flags: '--note <text>', description: 'in your own words, for who reads it later' },
    ...FILTER_OPTIONS,
    {
      flags: '--book <rule>',
      description: 'book the difference too: write-off, fee or return',
      choices: BOOK_RULES,
    },
    { flags: '--on <date>', description: 'the day on which it is booked (default: today)' },
  ],
  examples: [
    'payrun break resolve 15 --reason fee_agreed --note "new tariff since 1 November"',
    'payrun break resolve 16 --reason written_off --book write-off',
    "payrun break resolve --kind fee_differs --where 'amount<1' --reason fee_agreed --book fee --dry-run",
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const config = await context.config();
  const { reasons } = config.breaks;
  const reason = text(input, 'reason') ?? '';
  if (!reasons.includes(reason)) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--reason is "${reason}"; known: ${reasons.join(', ')}.`,
      {
        hint: 'Other reasons are named in payrun.toml: [breaks] reasons.',
      },
    );
  }
  const terms = comparisonTerms(context, config);
  const choice = await choiceOf(context, input, terms);
  const resolution = { reason, note: noteOf(input), booking: await bookingOf(context, input, terms.today) };
  const { actor, world } = context;
  const rows = await resolveChosen(
    { database: await context.ledger(), actor, now: () => world.now().toISOString() },
    choice,
    resolution,
  );
  const itemOf = (row: BreakRow) => decidedItem(row, terms.today, terms.calendar);
  const [only] = rows;
  if (only && argumentList(input, 0).length === 1) return { data: itemOf(only), ...nextStep(context) };
  const items = rows.map(itemOf);
  const entries = rows.filter(({ entry_id }) => entry_id !== null).length;
  const done = context.flags.dry_run ? 'would be resolved' : 'resolved';
  return {
    data: { resolved: rows.length, booked: entries, items },
    view: [
      `${counted(rows.length)} ${done}${entries === 0 ? '' : `, ${entries} of them booked`}.`,
      ...(items.length === 0 ? [] : [{ columns: DECIDED_VIEW, rows: items }]),
    ],
    ...nextStep(context),
  };
}

async function bookingOf(context: Context, input: Input, today: string): Promise<Booking | null> {
  const rule = BOOK_RULES.find((each) => each === text(input, 'book'));
  const on = (await dayFlag(context, input, 'on')) ?? today;
  if (rule === undefined) {
    if (text(input, 'on') === undefined) return null;
    throw new PayrunError(
      'usage',
      'option_invalid',
      '--on is the day of an entry, and no --book says which.',
    );
  }
  const { breaks, ledger, providers } = await context.config();
  return {
    rule,
    on,
    write_off_account: breaks.write_off_account,
    payout_account: ledger.payout_account,
    feesOf: (provider) => {
      const settings = isAccountName(provider) ? OF_AN_ACCOUNT : providers[provider];
      if (settings) return settings;
      throw new PayrunError(
        'usage',
        'provider_unknown',
        `There is no provider "${provider}" in payrun.toml.`,
        {
          hint: 'Its section says how fees and taxes are booked.',
        },
      );
    },
  };
}
