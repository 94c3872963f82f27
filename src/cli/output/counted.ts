/** A count as people say it: `1 payout`, `3 payouts`; `1 is held`, `3 are held`. */
export function counted(count: number | bigint, one: string, many: string): string {
  return `${count} ${BigInt(count) === 1n ? one : many}`;
}
