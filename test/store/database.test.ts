import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import {
  type Database,
  engineVersions,
  inList,
  isConstraintViolation,
  listParam,
  type OpenOptions,
  openDatabase,
} from '../../src/store/database.ts';
import { LEDGER_MIGRATIONS, openLedger } from '../../src/store/ledger-database.ts';
import { script, storeBundle, tempFolder } from './folder.ts';

const NOW = '2026-11-20T10:00:00.000Z';

async function open(path: string, options: Partial<OpenOptions> = {}): Promise<Database> {
  const database = await openDatabase({ path, application_id: 7, noun: 'ledger', create: true, ...options });
  onTestFinished(() => database.close());
  return database;
}

async function openWithTable(options: Partial<OpenOptions> = {}): Promise<Database> {
  const database = await open(options.path ?? join(tempFolder(), 'a.db'), options);
  await database.transaction((tx) =>
    tx.run('create table if not exists t (id integer primary key, v text) strict'),
  );
  return database;
}

async function refusal(work: Promise<unknown>): Promise<PayrunError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PayrunError)) throw new Error(`no refusal but ${String(error)}`);
  return error;
}

const ids = (database: Database) =>
  database.all<{ id: bigint }>('select id from t order by id').then((rows) => rows.map((row) => row.id));

describe('opening', () => {
  test('sets what durability and safety rest on, for the writer and for nobody else to find otherwise', async () => {
    const database = await openWithTable();
    const pragmas = await database.transaction(async (tx) => {
      const found: Record<string, unknown> = {};
      for (const name of [
        'journal_mode',
        'synchronous',
        'foreign_keys',
        'trusted_schema',
        'cell_size_check',
        'secure_delete',
        'temp_store',
      ])
        found[name] = Object.values(
          (await tx.get<Record<string, unknown>>(`select * from pragma_${name}`)) ?? {},
        )[0];
      return found;
    });
    expect(pragmas).toEqual({
      journal_mode: 'wal',
      synchronous: 2n,
      foreign_keys: 1n,
      trusted_schema: 0n,
      cell_size_check: 1n,
      secure_delete: 1n,
      temp_store: 2n,
    });
  });

  test('makes files that only their owner can read', async () => {
    const database = await openWithTable();
    for (const suffix of ['', '-wal', '-shm']) {
      expect(statSync(database.path + suffix).mode & 0o777).toBe(0o600);
    }
  });

  test('comes with an engine that does not corrupt what two processes write', () => {
    const [major = 0, minor = 0, patch = 0] = engineVersions().sqlite.split('.').map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(3_051_003);
  });

  test('at once from several processes ends well for each of them', async () => {
    const path = join(tempFolder(), 'payrun.db');
    const text = `
      const { openLedger } = await import(process.argv[1]);
      const database = await openLedger(process.argv[2], '${NOW}', { create: true });
      console.log((await database.all('select version from schema_migrations')).length);
      await database.close();`;
    const bundle = await storeBundle();
    const runs = await Promise.all(Array.from({ length: 4 }, () => script(text, [bundle, path]).done));
    expect(runs.map((run) => run.output)).toEqual(Array(4).fill(`${LEDGER_MIGRATIONS.length}\n`));
    const database = await openLedger(path, NOW);
    onTestFinished(() => database.close());
    expect(await database.integrityProblems()).toEqual([]);
  });
});

