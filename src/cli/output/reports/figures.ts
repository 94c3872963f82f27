/** Amounts as people read them: in groups, of lakhs and crores in rupees and of thousands elsewhere. Exact to the last digit. */
import { formatAmount } from '../../../domain/money/money.ts';

const WESTERN = /\B(?=(\d{3})+$)/g;
const INDIAN = /\B(?=(\d{2})*\d{3}$)/g;
const AMOUNT = /^(-?)(\d+)(\.\d+)?$/;

/** Of a decimal string; text that is none stays as it is. */
export function grouped(amount: string, currency: string | null): string {
  const parts = AMOUNT.exec(amount);
  if (!parts) return amount;
  const [, sign = '', whole = '', fraction = ''] = parts;
  return `${sign}${whole.replace(currency === 'INR' ? INDIAN : WESTERN, ',')}${fraction}`;
}

/** `12,34,567.50 INR`. */
export function shownMinor(minor: bigint, currency: string): string {
  return `${grouped(formatAmount(minor, currency), currency)} ${currency}`;
}

/** Sums per currency, whatever the signs of what is added; in the order of their codes. */
export function sizesOf(
  amounts: Iterable<{ difference_minor: bigint | null; currency: string | null }>,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { difference_minor: minor, currency } of amounts) {
    if (minor === null || currency === null) continue;
    sums.set(currency, (sums.get(currency) ?? 0n) + (minor < 0n ? -minor : minor));
  }
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
}
