/** `npm run campaign` kills for as long as it may; here a few kills that a seed draws. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killAgainAndAgain, untilSends } from './kills.ts';
import {
  endComplaints,
  openShop,
  type Shop,
  sendsOf,
  standingComplaints,
  stopProcess,
  submit,
} from './shop.ts';

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const KILLS = Number(process.env.KILLS ?? 5);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

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

test.each([
  2, 3, 4,
])('of %i processes that submit the same batch at once, each row is paid once', async (count) => {
  const one = await shop.open({ latency_ms: 5 });
  const ended = await Promise.all(Array.from({ length: count }, () => one.run(submit('--wait', '20s'))));
  expect(ended.map(({ exit }) => exit).toSorted()).toEqual([3, ...Array(count - 1).fill(7)]);
  expect(await endComplaints(shop, one.ledger)).toEqual([]);
  expect((await sendsOf(shop.bank)).length).toBe(300);
}, 120_000);

test('a file that may grow no further stops the batch before anything is sent that is not stored', async () => {
  const one = await shop.open();
  const limited = await one.runLimited(submit(), 1_200);
  expect([limited.exit, limited.stdout.includes('"code":"ledger_io"')], limited.stdout).toEqual([1, true]);
  const sent = (await sendsOf(shop.bank)).length;
  expect(sent).toBeGreaterThan(0);
  expect(sent).toBeLessThan(300);
  expect(await standingComplaints(shop, one.ledger)).toEqual([]);
  expect((await one.run(submit('--wait', '20s'))).exit).toBe(3);
  expect(await endComplaints(shop, one.ledger)).toEqual([]);
  expect((await sendsOf(shop.bank)).length).toBe(300);
}, 120_000);

test('a submitter that is stopped keeps its place; one whose lock was deleted meanwhile is told so when it goes on', async () => {
  const one = await shop.open({ latency_ms: 250 });
  const first = one.start(submit());
  await untilSends(shop, 40);
  await stopProcess(first, one.ledger, 'between transactions');
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

test('where the thread that keeps the books cannot begin, nothing is sent, and the next run pays all', async () => {
  const broken = mkdtempSync(join(tmpdir(), 'payrun-broken-'));
  for (const part of ['bin', 'dist']) cpSync(join(ROOT, part), join(broken, part), { recursive: true });
  for (const part of ['node_modules', 'package.json']) symlinkSync(join(ROOT, part), join(broken, part));
  rmSync(join(broken, 'dist/books-thread.js'));
  try {
    const one = await shop.open();
    const refused = await one.run(submit(), {}, join(broken, 'bin/payrun.js'));
    expect([refused.exit, refused.stdout], refused.stdout).toEqual([
      70,
      expect.stringContaining('books-thread'),
    ]);
    expect(await sendsOf(shop.bank)).toEqual([]);
    // Few rows are stored without it.
    expect((await one.run(submit('--first', '20'), {}, join(broken, 'bin/payrun.js'))).exit).toBe(6);
    expect((await one.run(submit('--wait', '20s'))).exit).toBe(3);
    expect(await endComplaints(shop, one.ledger)).toEqual([]);
    expect((await sendsOf(shop.bank)).length).toBe(300);
  } finally {
    rmSync(broken, { recursive: true, force: true });
  }
}, 120_000);
