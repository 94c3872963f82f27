/** Why a question to a provider got no answer, as the error that a person reads: exit 5, nothing was lost. */
import { PayrunError } from '../domain/errors.ts';
import type { Unavailable } from '../providers/provider.ts';

export interface ProviderTrouble {
  code: 'provider_credentials' | 'provider_unreachable' | 'provider_answer';
  message: string;
  hint: string;
}

export function troubleOf(provider: string, because: Unavailable): ProviderTrouble {
  switch (because.kind) {
    case 'credentials':
      return {
        code: 'provider_credentials',
        message: `${provider} refuses the credentials or this machine's address: ${because.reason}.`,
        hint: 'Check api_key and api_secret, and whether the provider allows the address that you call from.',
      };
    case 'rate_limited':
      return {
        code: 'provider_unreachable',
        message: `${provider} asks to wait ${Math.ceil(because.retry_after_ms / 1000)} seconds.`,
        hint: 'Run it again after that time.',
      };
    case 'unreachable':
      return {
        code: 'provider_unreachable',
        message: `${provider} does not answer: ${because.reason}.`,
        hint: 'Check base_url and the network, and run it again.',
      };
    case 'bad_answer':
      return {
        code: 'provider_answer',
        message: `${provider} gave an answer that payrun cannot read: ${because.reason}.`,
        hint: 'Something may stand between payrun and the provider (a proxy, a maintenance page). Run it again later.',
      };
  }
}

export function providerError(provider: string, because: Unavailable): PayrunError {
  const { code, message, hint } = troubleOf(provider, because);
  return new PayrunError('provider_unavailable', code, message, { hint });
}
