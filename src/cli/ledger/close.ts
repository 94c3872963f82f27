import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import { type CloseReport, closeLedger, currencyToClose, isWhole } from '../../operations/close-ledger.ts';
import { handEntriesOn } from '../../store/provider-standing.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { dayFlag, today } from './flags.ts';

export const verb: Verb = {
  name: 'ledger close',
  summary: 'Prove a provider’s balance at the end of a day and book nothing on it any more',
  effect: 'writes',
  options: [
    { flags: '--through <day>', description: 'the last day that is closed', required: true },
    { flags: '--provider <name>', description: 'whose accounts (default: the only provider)' },
    {
      flags: '--balance <amount>',
      description: 'what the provider states as available at the end of that day',
      required: true,
    },
    { flags: '--currency <code>', description: 'of the balance (default: the only one in the accounts)' },
  ],
  examples: ['payrun ledger close --through 2026-11-20 --provider nxt --balance 1250000.00'],
  columns: ['reference_id', 'amount', 'in_transit', 'currency', 'since'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const through = (await dayFlag(context, input, 'through')) ?? '';
  const now = await today(context);
  if (through > now) {
    const message = `--through is ${through}, and today is ${now}; a day that has not begun cannot be closed.`;
    throw new PayrunError('usage', 'option_invalid', message);
  }
  const { name: provider } = await context.providerConfig(text(input, 'provider'));
  const database = await context.ledger();
  const currency = await currencyToClose(database, provider, text(input, 'currency') ?? null);
  const stated = balanceOption(text(input, 'balance') ?? '', currency);
  const report = await closeLedger({
    database,
    actor: context.actor,
    at: context.world.now().toISOString(),
    provider,
    currency,
    through,
    balance_minor: stated,
  });
  if (report.closed && through === now) {
    const message = `${now} is not over; what is still booked for it counts as the day after.`;
    context.warn({ code: 'day_not_over', message });
  }
  const opened = await handEntriesOn(database, availableOf(provider));
  return outcome({ provider, through, currency, opened }, stated, report);
}

/** Like any amount; an available balance may be below zero. */
function balanceOption(written: string, currency: string): bigint {
  const negative = written.startsWith('-');
  const parsed = parseAmountOrZero(negative ? written.slice(1) : written, currency);
  if (parsed.ok) return negative ? -parsed.minor : parsed.minor;
  throw new PayrunError('usage', 'option_invalid', `--balance: ${parsed.message}`);
}

function outcome(
  closing: { provider: string; through: string; currency: string; opened: boolean },
  stated: bigint,
  report: CloseReport,
): Outcome {
  const { provider, through, currency, opened } = closing;
  const amount = (minor: bigint) => formatAmount(minor, currency);
  const figures = {
    balance: amount(stated),
    ledger_available: amount(report.available_minor),
    difference: amount(stated - report.available_minor),
    in_transit: amount(report.in_transit_minor),
    payouts_in_transit: amount(report.payouts_minor),
    in_transit_difference: amount(report.in_transit_minor - report.payouts_minor),
  };
  const items: Data[] = report.payouts.map((payout) => ({
    reference_id: payout.reference_id,
    amount: amount(payout.amount_minor),
    in_transit: amount(payout.in_transit_minor),
    currency,
    since: payout.since,
  }));
  const data: Data = { provider, through, currency, closed: report.closed, ...figures, items };
  const differing = report.payouts.filter((payout) => !isWhole(payout)).map((each) => each.reference_id);
  return {
    data,
    view: [
      report.closed
        ? `${provider} is closed through ${through}, in ${currency}.`
        : `${provider} is not closed: the figures for ${through} differ.`,
      {
        columns: [
          { key: 'of', title: '' },
          { key: 'stated', align: 'right' },
          { key: 'ledger', align: 'right' },
          { key: 'difference', align: 'right' },
        ],
        rows: [
          {
            of: 'available',
            stated: figures.balance,
            ledger: figures.ledger_available,
            difference: figures.difference,
          },
          {
            of: 'in transit',
            stated: figures.payouts_in_transit,
            ledger: figures.in_transit,
            difference: figures.in_transit_difference,
          },
        ],
      },
      ...(items.length === 0
        ? []
        : [
            {
              title: `In transit at the end of ${through}`,
              columns: ['reference_id', 'amount', 'in_transit', 'since'].map((key) => ({ key })),
              rows: items,
            },
          ]),
    ],
    exit: report.closed ? EXIT.done : EXIT.findings,
    ...(report.closed ? {} : { next: whatToDo(provider, through, differing, opened) }),
  };
}

function whatToDo(provider: string, through: string, differing: readonly string[], opened: boolean): string {
  if (differing.length > 0) {
    return `Nothing was closed. ${differing.slice(0, 3).join(', ')} was settled before the day it was sent on in the books; close a later day.`;
  }
  if (!opened) {
    return `Nothing was closed: the ledger starts at zero, and no opening balance was recorded on ${availableOf(provider)}. Record it with \`payrun ledger record\`, against equity:opening-balances.`;
  }
  return `Nothing was closed. See what moved: payrun ledger register ${availableOf(provider)} --until ${through}`;
}

function availableOf(provider: string): string {
  return `assets:providers:${provider}:available`;
}
