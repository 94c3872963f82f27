/** `npm run campaign` kills for as long as it may; here a few kills that a seed draws. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAgainAndAgain, untilSends } from './kills.ts';
import { endComplaints, openShop, type Running, type Shop, sendsOf, submit } from './shop.ts';

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const KILLS = Number(process.env.KILLS ?? 5);

/** Stopped within a transaction it would keep everybody out until it goes on, and that is another case. */
async function stopBetweenTransactions(running: Running, ledger: string): Promise<void> {
  for (;;) {
    running.kill('SIGSTOP');
    if (canWrite(ledger)) return;
    running.kill('SIGCONT');
    await delay(5);
  }
}

function canWrite(ledger: string): boolean {
  const other = new SqliteDatabase(ledger, { timeout: 0 });
  try {
    other.exec('begin immediate; rollback');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return false;
    throw error;
  } finally {
    other.close();
  }
}

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(300);
});
afterAll(() => shop.close());

test('300 payouts through heavy faults, killed again and again, are each paid once or provably failed, and the books agree', async () => {
  const { kills, complaints } = await killAgainAndAgain(shop, SEED, KILLS);
  expect(complaints).toEqual([]);
  expect(kills).toBe(KILLS);
}, 300_000);

test('of three processes that submit the same batch at once, each row is paid once', async () => {
  const one = await shop.open({ latency_ms: 5 });
  const ended = await Promise.all([1, 2, 3].map(() => one.run(submit('--wait', '20s'))));
  expect(ended.map(({ exit }) => exit).toSorted()).toEqual([3, 7, 7]);
  expect(await endComplaints(shop, one.ledger)).toEqual([]);
  expect((await sendsOf(shop.bank)).length).toBe(300);
}, 120_000);

test('a submitter that is stopped keeps its place; one whose lock was deleted meanwhile is told so when it goes on', async () => {
  const one = await shop.open({ latency_ms: 250 });
  const first = one.start(submit());
  await untilSends(shop, 40);
  await stopBetweenTransactions(first, one.ledger);
  const refused = await one.run(submit());
  expect([refused.exit, refused.stdout.includes('ledger_locked')]).toEqual([7, true]);
  rmSync(`${one.ledger}.lock`);
  await shop.bank.settings({ latency_ms: 0 });
  const second = await one.run(submit('--wait', '20s'));
  first.kill('SIGCONT');
  const told = await first.done;
  expect([second.exit, told.exit, told.stdout.includes('ledger_locked')]).toEqual([3, 7, true]);
  expect(await endComplaints(shop, one.ledger)).toEqual([]);
}, 120_000);
