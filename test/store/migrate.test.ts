import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { LEDGER_MIGRATIONS, openLedger } from '../../src/store/ledger-database.ts';
import { type Migration, migrate, splitStatements } from '../../src/store/migrate.ts';
import { script, storeBundle, tempFolder } from './folder.ts';

const NOW = '2026-11-20T10:00:00.000Z';

async function open(path = join(tempFolder(), 'a.db')): Promise<Database> {
  const database = await openDatabase({ path, application_id: 7, noun: 'ledger', create: true });
  onTestFinished(() => database.close());
  return database;
}

const first: Migration = {
  version: 1,
  name: '0001_first',
  statements: 'create table a (x integer) strict;\n',
};
const second: Migration = {
  version: 2,
  name: '0002_second',
  statements: 'create table b (x integer) strict;\ninsert into b values (1);\n',
};

const tables = async (database: Database) =>
  (
    await database.all<{ name: string }>("select name from sqlite_master where type = 'table' order by name")
  ).map((row) => row.name);

describe('migrations', () => {
  test('are applied once each, in order, however often', async () => {
    const database = await open();
    await migrate(database, [first], NOW);
    await migrate(database, [first, second], '2026-11-21T10:00:00.000Z');
    await migrate(database, [first, second], '2026-11-22T10:00:00.000Z');
    expect(
      await database.all('select version, name, applied_at from schema_migrations order by version'),
    ).toEqual([
      { version: 1n, name: '0001_first', applied_at: NOW },
      { version: 2n, name: '0002_second', applied_at: '2026-11-21T10:00:00.000Z' },
    ]);
    expect(await database.all('select x from b')).toEqual([{ x: 1n }]);
  });

  test('that fail leave nothing of themselves', async () => {
    const database = await open();
    const broken = {
      ...second,
      statements: 'create table b (x integer) strict;\ncreate table a (again integer) strict;\n',
    };
    await expect(migrate(database, [first, broken], NOW)).rejects.toThrow('already exists');
    expect(await tables(database)).toEqual(['a', 'schema_migrations']);
    await migrate(database, [first, second], NOW);
    expect(await tables(database)).toEqual(['a', 'b', 'schema_migrations']);
  });

  test('of a newer payrun are refused, and nothing is changed', async () => {
    const database = await open();
    await migrate(database, [first, second], NOW);
    const error = await migrate(database, [first], NOW).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PayrunError);
    expect(error).toMatchObject({
      kind: 'usage',
      code: 'ledger_newer',
      message: expect.stringContaining('schema 2'),
    });
    expect(await tables(database)).toEqual(['a', 'b', 'schema_migrations']);
  });

  test('that were changed after they were applied are refused', async () => {
    const database = await open();
    await migrate(database, [first], NOW);
    const changed = { ...first, statements: 'create table a (x text) strict;\n' };
    await expect(migrate(database, [changed], NOW)).rejects.toMatchObject({ code: 'ledger_foreign' });
  });

  test('run at once by several processes end with one schema', async () => {
    const path = join(tempFolder(), 'payrun.db');
    // The file is there and ours, but nothing is in it yet: all of them have everything to do.
    const empty = await openDatabase({ path, application_id: 0x70617972, noun: 'ledger', create: true });
    await empty.close();
    const text = `
      const { openLedger } = await import(process.argv[1]);
      const database = await openLedger(process.argv[2], '${NOW}');
      console.log((await database.all('select version from schema_migrations')).length, (await database.all('select count(*) as n from payouts'))[0].n);
      await database.close();`;
    const bundle = await storeBundle();
    const runs = await Promise.all(Array.from({ length: 4 }, () => script(text, [bundle, path]).done));
    expect(runs.map((run) => run.output)).toEqual(Array(4).fill(`${LEDGER_MIGRATIONS.length} 0n\n`));
  });

  test('killed at any moment are finished by the next start', async () => {
    const path = join(tempFolder(), 'payrun.db');
    const text = `
      const { openLedger } = await import(process.argv[1]);
      console.log('begun');
      await openLedger(process.argv[2], '${NOW}', { create: true });
      console.log('done');`;
    const bundle = await storeBundle();
    for (let turn = 0; turn < 5; turn += 1) {
      const run = script(text, [bundle, `${path}${turn}`]);
      await run.firstLine;
      await new Promise((resolve) => setTimeout(resolve, turn));
      run.child.kill('SIGKILL');
      await run.done;
      const database = await openLedger(`${path}${turn}`, NOW, { create: true });
      expect(await database.all('select version from schema_migrations')).toHaveLength(
        LEDGER_MIGRATIONS.length,
      );
      expect(await database.integrityProblems()).toEqual([]);
      await database.close();
    }
  });
});

describe('a migration’s text', () => {
  test('is cut at the ends of its statements, and not inside a trigger', () => {
    const text = `-- A comment; with a semicolon.

create table a (
  -- why
  x integer -- not; the end
) strict;
create trigger t before update on a
begin
  select raise(abort, 'no; never');
end;
create index i on a (x);
`;
    expect(splitStatements(text).map((statement) => statement.split('\n')[0])).toEqual([
      'create table a (',
      'create trigger t before update on a',
      'create index i on a (x);',
    ]);
  });

  test('of every one that we have is whole statements', () => {
    for (const { statements } of LEDGER_MIGRATIONS) {
      for (const statement of splitStatements(statements))
        expect(statement).toMatch(/^(create|insert|alter|update|drop)\b[\s\S]*;$/i);
    }
  });
});
