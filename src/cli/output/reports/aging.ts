/** Open breaks by their age in business days: how many, and how much money, per currency. */
import { sizesOf } from './figures.ts';
import type { ReportedBreak } from './report.ts';

export interface AgeBucket {
  title: string;
  count: number;
  /** In minor units by currency; amounts add up whatever their sign. */
  sizes: ReadonlyMap<string, bigint>;
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
    return { title, count: inside.length, sizes: sizesOf(inside) };
  });
}
