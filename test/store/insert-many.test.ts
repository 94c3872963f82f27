import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/database.ts';
import { tempFolder } from './folder.ts';

async function openTable() {
  const database = await openDatabase({
    path: join(tempFolder(), 'x.db'),
    application_id: 1,
    noun: 'file',
    create: true,
  });
  await database.transaction((tx) =>
    tx.run(
      'create table things (id integer primary key, name text not null, amount_minor integer, kind text not null) strict',
    ),
  );
  return database;
}

const COLUMNS = ['id', 'name', 'amount_minor'];

describe('insertMany', () => {
  test.each([0, 1, 49, 50, 51, 100, 123])('inserts %i rows, each with its own values', async (count) => {
    const database = await openTable();
    const rows = Array.from({ length: count }, (_, index) => [
      BigInt(index + 1),
      `it's "${index}" ☃`,
      index % 3 === 0 ? null : BigInt(index),
    ]);
    const changes = await database.transaction((tx) =>
      tx.insertMany('things', COLUMNS, rows, { kind: 'all' }),
    );
    expect(changes).toBe(count);
    const stored = await database.all<Record<string, unknown>>(
      'select id, name, amount_minor, kind from things order by id',
    );
    expect(stored).toEqual(rows.map(([id, name, amount_minor]) => ({ id, name, amount_minor, kind: 'all' })));
    await database.close();
  });

  test('integers of 64 bits lose no digit', async () => {
    const database = await openTable();
    await database.transaction((tx) =>
      tx.insertMany('things', COLUMNS, [[1n, 'large', 9223372036854775807n]], { kind: 'x' }),
    );
    expect(await database.get('select amount_minor from things')).toEqual({
      amount_minor: 9223372036854775807n,
    });
    await database.close();
  });

  test('one refused row takes them all back', async () => {
    const database = await openTable();
    const rows = [...Array(120).keys()].map((index) => [BigInt(index === 110 ? 5 : index), 'x', null]);
    await expect(
      database.transaction((tx) => tx.insertMany('things', COLUMNS, rows, { kind: 'x' })),
    ).rejects.toThrow(/UNIQUE/);
    expect(await database.all('select id from things')).toEqual([]);
    await database.close();
  });

  test.each([
    1, 64, 200,
  ])('of %i rows, those whose key is known are left out and not counted', async (count) => {
    const database = await openTable();
    const rows = (kept: string, step: number) =>
      Array.from({ length: count }, (_, index) => [BigInt(index * step), kept, null]);
    const insert = (values: ReturnType<typeof rows>, unlessKnown?: string[]) =>
      database.transaction((tx) => tx.insertMany('things', COLUMNS, values, { kind: 'x' }, unlessKnown));
    expect(await insert(rows('first', 2), ['id'])).toBe(count);
    // Every other one of these is there already, and the row that was first stays.
    expect(await insert(rows('second', 1), ['id'])).toBe(Math.floor(count / 2));
    const stored = await database.all<{ id: bigint; name: string }>('select id, name from things');
    expect(stored.every(({ id, name }) => (name === 'first') === (id % 2n === 0n))).toBe(true);
    expect(stored).toHaveLength(count + Math.floor(count / 2));
    await expect(insert(rows('third', 1))).rejects.toThrow(/UNIQUE/);
    await database.close();
  });
});
