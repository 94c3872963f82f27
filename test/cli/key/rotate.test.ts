import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openFormerAccount } from '../../../src/operations/beneficiary-seals.ts';
import { importBeneficiaries } from '../../../src/operations/import-beneficiaries.ts';
import { rotateKey } from '../../../src/operations/rotate-key.ts';
import type { Database, Transaction } from '../../../src/store/database.ts';
import { formerAccountsOf } from '../../../src/store/former-accounts.ts';
import { holdRunner } from '../../../src/store/runner.ts';
import { vaultKeys } from '../../../src/store/vault-keys.ts';
import { readKeyFile } from '../../../src/vault/key-file.ts';
import { openVault } from '../../../src/vault/vault.ts';
import { asMade, type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

const ACTOR = { name: 'asha', os_user: 'asha', host: 'h' };
const ROWS = 1201;

async function officeWith(rows: number): Promise<Office> {
  const office = await openOffice();
  await asMade(`people ${rows}`, office.folder, () => importPeople(office, rows, '9000'));
  return office;
}

async function importPeople(office: Office, rows: number, bank: string): Promise<void> {
  const lines = Array.from(
    { length: rows },
    (_, index) =>
      `b-${index},Person ${index},${bank}${String(index).padStart(8, '0')},HDFC0000001,p${index}@example.com`,
  );
  office.write('people.csv', `beneficiary_ref,name,account_number,ifsc,email\n${lines.join('\n')}\n`);
  const ran = await office.payrun('beneficiary', 'import', 'people.csv', '--allow-changes', '--json');
  if (ran.exit !== 0) throw new Error(ran.stdout);
}

async function accounts(office: Office): Promise<string[]> {
  const ran = await office.payrun(
    'beneficiary',
    'list',
    '--reveal',
    '--reason',
    'test',
    '--format',
    'ndjson',
  );
  expect(ran.exit, ran.stderr).toBe(0);
  return ran.lines<{ account: string }>().map((row) => row.account);
}

const keysUsed = (database: Database) =>
  database.all<{ key: string; rows: bigint }>(
    `select key, count(*) as rows from (
       select substr(account_sealed, 1, 5) as key from beneficiaries union all
       select substr(email_sealed, 1, 5) from beneficiaries) sealed group by key order by key`,
  );

/** The rotation as a process that dies when its `at`-th transaction has begun to write, or just after it was stored. */
function dyingAfter(database: Database, at: number, when: 'before commit' | 'after commit'): Database {
  let count = 0;
  return {
    ...Object.fromEntries(
      (['all', 'get', 'tuples', 'each', 'hasTable', 'integrityProblems', 'copyTo', 'close'] as const).map(
        (name) => [
          name,
          (...args: unknown[]) => (database[name] as (...each: unknown[]) => unknown)(...args),
        ],
      ),
    ),
    path: database.path,
    transaction: async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
      count += 1;
      if (count !== at) return database.transaction(work);
      const result = await database.transaction(async (tx) => {
        const done = await work(tx);
        if (when === 'before commit') throw new Error('killed');
        return done;
      });
      throw new Error(`killed after ${String(result)}`);
    },
  } as Database;
}

async function formerAccounts(office: Office): Promise<string[]> {
  return office.ledger(async (database) => {
    const keys = await vaultKeys(database);
    const vault = openVault(readKeyFile(join(office.folder, 'payrun.key')), keys, randomBytes);
    const ids = await database.all<{ id: bigint }>('select id from beneficiaries');
    const former = await formerAccountsOf(
      database,
      ids.map(({ id }) => id),
    );
    return former.map((each) => openFormerAccount(vault, each));
  });
}

async function rotated(office: Office, database: Database, held: Database): Promise<unknown> {
  const runner = await holdRunner(held, { pid: 1, actor: ACTOR, command: 'key rotate', since: 'now' });
  try {
    return await rotateKey({
      ...{ database, runner, actor: ACTOR, key: readKeyFile(join(office.folder, 'payrun.key')), randomBytes },
      now: () => '2026-11-21T10:00:00.000Z',
      stop: new AbortController().signal,
      onProgress: () => undefined,
    });
  } finally {
    runner.release();
  }
}

