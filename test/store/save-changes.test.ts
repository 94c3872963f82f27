import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredPayout } from '../../src/domain/payout/stored-payout.ts';
import type { Database } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { payoutsById, saveChanges, savePayouts } from '../../src/store/payouts.ts';
import { seeded, seedPayouts } from '../operations/seed-payouts.ts';
import { tempFolder } from './folder.ts';

const text = fc.option(fc.string({ maxLength: 5 }));
const amount = fc.option(fc.bigInt(0n, 10n ** 15n));

/** Anything that may change, within what the database's own checks let stand beside each other. */
const changes = fc.record(
  {
    state: fc.constantFrom('submitting', 'pending', 'unknown'),
    position: fc.constant('in_transit'),
    cycle: fc.integer({ min: 0, max: 9 }),
    attempt_no: fc.integer({ min: 1, max: 9 }),
    provider_id: text,
    provider_reference: text,
    provider_status: text,
    utr: text,
    return_utr: text,
    fee_minor: amount,
    tax_minor: amount,
    failure_code: text,
    failure_reason: text,
    released_at: text,
    resolved_as: fc.option(fc.constantFrom('paid', 'failed', 'returned')),
    submitted_at: text,
    paid_at: text,
    returned_at: text,
    checked_at: text,
    updated_at: fc.string(),
  },
  { requiredKeys: ['state', 'position'] },
);

async function ledger(): Promise<Database> {
  const path = join(tempFolder(), 'payrun.db');
  const database = await openLedger(path, '2026-11-21T00:00:00.000Z', { create: true });
  await seedPayouts(database, 'nxt', [seeded(1), seeded(2)]);
  return database;
}

async function stored(database: Database): Promise<StoredPayout> {
  const payout = (await payoutsById(database, [1n])).get(1n);
  if (!payout) throw new Error('The payout has gone.');
  return payout;
}

test('writing only what differs leaves what writing everything leaves', async () => {
  const [by, all] = [await ledger(), await ledger()];
  await fc.assert(
    fc.asyncProperty(changes, async (change) => {
      const before = await stored(by);
      const after = { ...before, ...change } as StoredPayout;
      await by.transaction((tx) => saveChanges(tx, [{ before, after }]));
      await all.transaction((tx) => savePayouts(tx, [after]));
      expect(await stored(by)).toEqual(after);
      expect(await by.all('select * from payouts order by id')).toEqual(
        await all.all('select * from payouts order by id'),
      );
    }),
    { numRuns: 60 },
  );
  await by.close();
  await all.close();
});

test('a cancelled payout gives its reference back, either way', async () => {
  for (const save of [
    (database: Database, before: StoredPayout, after: StoredPayout) =>
      database.transaction((tx) => saveChanges(tx, [{ before, after }])),
    (database: Database, _: StoredPayout, after: StoredPayout) =>
      database.transaction((tx) => savePayouts(tx, [after])),
  ]) {
    const database = await ledger();
    const before = await stored(database);
    await save(database, before, { ...before, state: 'cancelled', position: 'available' });
    expect(await database.get('select state, cancelled_id from payouts where id = 1')).toEqual({
      state: 'cancelled',
      cancelled_id: 1n,
    });
    await database.close();
  }
});
