import { expect, test } from 'vitest';
import { type Database, openDatabase } from '../../src/store/database.ts';

async function table(): Promise<Database> {
  const database = await openDatabase({ path: ':memory:', application_id: 1, noun: 'file', create: true });
  await database.transaction((tx) =>
    tx.run(
      'create table things (id integer primary key, name text, other text, amount_minor integer) strict',
    ),
  );
  return database;
}

test('a value is bound by its name, wherever and however often the name stands', async () => {
  const database = await table();
  await database.transaction(async (tx) => {
    await tx.run(
      'insert into things (name, id, other, amount_minor) values (:name, :id, :name, :amount_minor)',
      { amount_minor: 9_007_199_254_740_993n, name: 'a', id: 1n },
    );
  });
  expect(
    await database.all('select * from things where name = :name and :name = other', { name: 'a' }),
  ).toEqual([{ id: 1n, name: 'a', other: 'a', amount_minor: 9_007_199_254_740_993n }]);
});

test('a colon in text, in a quoted name and in a comment names nothing', async () => {
  const database = await table();
  const sql = `select ':x' as "a:b", 'it''s :y' as c, :id as id -- and :z
    /* :w
       :v */`;
  expect(await database.get(sql, { id: 7n })).toEqual({ 'a:b': ':x', c: "it's :y", id: 7n });
});

test('a name without a value is an error, and never null', async () => {
  const database = await table();
  await expect(database.all('select :id as id', {})).rejects.toThrow('no value for :id');
});

test('rows are plain objects of their own', async () => {
  const database = await table();
  await database.transaction((tx) =>
    tx.insertMany(
      'things',
      ['id', 'name'],
      [
        [1n, 'a'],
        [2n, null],
      ],
    ),
  );
  const [first, second] = await database.all<Record<string, unknown>>(
    'select id, name from things order by id',
  );
  expect([first, second]).toEqual([
    { id: 1n, name: 'a' },
    { id: 2n, name: null },
  ]);
  expect(Object.getPrototypeOf(first)).toBe(Object.prototype);
});
