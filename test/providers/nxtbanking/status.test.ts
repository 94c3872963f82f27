import { describe, expect, it } from 'vitest';
import { failureCodeOf, stateOf } from '../../../src/providers/nxtbanking/status.ts';

describe('a status', () => {
  it('is one of five words, spelt exactly', () => {
    expect(['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED', 'REVERSED'].map(stateOf)).toEqual([
      'in_flight',
      'in_flight',
      'success',
      'failed',
      'reversed',
    ]);
    for (const word of ['', 'failed', 'FAILED ', 'CANCELLED', '__proto__'])
      expect(stateOf(word)).toBe('unknown_word');
  });
});

const REASONS: readonly (readonly [string, readonly string[]])[] = [
  [
    'beneficiary_account',
    [
      'bank_account_closed',
      'bank_account_frozen',
      'bank_account_invalid',
      'beneficiary_account_dormant',
      'invalid_ifsc_code',
      'beneficiary_account_invalid',
      'beneficiary_vpa_invalid',
      'invalid_beneficiary',
      'INVALID_BENE_ACCOUNT_OR_IFSC',
      'INVALID_ACCOUNT_FAIL',
      'INVALID_BENE_VPA',
      'ACCOUNT_BLOCKED',
      'NRE_ACCOUNT_FAIL',
      'BENE_NAME_DIFFERS',
      'counterpartyAccountClosed',
      'counterpartyAccountNotFound',
      'Account is closed',
      'Name mismatch',
      'Account does not exist',
      'Beneficiary account is frozen',
      'INVALID_BENEFICIARY',
      'Invalid beneficiary account',
    ],
  ],
  [
    'beneficiary_bank_down',
    [
      'beneficiary_bank_failure',
      'beneficiary_bank_offline',
      'beneficiary_bank_technical_error',
      'beneficiary_psp_offline',
      'npci_beneficiary_timeout',
      'NPCI_UNAVAILABLE',
      'BENEFICIARY_BANK_OFFLINE',
      'beneficiary_bank_down',
      'counterpartyBankUnavailable',
      'counterpartyBankTimedOut',
      'Beneficiary bank is offline',
      'Bank is currently unavailable',
      'Technical error at beneficiary bank',
    ],
  ],
  [
    'limit',
    [
      'transaction_limit_exceeded',
      'amount limit exceeded',
      'TRANSFER_LIMIT_BREACH',
      'VELOCITY_CHECK_FAILED',
      'DEST_LIMIT_REACHED',
      'amountLimitExceeded',
      'LIMIT_EXCEEDED',
    ],
  ],
  [
    'funds',
    [
      'insufficient_funds',
      'INSUFFICIENT_BALANCE',
      'low_balance',
      'notEnoughBalance',
      'Insufficient funds in account',
      'insufficient wallet balance',
    ],
  ],
  [
    'provider',
    [
      'gateway_down',
      'gateway_technical_error',
      'gateway_timeout',
      'server_error',
      'server_error_temporary',
      'BANK_GATEWAY_ERROR',
      'Internal error',
    ],
  ],
  ['other', ['imps_not_allowed', 'SUSPECTED_TRANSFER', 'INVALID_MODE', '', '????', 'Rejected']],
];

describe('a failure reason', () => {
  for (const [code, reasons] of REASONS) {
    it.each(reasons)(`%s is ${code}`, (reason) => {
      expect(failureCodeOf(reason)).toBe(code);
    });
  }

  it('of a megabyte is read at once', () => {
    const started = performance.now();
    for (const hostile of ['account '.repeat(150_000), 'invalid name '.repeat(90_000), 'aA'.repeat(500_000)])
      failureCodeOf(hostile);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
