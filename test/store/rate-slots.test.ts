import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { createPace } from '../../src/providers/pace.ts';
import { openRateSlots, type RateSlots } from '../../src/store/rate-slots.ts';
import { tempFolder } from './folder.ts';

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const thing of opened.splice(0).reverse()) thing.close();
});

function slots(path: string, clockMs: () => number = () => performance.now(), provider = 'nxt'): RateSlots {
  const found = openRateSlots(path, provider, clockMs);
  if (!found) throw new Error('The places cannot be had.');
  opened.push(found);
  return found;
}

/** The most starts in any window of this length. */
function busiest(starts: readonly number[], windowMs: number): number {
  const sorted = starts.toSorted((a, b) => a - b);
  let first = 0;
  return sorted.reduce((most, at, index) => {
    while (at - (sorted[first] ?? at) >= windowMs) first += 1;
    return Math.max(most, index - first + 1);
  }, 0);
}

test('however many processes there are and however late each comes, no second has more than the cap', () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  let now = 0;
  const shared = [slots(path, () => now), slots(path, () => now), slots(path, () => now)];
  const calls = fc.array(
    fc.record({
      who: fc.nat({ max: 2 }),
      late_ms: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
      waited: fc.boolean(),
    }),
    { minLength: 1, maxLength: 120 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), calls, (cap, given) => {
      now += 3_600_000;
      const starts = given.map(({ who, late_ms, waited }) => {
        now += late_ms;
        now += shared[who]?.take(1000 / (cap * 0.95), waited) ?? 0;
        return now;
      });
      return busiest(starts, 1_000) <= cap;
    }),
    { numRuns: 200 },
  );
});

test('three that send at once through one file keep to one rate together, and nearly reach it', async () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  const cap = 60;
  const starts: number[] = [];
  const paces = [0, 1, 2].map(() => {
    const pace = createPace({ requests_per_second: cap, concurrency: 8, slots: slots(path) });
    opened.push(pace);
    return pace;
  });
  const one = async () => starts.push(performance.now());
  await Promise.all(Array.from({ length: 120 }, (_, index) => paces[index % 3]?.run(0, one)));
  const spanMs = Math.max(...starts) - Math.min(...starts);
  expect(busiest(starts, 900)).toBeLessThanOrEqual(cap);
  expect(spanMs).toBeGreaterThanOrEqual(1_950);
  expect(spanMs).toBeLessThan(4_000);
});

test('a pause that one was asked for holds for all', () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  const [one, other] = [slots(path, () => 1_000), slots(path, () => 1_000)];
  one.pauseFor(30_000);
  expect(other.aheadMs()).toBe(30_000);
  expect(other.take(20, true)).toBe(30_000);
  expect(other.take(20, true)).toBe(30_020);
  expect(slots(path, () => 1_000, 'other').take(20, true)).toBe(0);
});

test('a machine that started anew begins anew, whatever the clock of before said', () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  slots(path, () => 86_400_000).take(20, false);
  expect(slots(path, () => 5_000).take(20, false)).toBe(0);
});

test('a file that is no database, or that cannot be made, shares nothing and stops nobody', () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  writeFileSync(path, 'not a database, and long enough to be looked at as one'.repeat(50));
  expect(openRateSlots(path, 'nxt', () => 0)).toBeNull();
  expect(openRateSlots(join(tempFolder(), 'missing', 'x.rate'), 'nxt', () => 0)).toBeNull();
});

test('a process that was stopped while it took a place delays another by no more than a moment', () => {
  const path = join(tempFolder(), 'ledger.db.rate');
  const mine = slots(path);
  const stopped = new SqliteDatabase(path);
  opened.push(stopped);
  stopped.exec('begin exclusive');
  const before = performance.now();
  expect(mine.take(20, false)).toBe(0);
  expect(performance.now() - before).toBeLessThan(1_000);
});
