import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Bug } from '../../src/domain/errors.ts';
import { chainHead } from '../../src/store/chain.ts';
import type { Database } from '../../src/store/database.ts';
import { postEntries } from '../../src/store/ledger.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { balanceOf, listAccounts, listBalances } from '../../src/store/ledger-queries.ts';
import {
  AMOUNT,
  AVAILABLE,
  BOOKING,
  handEntry,
  IN_TRANSIT,
  insertPayouts,
  moveEntries,
} from './ledger-rows.ts';

let folder: string;
let database: Database;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-ledger-'));
  database = await openLedger(join(folder, 'payrun.db'), '2026-11-20T00:00:00.000Z', { create: true });
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (...entries: Parameters<typeof postEntries>[1][number][]) =>
  database.transaction((tx) => postEntries(tx, entries));

describe('posting', () => {
  test('answers ids in order, opens accounts and derives balances', async () => {
    await insertPayouts(database, ['paid', 'in_transit']);
    expect(
      await post(...moveEntries(1, 'available', 'paid'), ...moveEntries(2, 'available', 'in_transit')),
    ).toEqual([1n, 2n, 3n]);
    expect(await post(handEntry('J1', AVAILABLE, 'assets:bank:hdfc', 500000n))).toEqual([4n]);
    expect(await balanceOf(database, AVAILABLE, 'INR')).toBe(500000n - 2n * AMOUNT);
    expect(await balanceOf(database, IN_TRANSIT, 'INR')).toBe(AMOUNT);
    expect(await balanceOf(database, BOOKING, 'INR')).toBe(AMOUNT);
    const accounts = await listAccounts(database);
    expect(accounts.map(({ account, class: kind, posting_count }) => [account, kind, posting_count])).toEqual(
      [
        ['assets:bank:hdfc', 'assets', 1n],
        [AVAILABLE, 'assets', 3n],
        [IN_TRANSIT, 'assets', 3n],
        [BOOKING, 'expenses', 1n],
      ],
    );
  });

  test('nothing is nothing', async () => {
    expect(await post()).toEqual([]);
    expect((await chainHead(database)).length).toBe(0n);
  });

  test('an event of a cycle of an attempt is posted once, and the whole transaction ends with the second', async () => {
    await insertPayouts(database, ['in_transit', 'in_transit']);
    await post(...moveEntries(1, 'available', 'in_transit'));
    const before = await chainHead(database);
    const again = post(
      ...moveEntries(2, 'available', 'in_transit'),
      ...moveEntries(1, 'available', 'in_transit'),
    );
    await expect(again).rejects.toThrow(Bug);
    await expect(again).rejects.toThrow(/"submitted" of p-1/);
    expect(await balanceOf(database, IN_TRANSIT, 'INR')).toBe(AMOUNT);
    expect(await chainHead(database)).toEqual(before);
  });

  test('the same event in the next cycle, or of the next attempt, is another', async () => {
    await insertPayouts(database, ['in_transit']);
    const payout = (attempt_no: number, cycle: number) => ({ payout: { payout_id: 1n, attempt_no, cycle } });
    await post(...moveEntries(1, 'available', 'in_transit'));
    await post(...moveEntries(1, 'available', 'in_transit', payout(1, 2)));
    await post(...moveEntries(1, 'available', 'in_transit', payout(2, 1)));
    expect(await balanceOf(database, IN_TRANSIT, 'INR')).toBe(3n * AMOUNT);
  });

  test('an entry that does not balance is a bug and writes nothing', async () => {
    const bad = handEntry('J1', AVAILABLE, 'assets:bank:hdfc', 5n);
    const unbalanced = {
      ...bad,
      postings: [...bad.postings, { account: AVAILABLE, amount_minor: 1n, currency: 'INR' }],
    };
    await expect(post(unbalanced)).rejects.toThrow(/out of balance by 1 minor/);
    expect(await listAccounts(database)).toEqual([]);
  });

  test('an account whose name is none is not opened', async () => {
    await expect(post(handEntry('J1', 'Assets:Bank', 'assets:bank:hdfc', 5n))).rejects.toThrow(
      /no account's name/,
    );
  });

  test('amounts keep their last digit', async () => {
    await post(handEntry('J1', 'assets:a', 'assets:b', 9007199254740993n));
    expect(await balanceOf(database, 'assets:a', 'INR')).toBe(9007199254740993n);
  });

  test('two writers at once take different places in the chain', async () => {
    const other = await openLedger(join(folder, 'payrun.db'), '2026-11-20T00:00:00.000Z');
    const write = (to: Database, name: string) =>
      Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          to.transaction((tx) => postEntries(tx, [handEntry(`${name}${index}`, 'assets:a', 'assets:b', 1n)])),
        ),
      );
    const ids = (await Promise.all([write(database, 'x'), write(other, 'y')])).flat(2);
    await other.close();
    expect(new Set(ids).size).toBe(40);
    // And the two accounts.
    expect((await chainHead(database)).length).toBe(42n);
    expect(await balanceOf(database, 'assets:a', 'INR')).toBe(40n);
  });
});

describe('what is posted stays', () => {
  test.each([
    "update journal_entries set description = 'x'",
    'delete from journal_entries',
    'update postings set amount_minor = amount_minor + 1',
    'delete from postings',
    "update chain set hash = 'x'",
    'delete from chain',
  ])('the database refuses: %s', async (statement) => {
    await post(handEntry('J1', 'assets:a', 'assets:b', 5n));
    await expect(database.transaction((tx) => tx.run(statement))).rejects.toThrow(/never|reverse/);
  });
});

describe('balances', () => {
  beforeEach(async () => {
    await post(
      handEntry('J1', 'assets:bank:a', 'equity:opening-balances', 100n, { booked_on: '2026-11-01' }),
      handEntry('J2', 'assets:bank:ab', 'assets:bank:a', 30n, { booked_on: '2026-11-02' }),
      handEntry('J3', 'assets:bank:a:x', 'assets:bank:a', 70n, { booked_on: '2026-11-03' }),
    );
  });
  const balances = async (as_of: string | null, account: string | null) =>
    (await listBalances(database, { as_of, account, tag: null })).map((row) => [
      row.account,
      row.debit_minor - row.credit_minor,
    ]);

  test('are as of the end of a day', async () => {
    expect(await balances('2026-11-02', null)).toEqual([
      ['assets:bank:a', 70n],
      ['assets:bank:ab', 30n],
      ['equity:opening-balances', -100n],
    ]);
    expect(await balanceOf(database, 'assets:bank:a', 'INR', '2026-10-31')).toBe(0n);
  });

  test('list an account at zero, and those below the asked one but not those beside it', async () => {
    expect(await balances(null, 'assets:bank:a')).toEqual([
      ['assets:bank:a', 0n],
      ['assets:bank:a:x', 70n],
    ]);
  });
});