describe('a file that is no ledger is left alone', () => {
  test('when there is none', async () => {
    const path = join(tempFolder(), 'a.db');
    expect(await refusal(open(path, { create: false }))).toMatchObject({
      kind: 'usage',
      code: 'ledger_missing',
    });
    expect(existsSync(path)).toBe(false);
  });

  test('when it is another program’s database', async () => {
    const path = join(tempFolder(), 'a.db');
    const other = new SqliteDatabase(path);
    other.exec('create table theirs (a)');
    other.close();
    const before = readFileSync(path);
    for (const create of [true, false])
      expect(await refusal(open(path, { create }))).toMatchObject({ kind: 'usage', code: 'ledger_foreign' });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('when it has another application’s mark', async () => {
    const { path } = await openWithTable();
    expect((await refusal(open(path, { application_id: 8 }))).code).toBe('ledger_foreign');
  });

  test('when it is no database, or a folder', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a.db');
    writeFileSync(path, 'reference_id,amount\nx,1\n'.repeat(100));
    mkdirSync(join(folder, 'b.db'));
    expect((await refusal(open(path))).code).toBe('ledger_foreign');
    expect((await refusal(open(join(folder, 'b.db')))).code).toBe('ledger_foreign');
  });

  test('when it is empty and nobody asked for a new one: a lost ledger is not replaced in silence', async () => {
    const path = join(tempFolder(), 'a.db');
    writeFileSync(path, '');
    expect((await refusal(open(path, { create: false }))).code).toBe('ledger_foreign');
  });
});

describe('a damaged file', () => {
  async function damaged(damage: (path: string) => void): Promise<string> {
    const path = join(tempFolder(), 'payrun.db');
    const database = await openLedger(path, NOW, { create: true });
    await database.close();
    damage(path);
    return path;
  }

  test('that lost its end is refused or found', async () => {
    const path = await damaged((file) => truncateSync(file, 8192));
    const found = await openLedger(path, NOW).then(
      async (database) => {
        onTestFinished(() => database.close());
        return (await database.integrityProblems()).join('\n');
      },
      (error: PayrunError) => error.code,
    );
    expect(found).not.toBe('');
  });

  test('is named as damaged, with the way out', async () => {
    const path = await damaged((file) => {
      const bytes = readFileSync(file);
      // The schema's root page: its cell count becomes one that cannot be.
      bytes.writeUInt16BE(0xffff, 103);
      writeFileSync(file, bytes);
    });
    const error = await refusal(openLedger(path, NOW));
    expect(error).toMatchObject({ kind: 'failed', code: 'ledger_damaged' });
    expect(error.hint).toContain('backup');
  });
});

// Root may write everywhere, so that the process which tries gives its rights up first.
test('a folder that cannot be written is named before anything is done', async () => {
  const folder = tempFolder();
  const path = join(folder, 'payrun.db');
  const database = await openLedger(path, NOW, { create: true });
  await database.close();
  chmodSync(path, 0o444);
  chmodSync(folder, 0o555);
  onTestFinished(() => chmodSync(folder, 0o755));
  const text = `
    const { openLedger } = await import(process.argv[1]);
    // The driver is loaded with the first database, from where nobody else may read perhaps.
    await (await openLedger(':memory:', '${NOW}', { create: true })).close();
    if (process.getuid() === 0) process.setuid(65534);
    const codes = [];
    for (const [name, create] of [['payrun.db', false], ['new.db', true]])
      await openLedger(process.argv[2] + '/' + name, '${NOW}', { create }).catch((error) => codes.push(error.kind + ' ' + error.code));
    console.log(codes.join(', '));`;
  const run = await script(text, [await storeBundle(), folder]).done;
  expect(run.output).toBe('failed folder_unwritable, failed folder_unwritable\n');
});

describe('a transaction', () => {
  test('keeps nothing when its work fails, and the next one goes on', async () => {
    const database = await openWithTable();
    const work = database.transaction(async (tx) => {
      await tx.run('insert into t (id) values (1)');
      await Promise.resolve();
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    await database.transaction((tx) => tx.run('insert into t (id) values (2)'));
    expect(await ids(database)).toEqual([2n]);
  });

  test('that breaks a constraint keeps nothing, and says that it was one', async () => {
    const database = await openWithTable();
    const error = await database
      .transaction(async (tx) => {
        await tx.run('insert into t (id) values (1)');
        await tx.run('insert into t (id) values (1)');
      })
      .catch((reason: unknown) => reason);
    expect(isConstraintViolation(error)).toBe(true);
    expect(await ids(database)).toEqual([]);
  });

  test('is alone, however many are begun at once and however long they wait', async () => {
    const database = await openWithTable();
    await database.transaction((tx) => tx.run("insert into t (id, v) values (1, '0')"));
    const addOne = () =>
      database.transaction(async (tx) => {
        const row = await tx.get<{ v: string }>('select v from t where id = 1');
        // What another transaction did in between would be lost.
        await new Promise((resolve) => setImmediate(resolve));
        await tx.run('update t set v = :v where id = 1', { v: String(Number(row?.v) + 1) });
      });
    await Promise.all(Array.from({ length: 50 }, addOne));
    expect(await database.get('select v from t')).toEqual({ v: '50' });
  });

  test('that meets a full disk is the last one: nothing is written any more by this process', async () => {
    const database = await openWithTable();
    await database.transaction((tx) => tx.get('pragma max_page_count = 1'));
    const add = (v: string) => database.transaction((tx) => tx.run('insert into t (v) values (:v)', { v }));
    await expect(add('x'.repeat(500_000))).rejects.toMatchObject({ code: 'ledger_io' });
    await database.transaction((tx) => tx.get('pragma max_page_count = 9999')).catch(() => undefined);
    await expect(add('y')).rejects.toMatchObject({ code: 'ledger_io' });
    expect(await database.all('select v from t')).toEqual([]);
  });

  test('that fails does not take its neighbours with it', async () => {
    const database = await openWithTable();
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) =>
        database.transaction(async (tx) => {
          await tx.run('insert into t (id) values (:id)', { id: index });
          await new Promise((resolve) => setImmediate(resolve));
          if (index % 2 === 1) throw new Error('odd');
        }),
      ),
    );
    expect(results.map((result) => result.status === 'fulfilled')).toEqual(
      results.map((_, index) => index % 2 === 0),
    );
    expect(await ids(database)).toEqual([0n, 2n, 4n, 6n, 8n]);
  });

  test('is seen by others only when it has ended', async () => {
    const database = await openWithTable();
    let seen: bigint[] | undefined;
    await database.transaction(async (tx) => {
      await tx.run('insert into t (id) values (1)');
      seen = await ids(database);
    });
    expect(seen).toEqual([]);
    expect(await ids(database)).toEqual([1n]);
  });

  test('in memory is not read in the middle either', async () => {
    const database = await openWithTable({ path: ':memory:' });
    const writing = database.transaction(async (tx) => {
      await tx.run('insert into t (id) values (1)');
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('no');
    });
    const [, seen] = await Promise.all([writing.catch(() => undefined), ids(database)]);
    expect(seen).toEqual([]);
  });

  test('is rehearsed whole and kept not at all', async () => {
    const { path } = await openWithTable();
    const rehearsal = await open(path, { rehearse: true, create: false });
    const inside = await rehearsal.transaction(async (tx) => {
      await tx.run('insert into t (id) values (1)');
      return tx.all('select id from t');
    });
    expect(inside).toEqual([{ id: 1n }]);
    expect(await ids(rehearsal)).toEqual([]);
  });
});

