/** The bytes of a send, apart from the rest of the API: a thread that stores them has no use for the network. */
import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { ComposeInput } from '../provider.ts';

/** The only currency of this API. */
export const CURRENCY = 'INR';

/** Keys in a fixed order and the amount as digits: the same input is the same bytes, today and in a year. */
export function compose(input: ComposeInput, name: string): string {
  if (input.currency !== CURRENCY) {
    throw new PayrunError(
      'failed',
      'currency_unfit',
      `${name} pays in ${CURRENCY} only; ${input.provider_reference} is in ${input.currency}.`,
      {
        hint: 'Import these payouts for a provider that pays in their currency.',
      },
    );
  }
  const members = [
    `"beneficiary_id":${JSON.stringify(input.provider_beneficiary_id)}`,
    `"amount":${amountLiteral(input.amount_minor)}`,
    `"mode":${JSON.stringify(input.rail)}`,
    `"reference_id":${JSON.stringify(input.provider_reference)}`,
  ];
  if (input.narration !== null) members.push(`"narration":${JSON.stringify(input.narration)}`);
  return `{${members.join(',')}}`;
}

/** Paise → the shortest JSON number of rupees, made of digits and never of floats: 150050n → `1500.5`. */
export function amountLiteral(minor: bigint): string {
  return formatAmount(minor, CURRENCY).replace(/\.?0+$/, '');
}
