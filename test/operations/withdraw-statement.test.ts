/** A withdrawn statement leaves the ledger as if it had never come, and taken in again as if it had never gone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import { reconcile } from '../../src/operations/reconcile.ts';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { reinstateStatement, withdrawStatement } from '../../src/operations/withdraw-statement.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { randomOf } from '../domain/reconciliation/truth.ts';
import { type Pick, payoutsOf, rowsOf } from './hard-sides.ts';
import { report, seedPayouts } from './seed-payouts.ts';

const NOW = '2026-11-20T06:00:00.000Z';
const folder = mkdtempSync(join(tmpdir(), 'payrun-withdraw-'));
afterAll(() => rmSync(folder, { recursive: true }));

const profiles = loadProfiles({}, '');
const reading = {
  provider: 'nxt',
  profile: null,
  profiles,
  expected_profile: profileOfKind('nxtbanking', profiles),
  time_zone: 'Asia/Kolkata',
};
const terms = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};

interface Way {
  settle_from: bigint;
  /** Stored while they are read, by the page. */
  by_blocks: boolean;
}

/** Two good files, and between them a wrong one that has some of their lines. */
function filesOf(seed: number) {
  const random = randomOf(seed);
  const pick: Pick = (list) => list[Math.floor(random() * list.length)] as never;
  const payouts = payoutsOf(pick, random, 10 + (seed % 30));
  const some = (rows: readonly string[], share: number) => rows.filter(() => random() < share);
  // Some payouts stand in the wrong file alone.
  const first = some(rowsOf(payouts, pick, random), 0.5);
  const second = some(rowsOf(payouts, pick, random), 0.4);
  const wrong = [...rowsOf(payouts, pick, random), ...some([...first, ...second], 0.4)];
  return { payouts, first, wrong, second };
}

async function desk(name: string, seed: number, way: Way) {
  const database = await openLedger(join(folder, `${name}.db`), NOW, { create: true });
  await seedPayouts(database, 'nxt', filesOf(seed).payouts);
  const deps = { database, actor: { name: 'tester', os_user: 'tester', host: 'host' }, now: () => NOW };
  const take = async (...files: string[][]) => {
    const inputs = files.map((rows, index) => {
      const bytes = Buffer.from(report(rows).replaceAll('.000Z', 'Z'));
      if (!way.by_blocks) return { name: `${index}.csv`, bytes };
      const path = join(folder, `${index}.csv`);
      writeFileSync(path, bytes);
      return { name: `${index}.csv`, path };
    });
    const { open_breaks, history, latest, withdrawn, statements, reconciliation, ...found } = await reconcile(
      deps,
      inputs,
      reading,
      terms,
      { open_breaks: true, settle_from: way.settle_from },
    );
    const { new: _new, carried: _carried, closed: _closed, warnings: _warnings, ...counts } = found;
    return {
      ...counts,
      outlived: found.outlived.length,
      open: open_breaks.map(sayingOf).sort(),
      ...(await left()),
    };
  };
  /** What each payout is matched with, by the values of its lines. */
  const left = async () => ({
    rows: (
      await database.all<object>(
        `select m.payout_id, m.attempt_no, m.rule, l.content_sha256, l.occurrence from matches m
         join statement_lines l on l.id = m.line_id`,
      )
    )
      .map(sayingOf)
      .sort(),
    pages: (await database.all<{ matched: Uint8Array }>('select matched from page_matches')).filter(
      ({ matched }) => matched.some((byte) => byte !== 0),
    ).length,
    problems: (await verifyLedger(database)).problems.filter(({ code }) => code !== 'payout_position'),
  });
  const turning = { provider: 'nxt', account: false, time_zone: 'Asia/Kolkata', terms, ...way };
  return { database, deps, take, turning };
}

const NUMBERS = new Set(['id', 'line_id', 'line_no', 'line_statement', 'subject', 'opened_on']);

function sayingOf(row: object): string {
  return JSON.stringify(row, (name, value: unknown) =>
    NUMBERS.has(name) ? undefined : typeof value === 'bigint' ? `${value}` : value,
  );
}

const WAYS: readonly [string, Way][] = [
  ['one by one', { settle_from: 1_000_000n, by_blocks: false }],
  ['in bulk', { settle_from: 1n, by_blocks: false }],
  ['by blocks', { settle_from: 1n, by_blocks: true }],
];

it.each(WAYS)(
  'lines that are looked at %s count no more, and then again',
  async (name, way) => {
    for (let seed = 1; seed <= Number(process.env.FUZZ_SEEDS ?? 4); seed += 1) {
      const { first, wrong, second } = filesOf(seed);
      const without = await desk(`${name}-${seed}-without`, seed, way);
      const whole = await desk(`${name}-${seed}`, seed, way);
      await without.take(first);
      await whole.take(first);
      // On odd seeds the corrected file comes first.
      for (const file of seed % 2 === 0 ? [wrong, second] : [second, wrong]) await whole.take(file);
      const before = await whole.take();
      const id = seed % 2 === 0 ? 2n : 3n;
      await withdrawStatement(whole.deps, id, 'wrong', whole.turning);
      const [expected, found] = [await without.take(second), await whole.take()];
      // Which lines are rows, and not in pages, depends on the files that there were.
      if (way.by_blocks)
        for (const each of [expected, found, before]) Object.assign(each, { rows: [], pages: 0 });
      expect(found, `seed ${seed}`).toEqual(expected);
      await expect(whole.take(wrong)).rejects.toMatchObject({ code: 'statement_withdrawn' });
      await reinstateStatement(whole.deps, id, 'right', whole.turning);
      const again = await whole.take();
      expect(way.by_blocks ? { ...again, rows: [], pages: 0 } : again, `seed ${seed}`).toEqual(before);
      await without.database.close();
      await whole.database.close();
    }
  },
  600_000,
);
