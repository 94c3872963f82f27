import { describe, expect, test } from 'vitest';
import {
  type ApprovalPolicy,
  approvalsRequired,
  asksForApproval,
  bandProblem,
} from '../../../src/domain/payout/approval-policy.ts';

const band = (above_minor: bigint, required: number, currency = 'INR') => ({
  currency,
  above_minor,
  required,
});
const BANDS = [band(50_000_000n, 2), band(500_000_000n, 4), band(1_000_000n, 3, 'USD')];

describe('how many persons must approve a batch', () => {
  test.each<[policy: Partial<ApprovalPolicy>, currency: string, amount_minor: bigint, needed: number]>([
    [{}, 'INR', 9_999_999_999n, 0],
    [{ required: 1 }, 'INR', 1n, 1],
    // A band begins behind its amount, by one paisa.
    [{ required: 1, bands: BANDS }, 'INR', 49_999_999n, 1],
    [{ required: 1, bands: BANDS }, 'INR', 50_000_000n, 1],
    [{ required: 1, bands: BANDS }, 'INR', 50_000_001n, 2],
    [{ required: 1, bands: BANDS }, 'INR', 500_000_000n, 2],
    [{ required: 1, bands: BANDS }, 'INR', 500_000_001n, 4],
    [{ required: 1, bands: BANDS }, 'USD', 1_000_000n, 1],
    [{ required: 1, bands: BANDS }, 'USD', 1_000_001n, 3],
    // Nobody thought of this currency, so that it is not the way around the bands.
    [{ required: 1, bands: BANDS }, 'EUR', 1n, 4],
    [{ required: 0, bands: BANDS }, 'INR', 50_000_000n, 0],
    [{ required: 0, bands: BANDS }, 'INR', 9_223_372_036_854_775_807n, 4],
    [{ required: 0, bands: [band(0n, 1)] }, 'INR', 1n, 1],
  ])('%o, %s %d: %i', (policy, currency, amount_minor, needed) => {
    expect(approvalsRequired({ required: 0, bands: [], ...policy }, { currency, amount_minor })).toBe(needed);
  });

  test('a policy asks for approvals where any batch could need one', () => {
    expect(asksForApproval({ required: 0, bands: [] })).toBe(false);
    expect(asksForApproval({ required: 1, bands: [] })).toBe(true);
    expect(asksForApproval({ required: 0, bands: BANDS })).toBe(true);
  });

  test('a band that asks for no more than what holds below it is a slip', () => {
    expect(bandProblem(1, [], band(1n, 2))).toBeNull();
    expect(bandProblem(1, BANDS, band(1n, 2, 'EUR'))).toBeNull();
    expect(bandProblem(1, BANDS, band(2_000_000n, 4, 'USD'))).toBeNull();
    expect(bandProblem(2, [], band(1n, 2))?.key).toBe('required');
    expect(bandProblem(1, BANDS, band(500_000_000n, 5))?.key).toBe('above');
    expect(bandProblem(1, BANDS, band(500_000_001n, 4))?.key).toBe('required');
  });
});
