/**
 * An answer counts only for the payout that we meant. One that names another amount, currency, beneficiary or
 * reference, or leaves out what its provider always states, never advances anything: money may have moved otherwise
 * than was approved.
 */

import { decimalsOf } from '../money/currency.ts';
import { formatAmount } from '../money/money.ts';

export const ECHO_FIELDS = ['reference', 'amount', 'currency', 'beneficiary'] as const;
export type EchoField = (typeof ECHO_FIELDS)[number];

/** What an attempt was sent to, and what its provider is known to say again in each answer. */
export interface SentTo {
  provider_beneficiary_id: string;
  echoes: readonly EchoField[];
}

export interface Meant extends SentTo {
  provider_reference: string;
  provider_id: string | null;
  amount_minor: bigint;
  currency: string;
}

/** Null is what the answer does not state. */
export interface Echo {
  provider_reference: string | null;
  provider_beneficiary_id: string | null;
  provider_id: string;
  amount_minor: bigint | null;
  /** An amount that is stated and cannot be read exactly, as it stands there. */
  unread_amount?: string;
  currency: string | null;
}

/** What differs, in words for the person who has to decide; null where the echo agrees. */
export function echoDifference(meant: Meant, echo: Echo): string | null {
  if (differs('reference', meant, echo.provider_reference, meant.provider_reference))
    return `the provider answers for ${named('reference', echo.provider_reference)}, not ${meant.provider_reference}`;
  if (differs('amount', meant, echo.amount_minor, meant.amount_minor))
    return echo.amount_minor === null
      ? unreadAmount(echo.unread_amount)
      : `the provider states ${money(echo.amount_minor, echo.currency ?? meant.currency)}, not ${money(meant.amount_minor, meant.currency)}`;
  if (differs('currency', meant, echo.currency, meant.currency))
    return `the provider states ${named('currency', echo.currency)}, not ${meant.currency}`;
  if (differs('beneficiary', meant, echo.provider_beneficiary_id, meant.provider_beneficiary_id))
    return `the provider states ${named('beneficiary', echo.provider_beneficiary_id)}, not ${meant.provider_beneficiary_id}`;
  if (meant.provider_id !== null && echo.provider_id !== meant.provider_id)
    return `the provider answers with payout ${echo.provider_id}, not ${meant.provider_id}`;
  return null;
}

function differs<T>(field: EchoField, { echoes }: SentTo, stated: T | null, ours: T): boolean {
  return stated === null ? echoes.includes(field) : stated !== ours;
}

function money(minor: bigint, currency: string): string {
  // A provider may name a currency that nobody knows.
  return decimalsOf(currency) === undefined
    ? `${minor} minor units of ${currency}`
    : `${formatAmount(minor, currency)} ${currency}`;
}

function unreadAmount(stated: string | undefined): string {
  return stated === undefined
    ? 'the provider states no amount'
    : `the provider states its amount as ${stated}, which is no number that can be read exactly`;
}

function named(field: EchoField, stated: string | null): string {
  return stated === null ? `no ${field}` : `${field} ${stated}`;
}
