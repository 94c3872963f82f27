import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { LEDGER_MIGRATIONS, openLedger } from '../../src/store/ledger-database.ts';
import { type Migration, migrate, splitStatements } from '../../src/store/migrate.ts';
import { BATCH_SQL, BENEFICIARY_SQL } from '../operations/seed-sql.ts';
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

const STATEMENT = `insert into statements (id, provider, profile, file_name, sha256, row_count, new_count, imported_at, imported_by)
  values (1, 'nxt', 'nxtbanking', 'r.csv', 's', 2, 2, '${NOW}', 'tester')`;
const RECONCILIATION = `insert into reconciliations (id, provider, at, today_on, actor, matched_count, expected_count, open_count, new_count, closed_count, unexplained)
  values (1, 'nxt', '${NOW}', '2026-11-20', 'tester', 1, 0, 1, 1, 0, '{}')`;
const OLD_PAYOUT = `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, created_at, updated_at)
  values (1, 'pay-1', 1, 1, 2, 1, 100, 'INR', 'IMPS', 'expenses:payouts', 'nxt', 'approved', '${NOW}', '${NOW}')`;
const OLD_ATTEMPT = `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at)
  values (1, 1, 'nxt', 'pay-1', 'ben_1', '{}', 'x', '${NOW}')`;

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

  test('that put tables in the place of others keep every row and every reference', async () => {
    const path = join(tempFolder(), 'payrun.db');
    const before = await openDatabase({ path, application_id: 0x70617972, noun: 'ledger', create: true });
    await migrate(before, LEDGER_MIGRATIONS.slice(0, 12), NOW);
    const digest = (letter: string) => letter.repeat(64);
    await before.transaction(async (tx) => {
      for (const sql of [BENEFICIARY_SQL, RECONCILIATION, STATEMENT]) await tx.run(sql);
      await tx.run(BATCH_SQL, { provider: 'nxt', rows: 1 });
      await tx.run(OLD_PAYOUT);
      await tx.run(OLD_ATTEMPT);
      const line = `insert into statement_lines (id, provider, content_sha256, occurrence, amount_minor, currency, status,
        status_word, cells, superseded_by) values (:id, 'nxt', :content, 1, 9223372036854775807, 'INR', 'success', 'SUCCESS', '{}', :by)`;
      await tx.run(line, { id: 2n, content: digest('b'), by: null });
      await tx.run(line, { id: 1n, content: digest('a'), by: 2n });
      await tx.run('insert into statement_rows (statement_id, line_no, line_id) values (1, 2, 1), (1, 3, 2)');
      await tx.run(
        `insert into matches (line_id, payout_id, attempt_no, rule, reconciliation_id) values (2, 1, 1, 'utr', 1)`,
      );
      await tx.run(
        `insert into breaks (id, provider, kind, subject, state, line_id, opened_on) values (1, 'nxt', 'ambiguous', 'line:1', 'open', 1, '2026-11-20')`,
      );
    });
    await before.close();
    const after = await openLedger(path, NOW);
    onTestFinished(() => after.close());
    expect(await after.integrityProblems('full')).toEqual([]);
    expect(
      await after.all('select id, content_key, amount_minor, superseded_by from statement_lines order by id'),
    ).toEqual([
      { id: 1n, content_key: Buffer.alloc(16, 0xaa), amount_minor: 9223372036854775807n, superseded_by: 2n },
      {
        id: 2n,
        content_key: Buffer.alloc(16, 0xbb),
        amount_minor: 9223372036854775807n,
        superseded_by: null,
      },
    ]);
    expect(await after.all('select line_id, payout_id, attempt_no, rule from matches')).toEqual([
      { line_id: 2n, payout_id: 1n, attempt_no: 1n, rule: 'utr' },
    ]);
    expect(await after.all('select line_no, line_id from statement_rows order by line_no')).toHaveLength(2);
    for (const sql of ['delete from statement_lines', "update statement_lines set utr = 'x'"])
      await expect(after.transaction((tx) => tx.run(sql))).rejects.toThrow(/are never/);
    await expect(after.transaction((tx) => tx.run('delete from attempts'))).rejects.toThrow(/FOREIGN KEY/);
  });

  test('that would leave a reference to nothing leave nothing of themselves', async () => {
    const database = await open();
    const one: Migration = {
      version: 1,
      name: '0001_one',
      statements:
        'create table a (x integer primary key) strict;\ncreate table b (x integer references a (x)) strict;\ninsert into a values (1);\ninsert into b values (1);\n',
    };
    const two: Migration = {
      version: 2,
      name: '0002_two',
      statements:
        'create table c (x integer primary key) strict;\ndrop table a;\nalter table c rename to a;\n',
      replaces_tables: true,
    };
    await migrate(database, [one], NOW);
    await expect(migrate(database, [one, two], NOW)).rejects.toThrow('A row of b points to a missing row');
    expect(await database.all('select x from a')).toEqual([{ x: 1n }]);
    await expect(database.transaction((tx) => tx.run('insert into b values (2)'))).rejects.toThrow(
      /FOREIGN KEY/,
    );
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
