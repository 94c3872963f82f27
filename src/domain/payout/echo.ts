/**
 * An answer counts only for the payout that we meant. One that names another amount, currency, beneficiary or
 * reference, or no amount at all, never advances anything: money may have moved otherwise than was approved.
 */

export interface Meant {
  provider_reference: string;
  provider_beneficiary_id: string;
  provider_id: string | null;
  amount_minor: bigint;
  currency: string;
}

export interface Echo {
  provider_reference: string;
  provider_beneficiary_id: string | null;
  provider_id: string;
  amount_minor: bigint | null;
  currency: string | null;
}

/** What differs, in words for the person who has to decide; null where the echo agrees. */
export function echoDifference(meant: Meant, echo: Echo): string | null {
  if (echo.provider_reference !== meant.provider_reference) {
    return `the provider answers for reference ${echo.provider_reference}, not ${meant.provider_reference}`;
  }
  if (echo.amount_minor === null) return 'the provider states no amount';
  if (echo.amount_minor !== meant.amount_minor) {
    return `the provider states ${echo.amount_minor} minor units, not ${meant.amount_minor}`;
  }
  if (echo.currency !== null && echo.currency !== meant.currency) {
    return `the provider states currency ${echo.currency}, not ${meant.currency}`;
  }
  if (
    echo.provider_beneficiary_id !== null &&
    echo.provider_beneficiary_id !== meant.provider_beneficiary_id
  ) {
    return `the provider states beneficiary ${echo.provider_beneficiary_id}, not ${meant.provider_beneficiary_id}`;
  }
  if (meant.provider_id !== null && echo.provider_id !== meant.provider_id) {
    return `the provider answers with payout ${echo.provider_id}, not ${meant.provider_id}`;
  }
  return null;
}
