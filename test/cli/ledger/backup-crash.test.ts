import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { openLedger } from '../../../src/store/ledger-database.ts';
import { handEntry } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { spawnPayrun } from '../run-payrun.ts';

const ENTRIES = 3000;
const NOW = '2026-11-21T00:00:00.000Z';

async function officeWithEntries(): Promise<Office> {
  const office = await openOffice();
  await office.ledger((database) =>
    database.transaction((tx) =>
      postEntries(
        tx,
        Array.from({ length: ENTRIES }, (_, index) =>
          handEntry(`E-${index}`, 'assets:bank:hdfc', 'equity:opening-balances', 100n),
        ),
      ),
    ),
  );
  return office;
}

async function isWhole(path: string): Promise<boolean> {
  const database = await openLedger(path, NOW);
  try {
    const row = await database.get<{ count: bigint }>('select count(*) as count from journal_entries');
    return row?.count === BigInt(ENTRIES) && (await database.integrityProblems('full')).length === 0;
  } finally {
    await database.close();
  }
}

/** Waits until the process has begun to write, or has ended; then a moment more, so that each kill falls elsewhere. */
async function killAfter(process: ReturnType<typeof spawnPayrun>, begun: () => boolean, ms: number) {
  let ended = false;
  void process.done.then(() => {
    ended = true;
  });
  while (!begun() && !ended) await sleep(1);
  await sleep(ms);
  process.child.kill('SIGKILL');
  return process.done;
}

test('a backup that was killed at any moment stands whole under its name, or not at all, and can be made again', async () => {
  const office = await officeWithEntries();
  const file = join(office.folder, 'b.db');
  for (const ms of [0, 10, 40, 80]) {
    const backup = spawnPayrun(['ledger', 'backup', 'b.db'], { cwd: office.folder });
    await killAfter(backup, () => existsSync(`${file}.partial`), ms);
    if (existsSync(file)) {
      expect(await isWhole(file)).toBe(true);
      rmSync(file);
    }
  }
  const ran = await office.payrun('ledger', 'backup', 'b.db', '--json');
  expect(ran.exit, ran.stdout).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(office.folder).filter((name) => name.includes('partial'))).toEqual([]);
});

test('a restore that was killed at any moment leaves a whole ledger, and the lock is free', async () => {
  const office = await officeWithEntries();
  const ledger = join(office.folder, 'payrun.db');
  expect((await office.payrun('ledger', 'backup', 'b.db')).exit).toBe(0);
  for (const ms of [0, 10, 40, 80]) {
    const restore = spawnPayrun(['ledger', 'restore', 'b.db'], { cwd: office.folder });
    await killAfter(restore, () => existsSync(`${ledger}.restoring`), ms);
    expect(await isWhole(ledger)).toBe(true);
  }
  const ran = await office.payrun('ledger', 'restore', 'b.db', '--json');
  expect(ran.exit, ran.stdout).toBe(0);
  expect(await isWhole(ledger)).toBe(true);
  expect(readdirSync(office.folder).filter((name) => name.includes('restoring'))).toEqual([]);
});

test('what stands beside the name of a backup is left alone', async () => {
  const office = await openOffice();
  writeFileSync(join(office.folder, 'b.db-note'), 'mine');
  expect((await office.payrun('ledger', 'backup', 'b.db')).exit).toBe(0);
  expect(existsSync(join(office.folder, 'b.db-note'))).toBe(true);
});
