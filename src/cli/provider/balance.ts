import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import { explainBalance } from '../../operations/explain-balance.ts';
import { providerError } from '../../operations/provider-trouble.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';

export const verb: Verb = {
  name: 'provider balance',
  summary: 'Show the provider’s balance beside the ledger’s',
  effect: 'reads',
  arguments: [{ name: '[provider]', description: 'its name in payrun.toml (default: the only one)' }],
  options: [{ flags: '--min <amount>', description: 'exit 5 where less than this is available' }],
  examples: ['payrun provider balance nxt', 'payrun provider balance nxt --min 500000.00'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const settings = await context.providerConfig(argument(input, 0) || undefined);
  const min = text(input, 'min');
  // Checked before the provider is asked: what is written wrongly is never worth a request.
  if (min !== undefined && !parseAmountOrZero(min, 'INR').ok) {
    throw new PayrunError('usage', 'option_invalid', `--min is "${min}"; write it like 500000.00.`);
  }
  const database = await context.ledger();
  const provider = await context.provider(settings.name);
  const answer = await provider.balance();
  if (!answer.ok) throw providerError(settings.name, answer.because);
  const { available_minor, currency } = answer.value;
  const amount = (minor: bigint) => formatAmount(minor, currency);
  if (min !== undefined) refuseLess(settings.name, available_minor, min, currency);
  const explained = await explainBalance(database, {
    provider: settings.name,
    rails: settings.rails,
    fees: settings.fees,
    available_minor,
    currency,
  });
  return {
    data: {
      available: amount(available_minor),
      ledger_available: amount(explained.ledger_available_minor),
      difference: amount(explained.difference_minor),
      in_transit: amount(explained.in_transit_minor),
      explained: explained.explained,
      provider: settings.name,
      currency,
      note: explained.note,
    },
  };
}

function refuseLess(provider: string, availableMinor: bigint, min: string, currency: string): void {
  const wanted = parseAmountOrZero(min, currency);
  if (wanted.ok && availableMinor >= wanted.minor) return;
  const has = `${formatAmount(availableMinor, currency)} ${currency}`;
  throw new PayrunError(
    'provider_unavailable',
    'balance_below_minimum',
    `${provider} has ${has} available, less than ${min}.`,
    {
      hint: 'Fund the account, or lower --min.',
    },
  );
}
