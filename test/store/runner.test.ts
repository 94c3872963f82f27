import { linkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { assertStillRunner, currentRunner, holdRunner } from '../../src/store/runner.ts';
import { type Script, script, storeBundle, tempFolder } from './folder.ts';

const NOW = '2026-11-20T10:00:00.000Z';
const owner = (name: string) => ({
  pid: process.pid,
  actor: { name, os_user: name, host: 'h' },
  command: 'batch submit salary',
  since: NOW,
});

async function ledger(): Promise<Database> {
  const database = await openLedger(join(tempFolder(), 'payrun.db'), NOW, { create: true });
  onTestFinished(() => database.close());
  return database;
}

/** Another process that has the lock, and keeps it. */
async function otherRunner(path: string): Promise<Script> {
  const text = `
    const { openLedger, holdRunner } = await import(process.argv[1]);
    const database = await openLedger(process.argv[2], '${NOW}');
    const runner = await holdRunner(database, { pid: process.pid, actor: { name: 'bob', os_user: 'bob', host: 'far' }, command: 'batch submit salary', since: '${NOW}' });
    console.log('epoch ' + runner.epoch);
    setInterval(() => undefined, 1000);`;
  const run = script(text, [await storeBundle(), path]);
  expect(await run.firstLine).toMatch(/^epoch \d+$/);
  return run;
}

const refusal = (database: Database) =>
  holdRunner(database, owner('anna')).then(
    () => 'held',
    (error: unknown) => (error instanceof PayrunError ? `${error.kind}: ${error.message}` : String(error)),
  );

describe('the runner’s lock', () => {
  test('is for one at a time, also within one process, and free again when it is let go', async () => {
    const database = await ledger();
    const first = await holdRunner(database, owner('anna'));
    expect(await refusal(database)).toBe(
      `locked: Somebody is submitting on this ledger: anna runs \`payrun batch submit salary\` (process ${process.pid} on h) since ${NOW}.`,
    );
    first.release();
    const second = await holdRunner(database, owner('anna'));
    expect(second.epoch).toBe(first.epoch + 1n);
    second.release();
  });

  test('is not given where the ledger has a second name, which would have a lock of its own', async () => {
    const database = await ledger();
    const second = join(tempFolder(), 'second.db');
    linkSync(database.path, second);
    expect(await refusal(database)).toMatch(/^failed: The ledger .* has 2 names \(hard links\)/);
    rmSync(second);
    const runner = await holdRunner(database, owner('anna'));
    runner.release();
  });

  test('is one lock also for a process that comes by a symbolic link', async () => {
    const database = await ledger();
    const link = join(tempFolder(), 'link.db');
    symlinkSync(database.path, link);
    await otherRunner(link);
    expect(await refusal(database)).toContain('bob runs `payrun batch submit salary`');
  });

  test('of another process is respected, and hers at once after a kill -9', async () => {
    const database = await ledger();
    const other = await otherRunner(database.path);
    expect(await refusal(database)).toContain(
      `bob runs \`payrun batch submit salary\` (process ${other.child.pid} on far)`,
    );
    other.child.kill('SIGKILL');
    await other.done;
    const started = performance.now();
    const runner = await holdRunner(database, owner('anna'));
    expect(performance.now() - started).toBeLessThan(500);
    expect((await currentRunner(database))?.actor).toBe('anna');
    runner.release();
  });

  test('stays with a process that is only stopped', async () => {
    const database = await ledger();
    const other = await otherRunner(database.path);
    other.child.kill('SIGSTOP');
    expect(await refusal(database)).toMatch(/^locked:/);
    other.child.kill('SIGCONT');
    expect(await refusal(database)).toMatch(/^locked:/);
  });

  test('tried by many at once goes to exactly one of them', async () => {
    const database = await ledger();
    const text = `
      const { openLedger, holdRunner } = await import(process.argv[1]);
      const database = await openLedger(process.argv[2], '${NOW}');
      const owner = { pid: process.pid, actor: { name: 'x', os_user: 'x', host: 'h' }, command: 'c', since: '${NOW}' };
      await holdRunner(database, owner).then(() => console.log('mine'), (error) => console.log(error.kind));
      // The lock is kept until all have tried, also by one that has forgotten that it has it.
      process.stdin.resume();`;
    const bundle = await storeBundle();
    const runs = Array.from({ length: 5 }, () => script(text, [bundle, database.path]));
    const answers = await Promise.all(runs.map((run) => run.firstLine));
    expect(answers.sort()).toEqual(['locked', 'locked', 'locked', 'locked', 'mine']);
  });

  test('asked for in vain stops nobody else: readers and writers go on', async () => {
    const database = await ledger();
    await otherRunner(database.path);
    await database.transaction((tx) =>
      tx.run("insert into sync_marks (provider, returned_until) values ('nxt', 't')"),
    );
    expect(await database.all('select provider from sync_marks')).toEqual([{ provider: 'nxt' }]);
  });
});

test('the writes of an owner that was replaced are refused, whatever became of its lock', async () => {
  const database = await ledger();
  const old = await holdRunner(database, owner('anna'));
  // Somebody cleans up: the next process finds no lock where there is one.
  for (const suffix of ['.lock', '.lock-journal']) rmSync(database.path + suffix, { force: true });
  const next = await holdRunner(database, owner('bob'));
  expect(next.epoch).toBe(old.epoch + 1n);
  const late = database.transaction(async (tx) => {
    await assertStillRunner(tx, old);
    await tx.run("insert into sync_marks (provider, returned_until) values ('nxt', 't')");
  });
  await expect(late).rejects.toMatchObject({
    kind: 'locked',
    code: 'ledger_locked',
    message: expect.stringContaining('bob'),
  });
  await database.transaction((tx) => assertStillRunner(tx, next));
  expect(await database.all('select * from sync_marks')).toEqual([]);
  old.release();
  next.release();
});
