/**
 * Rails and their limits. Network defaults as the operators publish them; a provider that is narrower says so in
 * `[providers.X.rails.R]`. Sources: IMPS ≤ ₹5,00,000 (RBI, October 2021); RTGS ≥ ₹2,00,000 with no ceiling; UPI
 * person to person ≤ ₹1,00,000 (NPCI); NEFT without limits, every half hour.
 */
export const RAILS = ['IMPS', 'NEFT', 'RTGS', 'UPI'] as const;
export type Rail = (typeof RAILS)[number];

/** Amounts in minor units, null where there is no limit; fee in minor units a payout, tax as a decimal rate of the fee. */
export interface RailRule {
  min_minor: bigint | null;
  max_minor: bigint | null;
  fee_minor: bigint | null;
  tax_rate: string | null;
}

export type RailRules = Readonly<Record<Rail, RailRule>>;

const LAKH_MINOR = 1_00_000_00n;

export const NETWORK_RULES: RailRules = {
  IMPS: { min_minor: null, max_minor: 5n * LAKH_MINOR, fee_minor: null, tax_rate: null },
  NEFT: { min_minor: null, max_minor: null, fee_minor: null, tax_rate: null },
  RTGS: { min_minor: 2n * LAKH_MINOR, max_minor: null, fee_minor: null, tax_rate: null },
  UPI: { min_minor: null, max_minor: LAKH_MINOR, fee_minor: null, tax_rate: null },
};

export type DestinationKind = 'bank_account' | 'vpa';

export function isRail(text: string): text is Rail {
  return (RAILS as readonly string[]).includes(text);
}

/** Whether this rail can reach this kind of destination at all: UPI pays a VPA, the others a bank account. */
export function railReaches(rail: Rail, destination: DestinationKind): boolean {
  return destination === 'vpa' ? rail === 'UPI' : rail !== 'UPI';
}

export function withinLimits(amountMinor: bigint, rule: RailRule): boolean {
  return (
    (rule.min_minor === null || amountMinor >= rule.min_minor) &&
    (rule.max_minor === null || amountMinor <= rule.max_minor)
  );
}

/** The rail of a row that names none, or null where no rail takes this amount to this destination. */
export function defaultRail(
  amountMinor: bigint,
  destination: DestinationKind,
  rules: RailRules,
): Rail | null {
  const preferred: readonly Rail[] = destination === 'vpa' ? ['UPI'] : ['IMPS', 'RTGS'];
  return preferred.find((rail) => withinLimits(amountMinor, rules[rail])) ?? null;
}
