/**
 * NxtBanking's words in ours. A word that is not listed proves nothing: an unknown status moves no payout, and an
 * unknown reason is `other`.
 */
import type { FailureCode, ProviderState } from '../../domain/payout/payout.ts';

const STATES: ReadonlyMap<string, ProviderState> = new Map([
  ['QUEUED', 'in_flight'],
  ['PROCESSING', 'in_flight'],
  ['SUCCESS', 'success'],
  ['FAILED', 'failed'],
  ['REVERSED', 'reversed'],
]);

/** The word that lists payouts whose money came back. */
export const RETURNED_STATUS = 'REVERSED';

export function stateOf(status: string): ProviderState {
  return STATES.get(status) ?? 'unknown_word';
}

/**
 * The first row that fits decides, so that "insufficient funds in account" is about funds and "beneficiary bank
 * technical error" about that bank. Reasons come as sentences and as codes of many styles; they are compared in
 * lower case with single spaces.
 */
const REASONS: readonly (readonly [RegExp, FailureCode])[] = [
  [/\b(insufficient|low|not enough)( \w+)? (funds?|balance)\b/, 'funds'],
  [/\b(limits?|velocity)\b/, 'limit'],
  [/\bnpci\b/, 'beneficiary_bank_down'],
  [
    /\b(bank|psp|issuer|counterparty)( is| was)? (currently )?(offline|down|unavailable|not available|not reachable|unreachable|not responding|failure|technical|time(d)? ?out)\b/,
    'beneficiary_bank_down',
  ],
  [
    /\b(technical|time ?out|unavailable|offline|down)\b.*\b(beneficiary|bene|receiving) bank\b/,
    'beneficiary_bank_down',
  ],
  [
    /\b(names?)\b.*\b(mismatch\w*|differs?|different|not match\w*)\b|\bmismatch\w*\b.*\bname\b/,
    'beneficiary_account',
  ],
  [
    /\b(account|a c|vpa|upi id|ifsc|beneficiary)\b.*\b(closed|frozen|freezed|blocked|dormant|inactive|invalid|incorrect|wrong|blacklisted|deceased|not found|not registered|not exist|no such|does not exist)\b/,
    'beneficiary_account',
  ],
  [
    /\b(closed|frozen|blocked|dormant|inactive|invalid|incorrect|wrong|no such|unknown|blacklisted)\b.*\b(account|a c|vpa|upi id|ifsc|beneficiary|bene)\b/,
    'beneficiary_account',
  ],
  [/\bnre account\b/, 'beneficiary_account'],
  [/\b(gateway|server|internal|provider|system|partner bank|service|technical|switch)\b/, 'provider'],
];

// Reasons are foreign text of any length; what decides stands at their beginning.
const LONGEST_REASON = 500;

/** A reason such as `bank_account_closed`, `INVALID_IFSC_FAIL` or "Beneficiary bank is offline" → our small code. */
export function failureCodeOf(reason: string): FailureCode {
  const plain = reason
    .slice(0, LONGEST_REASON)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
  return REASONS.find(([pattern]) => pattern.test(plain))?.[1] ?? 'other';
}