describe('key rotate', () => {
  test('seals everything anew, removes the old key, and every account opens as before', async () => {
    const office = await officeWith(ROWS);
    const before = await accounts(office);
    const ran = await office.payrun('key', 'rotate', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('key rotate', ran.json());
    expect(ran.json().data).toEqual({ rows: ROWS, resealed: ROWS, key: 2 });
    expect(await accounts(office)).toEqual(before);
    await office.ledger(async (database) => {
      expect(await keysUsed(database)).toEqual([{ key: 'v1:2:', rows: BigInt(2 * ROWS) }]);
      expect((await vaultKeys(database)).map((key) => key.id)).toEqual([2n]);
    });
    const decided = await office.ledger((database) =>
      database.all<{ action: string }>(
        "select action from audit_events where subject_kind = 'key' order by id",
      ),
    );
    expect(decided.map((event) => event.action)).toEqual(['key_rotation_begun', 'key_rotated']);
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
    // The same file again is the same: fingerprints survive a new data key.
    const again = await office.payrun('beneficiary', 'import', 'people.csv', '--json');
    expect(again.json().data).toMatchObject({ unchanged: ROWS, changed: 0 });
  });

  test.each(
    [1, 2, 3, 4, 5, 6].flatMap((at) =>
      (['before commit', 'after commit'] as const).map((when) => [at, when] as const),
    ),
  )('killed at its transaction %i, %s, it goes on where it was', async (at, when) => {
    const office = await officeWith(ROWS);
    const before = await accounts(office);
    await office.ledger(async (database) => {
      const runner = await holdRunner(database, {
        pid: 1,
        actor: ACTOR,
        command: 'key rotate',
        since: 'now',
      });
      await expect(
        rotateKey({
          database: dyingAfter(database, at, when),
          runner,
          actor: ACTOR,
          key: readKeyFile(join(office.folder, 'payrun.key')),
          randomBytes,
          now: () => '2026-11-21T10:00:00.000Z',
          stop: new AbortController().signal,
          onProgress: () => undefined,
        }),
      ).rejects.toThrow('killed');
      runner.release();
    });
    expect(await accounts(office)).toEqual(before);
    const ran = await office.payrun('key', 'rotate', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    // Only a rotation that had not begun, or that had ended, makes another key.
    const key = at === 6 && when === 'after commit' ? 3 : 2;
    expect(ran.json().data.key).toBe(key);
    expect(await accounts(office)).toEqual(before);
    await office.ledger(async (database) => {
      expect(await keysUsed(database)).toEqual([{ key: `v1:${key}:`, rows: BigInt(2 * ROWS) }]);
      expect((await vaultKeys(database)).map(({ id }) => id)).toEqual([BigInt(key)]);
    });
  });

  test.each([
    5, 6,
  ])('killed at its transaction %i, it goes on with the former accounts where it was', async (at) => {
    const office = await officeWith(501);
    await importPeople(office, 501, '9111');
    const before = await formerAccounts(office);
    expect(before).toHaveLength(501);
    expect(before).toContain('900000000007');
    await office.ledger(async (database) => {
      const rotation = rotated(office, dyingAfter(database, at, 'after commit'), database);
      await expect(rotation).rejects.toThrow('killed');
    });
    expect(await formerAccounts(office)).toEqual(before);
    const ran = await office.payrun('key', 'rotate', '--json');
    expect(ran.json().data).toEqual({ rows: 1002, resealed: at === 5 ? 1 : 0, key: 2 });
    expect(await formerAccounts(office)).toEqual(before);
    const keys = await office.ledger((database) =>
      database.all('select distinct substr(account_sealed, 1, 5) as key from former_accounts'),
    );
    expect(keys).toEqual([{ key: 'v1:2:' }]);
    expect((await office.payrun('audit', 'verify')).exit).toBe(0);
  });

  test('stops at a signal between two steps, and says how to go on', async () => {
    const office = await officeWith(ROWS);
    const stop = new AbortController();
    const rotated = await office.ledger(async (database) => {
      const runner = await holdRunner(database, {
        pid: 1,
        actor: ACTOR,
        command: 'key rotate',
        since: 'now',
      });
      const key = readKeyFile(join(office.folder, 'payrun.key'));
      const now = () => '2026-11-21T10:00:00.000Z';
      const onProgress = () => stop.abort('SIGINT');
      const ended = await rotateKey({
        database,
        runner,
        actor: ACTOR,
        key,
        randomBytes,
        now,
        stop: stop.signal,
        onProgress,
      });
      runner.release();
      return ended;
    });
    expect(rotated).toMatchObject({ rows: ROWS, resealed: 500, complete: false });
    const rest = await office.payrun('key', 'rotate', '--json');
    expect(rest.json().data).toEqual({ rows: ROWS, resealed: ROWS - 500, key: 2 });
  });

  test('leaves no account number in plain text in any file', async () => {
    const office = await officeWith(20);
    await office.payrun('key', 'rotate');
    for (const name of readdirSync(office.folder).filter((each) => each.startsWith('payrun.db'))) {
      expect(readFileSync(join(office.folder, name)).includes('900000000007'), name).toBe(false);
    }
  });

  test('waits for no submission: exit 7', async () => {
    const office = await officeWith(3);
    await office.ledger(async (database) => {
      const runner = await holdRunner(database, {
        pid: 1,
        actor: ACTOR,
        command: 'batch submit',
        since: 'now',
      });
      const ran = await office.payrun('key', 'rotate', '--json');
      expect(ran.exit).toBe(7);
      expect(ran.json().error.code).toBe('ledger_locked');
      runner.release();
    });
  });

  test('an import that sealed before it and stores after it is refused, and not lost', async () => {
    const office = await officeWith(3);
    const key = readKeyFile(join(office.folder, 'payrun.key'));
    await office.ledger(async (database) => {
      const vault = openVault(key, await vaultKeys(database), randomBytes);
      expect((await office.payrun('key', 'rotate')).exit).toBe(0);
      const deps = { database, vault, now: () => '2026-11-21T10:00:00.000Z', actor: ACTOR };
      const bytes = Buffer.from(
        'beneficiary_ref,name,account_number,ifsc\nlate,Late,123456789012,HDFC0000001\n',
      );
      const late = importBeneficiaries(deps, { name: 'late.csv', bytes }, { allow_changes: false });
      await expect(late).rejects.toMatchObject({ code: 'key_rotated' });
      expect(await keysUsed(database)).toEqual([{ key: 'v1:2:', rows: 6n }]);
    });
  });

  test('a rehearsal changes nothing', async () => {
    const office = await officeWith(3);
    const ran = await office.payrun('key', 'rotate', '--dry-run', '--json');
    expect(ran.json().data).toEqual({ rows: 3, resealed: 0, key: 1 });
    await office.ledger(async (database) => {
      expect(await keysUsed(database)).toEqual([{ key: 'v1:1:', rows: 6n }]);
    });
  });
});