describe('values', () => {
  test('beyond 2^53 keep every digit, also in lists', async () => {
    const database = await openWithTable();
    const large = [2n ** 53n + 1n, 2n ** 63n - 1n];
    await database.transaction((tx) =>
      tx.runMany(
        'insert into t (id) values (:id)',
        large.map((id) => ({ id })),
      ),
    );
    expect(
      await database.all(`select id from t where id in (${inList('ids')}) order by id`, {
        ids: listParam(large),
      }),
    ).toEqual(large.map((id) => ({ id })));
  });

  test('are never read as SQL', async () => {
    const database = await openWithTable();
    const hostile = ["'); drop table t; --", '"', '\\', '[1]', 'a,b', '\u2028', '😀'];
    await database.transaction((tx) =>
      tx.runMany(
        'insert into t (v) values (:v)',
        hostile.map((v) => ({ v })),
      ),
    );
    const found = await database.all<{ v: string }>(
      `select v from t where v in (${inList('v')}) order by id`,
      { v: listParam(hostile) },
    );
    expect(found.map((row) => row.v)).toEqual(hostile);
  });

  test('come one by one where there are many', async () => {
    const database = await openWithTable();
    await database.transaction((tx) =>
      tx.runMany(
        'insert into t (id) values (:id)',
        Array.from({ length: 5000 }, (_, id) => ({ id })),
      ),
    );
    let sum = 0n;
    for await (const row of database.each<{ id: bigint }>('select id from t')) {
      sum += row.id;
      // Writing meanwhile is nobody's trouble.
      if (row.id === 10n) await database.transaction((tx) => tx.run('insert into t (id) values (99999)'));
    }
    expect(sum).toBe((4999n * 5000n) / 2n);
  });
});
