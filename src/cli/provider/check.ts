import { formatAmount } from '../../domain/money/money.ts';
import { providerError } from '../../operations/provider-trouble.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { QUESTION_PATIENCE_MS } from '../waiting.ts';

export const verb: Verb = {
  name: 'provider check',
  summary: 'Check that a provider answers and takes the credentials',
  effect: 'reads',
  arguments: [{ name: '[provider]', description: 'its name in payrun.toml (default: the only one)' }],
  examples: ['payrun provider check nxt'],
  run,
};

/** The balance is asked for: it needs the address, the credentials and nothing else, and moves nothing. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const settings = await context.providerConfig(argument(input, 0) || undefined);
  const provider = await context.provider(settings.name, QUESTION_PATIENCE_MS);
  const began = context.world.monotonicMs();
  const answer = await provider.balance();
  const answered_ms = Math.round(context.world.monotonicMs() - began);
  if (!answer.ok) throw providerError(settings.name, answer.because);
  const { available_minor, currency } = answer.value;
  return {
    data: {
      provider: settings.name,
      kind: settings.kind,
      base_url: settings.base_url,
      credentials: 'accepted',
      answered_ms,
      available: formatAmount(available_minor, currency),
      currency,
    },
  };
}
