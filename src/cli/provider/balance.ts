import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import { type ExplainedBalance, explainBalance } from '../../operations/explain-balance.ts';
import { providerError } from '../../operations/provider-trouble.ts';
import {
  argument,
  type Context,
  type Input,
  type Outcome,
  type TableView,
  text,
  type Verb,
} from '../command.ts';
import { QUESTION_PATIENCE_MS } from '../waiting.ts';

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
  const provider = await context.provider(settings.name, QUESTION_PATIENCE_MS);
  const answer = await provider.balance();
  if (!answer.ok) throw providerError(settings.name, answer.because);
  const { available_minor, currency } = answer.value;
  if (min !== undefined) refuseLess(settings.name, available_minor, min, currency);
  const explained = await explainBalance(database, {
    provider: settings.name,
    rails: settings.rails,
    fees: settings.fees,
    available_minor,
    currency,
  });
  return outcomeOf(settings.name, available_minor, currency, explained);
}

/** What the provider says and what the books say, side by side, and what stands between them. */
function outcomeOf(
  provider: string,
  availableMinor: bigint,
  currency: string,
  explained: ExplainedBalance,
): Outcome {
  const amount = (minor: bigint) => formatAmount(minor, currency);
  const in_flight = explained.in_flight.map(({ reference_id, amount_minor, state, submitted_at }) => ({
    reference_id,
    amount: amount(amount_minor),
    state,
    submitted_at,
  }));
  const data = {
    available: amount(availableMinor),
    ledger_available: amount(explained.ledger_available_minor),
    difference: amount(explained.difference_minor),
    in_transit: amount(explained.in_transit_minor),
    explained: explained.explained,
    provider,
    currency,
    note: explained.note,
    in_flight_count: Number(explained.in_flight_count),
    in_flight,
  };
  const sides: TableView = {
    columns: [
      { key: 'of', title: `${provider}, ${currency}` },
      { key: 'provider', align: 'right' },
      { key: 'ledger', align: 'right' },
      { key: 'difference', align: 'right' },
    ],
    rows: [
      {
        of: 'available',
        provider: data.available,
        ledger: data.ledger_available,
        difference: data.difference,
      },
      { of: 'in transit', provider: null, ledger: data.in_transit, difference: null },
    ],
  };
  const more = data.in_flight_count > in_flight.length ? `, the ${in_flight.length} oldest` : '';
  const flying: TableView = {
    title: `In flight: ${data.in_flight_count}${more}`,
    columns: ['reference_id', 'amount', 'state', 'submitted_at'].map((key) => ({ key })),
    rows: in_flight,
  };
  const verdict =
    explained.note === null
      ? 'Both say the same.'
      : `${explained.explained ? 'The difference is explained.' : 'The difference is not explained.'} ${explained.note}`;
  return { data, view: [sides, verdict, ...(in_flight.length === 0 ? [] : [flying])] };
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
