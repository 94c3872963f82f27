/** Open breaks by their age in business days: how many, and how much money, per currency. */
import { formatAmount } from '../../../domain/money/money.ts';
import type { ReportedBreak } from './report.ts';

export interface AgeBucket {
  title: string;
  count: number;
  /** `1000.50 INR`, one for each currency; amounts add up whatever their sign. */
  amounts: string[];
}

const BUCKETS: readonly { title: string; up_to: number }[] = [
  { title: 'today', up_to: 0 },
  { title: '1 day', up_to: 1 },
  { title: '2 to 5 days', up_to: 5 },
  { title: '6 to 10 days', up_to: 10 },
  { title: 'over 10 days', up_to: Number.POSITIVE_INFINITY },
];

export function agesOf(breaks: readonly ReportedBreak[]): AgeBucket[] {
  return BUCKETS.map(({ title, up_to }, index) => {
    const from = BUCKETS[index - 1]?.up_to ?? -1;
    const inside = breaks.filter(({ age_days }) => (age_days ?? 0) > from && (age_days ?? 0) <= up_to);
    const sums = new Map<string, bigint>();
    for (const { difference_minor, currency } of inside) {
      if (difference_minor === null || currency === null) continue;
      const size = difference_minor < 0n ? -difference_minor : difference_minor;
      sums.set(currency, (sums.get(currency) ?? 0n) + size);
    }
    const amounts = [...sums].sort().map(([currency, sum]) => `${formatAmount(sum, currency)} ${currency}`);
    return { title, count: inside.length, amounts };
  });
}
