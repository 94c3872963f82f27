import { afterAll, beforeAll, expect, test } from 'vitest';
import { endComplaints, openShop, type Shop, submit } from './shop.ts';

const CAP = 36;
const ROWS = 90;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(ROWS, { requests_per_second: CAP });
});
afterAll(() => shop.close());

test('a server that takes 40 requests a second and is sent 36 never counts more than it takes, and waits not much longer than that needs', async () => {
  const one = await shop.open();
  expect((await one.run(submit())).exit).toBe(6);
  const at = (await shop.bank.log()).map((request) => request.at_ms).toSorted((a, b) => a - b);
  expect(most(at, 900)).toBeLessThanOrEqual(CAP);
  expect(most(at, 1_000)).toBeLessThanOrEqual(40);
  // Questions and registrations count as well; the first second's worth needs none.
  const seconds = ((at.at(-1) ?? 0) - (at[0] ?? 0)) / 1_000;
  expect(seconds).toBeLessThan((at.length / CAP) * 2);
  expect(at.length).toBeGreaterThan(ROWS);
  await one.run(['payout', 'sync', '--wait', '20s']);
  expect(await endComplaints(shop, one.ledger)).toEqual([]);
}, 60_000);

/** The most requests in any window of so many milliseconds. */
function most(at: readonly number[], window: number): number {
  let start = 0;
  let largest = 0;
  for (const [index, ms] of at.entries()) {
    while ((at[start] ?? ms) <= ms - window) start += 1;
    largest = Math.max(largest, index - start + 1);
  }
  return largest;
}
