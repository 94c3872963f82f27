/**
 * What a payout costs: a fee for its rail and GST on the fee, each rounded half up to the paisa. Charged when the
 * payout succeeds, and kept when it is reversed later.
 */
import { Decimal } from 'decimal.js';
import { RAILS, type Rail } from '../domain/payout/rail.ts';

export interface Charge {
  fee_minor: bigint;
  tax_minor: bigint;
}

/** Rupees a payout, as decimal strings. */
export type FeeTable = Readonly<Record<Rail, string>>;

export const DEFAULT_FEES: FeeTable = { IMPS: '3.50', NEFT: '2.00', RTGS: '15.00', UPI: '1.50' };
// Goods and services tax on financial services in India.
const GST_RATE = '0.18';
const PAISE = 100;

/** Computed once for each rail: a fee does not depend on the amount. */
export function chargesOf(fees: FeeTable): Readonly<Record<Rail, Charge>> {
  const entries = RAILS.map((rail) => [rail, chargeOf(fees[rail])] as const);
  return Object.fromEntries(entries) as Record<Rail, Charge>;
}

function chargeOf(feeRupees: string): Charge {
  const fee = new Decimal(feeRupees).times(PAISE).toDecimalPlaces(0, Decimal.ROUND_HALF_UP);
  const tax = fee.times(GST_RATE).toDecimalPlaces(0, Decimal.ROUND_HALF_UP);
  return { fee_minor: BigInt(fee.toFixed(0)), tax_minor: BigInt(tax.toFixed(0)) };
}
