/**
 * What a provider will probably charge, from the rates in the configuration. An estimate only: what is booked is what
 * the provider states. Tax is rounded half up to the minor unit for each payout, as invoices do it.
 */
import { Decimal } from 'decimal.js';
import type { Rail, RailRule, RailRules } from './rail.ts';

export interface FeeEstimate {
  /** Null where a rail in use has no rate: an unknown fee is not zero. */
  fee_minor: bigint | null;
  tax_minor: bigint | null;
}

/** `counts` says how many payouts go by each rail. */
export function estimateFees(counts: ReadonlyMap<Rail, number>, rails: RailRules): FeeEstimate {
  let fee: bigint | null = 0n;
  let tax: bigint | null = 0n;
  for (const [rail, count] of counts) {
    if (count === 0) continue;
    const rule = rails[rail];
    fee = fee === null || rule.fee_minor === null ? null : fee + rule.fee_minor * BigInt(count);
    const each = taxOn(rule.fee_minor, rule.tax_rate);
    tax = tax === null || each === null ? null : tax + each * BigInt(count);
  }
  return { fee_minor: fee, tax_minor: tax };
}

/** Of one payout, in minor units; the tax is null where its rate is not known. */
export interface Charges {
  fee_minor: bigint;
  tax_minor: bigint | null;
}

/** What the rates say that one payout costs; null where the rail has no fee configured. */
export function chargesByRate(rule: RailRule): Charges | null {
  if (rule.fee_minor === null) return null;
  return { fee_minor: rule.fee_minor, tax_minor: taxOn(rule.fee_minor, rule.tax_rate) };
}

function taxOn(feeMinor: bigint | null, rate: string | null): bigint | null {
  if (feeMinor === null || rate === null) return null;
  return BigInt(
    new Decimal(feeMinor.toString()).times(rate).toDecimalPlaces(0, Decimal.ROUND_HALF_UP).toFixed(0),
  );
}
