import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Terms } from '../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import { linesOfFile, storyOfPayout } from '../../src/operations/lines-of-file.ts';
import { reconcile } from '../../src/operations/reconcile.ts';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import type { Database } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { randomOf } from '../domain/reconciliation/truth.ts';
import { type Pick, payoutsOf, rowsOf } from './hard-sides.ts';
import { changePayout, report, reportRow, seeded, seedPayouts } from './seed-payouts.ts';

const NOW = '2026-11-20T06:00:00.000Z';
const folder = mkdtempSync(join(tmpdir(), 'payrun-settle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Made once and copied, since making one takes longer than a whole story. */
let made: Promise<string> | null = null;

async function emptyLedger(path: string): Promise<Database> {
  made ??= (async () => {
    const empty = join(folder, 'empty.db');
    await (await openLedger(empty, NOW, { create: true })).close();
    return empty;
  })();
  copyFileSync(await made, path);
  return openLedger(path, NOW);
}

const profiles = loadProfiles({}, '');
const reading = {
  provider: 'nxt',
  profile: null,
  profiles,
  expected_profile: profileOfKind('nxtbanking', profiles),
  time_zone: 'Asia/Kolkata',
};
const RULE = { min_minor: null, max_minor: null, fee_minor: 350n, tax_rate: '0.18' };

function termsOf(seed: number): Terms {
  const rates = seed % 3 === 0 ? { IMPS: RULE, NEFT: RULE, RTGS: RULE, UPI: RULE } : null;
  return {
    today: '2026-11-20',
    settlement_days: 1,
    calendar: createCalendar(['Sat', 'Sun'], new Set()),
    rates,
    tolerance: new Map(),
  };
}

/**
 * What is told of lines, payouts and breaks. Lines go by their places: those in pages have other numbers, which decide
 * which of the breaks that are opened at once is opened first, too.
 */
async function stored(database: Database): Promise<unknown[]> {
  const statements = await database.all<{ id: bigint }>('select id from statements order by id');
  const payouts = await database.all<{ id: bigint }>('select id from payouts order by id');
  const lines = await Promise.all(statements.map((statement) => linesOfFile(database, statement, 0n, null)));
  const stories = await Promise.all(payouts.map(({ id }) => storyOfPayout(database, id)));
  return [
    lines.map((each) => each.map(({ line_id, ...line }) => line)),
    stories.map((events) => events.filter(({ kind }) => kind === 'line')),
    unnumbered(await database.all(`select b.*, ${PLACE} from breaks b`)),
    unnumbered(
      await database.all(
        `select b.kind, b.reference_id, ${PLACE}, e.* from break_events e join breaks b on b.id = e.break_id`,
      ),
    ),
    await database.all('select * from reconciliations order by id'),
  ];
}

const PLACE = `(select min(r.statement_id || ' ' || r.line_no) from statement_rows r
  where r.line_id = b.line_id) as place`;

/** In an order of what they say. */
function unnumbered(rows: readonly object[]): string[] {
  const numbers = new Set(['id', 'line_id', 'break_id', 'subject']);
  const shown = (name: string, value: unknown) =>
    numbers.has(name) ? undefined : typeof value === 'bigint' ? `${value}` : value;
  return rows.map((row) => JSON.stringify(row, shown)).sort();
}

/**
 * One seed's story: what it told and what it left. From `from` lines on pairs are settled in bulk, and `by_blocks`
 * files are stored while they are read.
 */
async function story(seed: number, from: bigint, by_blocks: boolean): Promise<unknown[]> {
  const random = randomOf(seed);
  const pick: Pick = (list) => list[Math.floor(random() * list.length)] as never;
  const payouts = payoutsOf(pick, random, 15 + (seed % 40));
  const place = (name: string) => join(folder, `${seed}-${from}-${by_blocks}-${name}`);
  const database = await emptyLedger(place('ledger.db'));
  const told: unknown[] = [];
  try {
    await seedPayouts(database, 'nxt', payouts);
    const actor = { name: 'tester', os_user: 'tester', host: 'host' };
    const deps = { database, actor, now: () => NOW };
    const take = async (...files: string[][]) => {
      const inputs = files.map((rows, index) => {
        // Instants as reports write them, so that rows are plain.
        const bytes = Buffer.from(report(rows).replaceAll('.000Z', 'Z'));
        const name = `${index}.csv`;
        if (!by_blocks) return { name, bytes };
        writeFileSync(place(name), bytes);
        return { name, path: place(name) };
      });
      const wanted = { open_breaks: true, settle_from: from };
      const { open_breaks, ...found } = await reconcile(deps, inputs, reading, termsOf(seed), wanted);
      const { problems } = await verifyLedger(database);
      told.push(found, unnumbered(open_breaks), await stored(database), problems);
    };
    const first = rowsOf(payouts, pick, random);
    await take(first);
    await take();
    for (const { reference_id, state } of payouts) {
      if (state === 'paid' && random() < 0.1) await changePayout(database, reference_id, { fee_minor: 1n });
      if (state === 'paid' && random() < 0.1) await changePayout(database, reference_id, { utr: 'CHANGED' });
    }
    await take(
      rowsOf(payouts, pick, random),
      first.filter(() => random() < 0.5),
    );
  } finally {
    await database.close();
  }
  return told;
}

describe('pairs settled in bulk', () => {
  it('leave the same answers, matches and breaks as those that are looked at one by one', async () => {
    const seeds = Number(process.env.FUZZ_SEEDS ?? 12);
    for (let seed = 1; seed <= seeds; seed += 1) {
      const oneByOne = await story(seed, 1_000_000n, false);
      expect(await story(seed, 1n, false), `seed ${seed}`).toEqual(oneByOne);
      expect(await story(seed, 1n, true), `seed ${seed}, by blocks`).toEqual(oneByOne);
    }
  }, 3_600_000);

  it('leave nothing of a file whose last row is wrong, of which all that is wrong is told', async () => {
    const payouts = Array.from({ length: 60 }, (_, index) => seeded(index + 1));
    const database = await emptyLedger(join(folder, 'refused.db'));
    await seedPayouts(database, 'nxt', payouts);
    const actor = { name: 'tester', os_user: 'tester', host: 'host' };
    const deps = { database, actor, now: () => NOW };
    const rows = payouts.map((payout) => reportRow(payout));
    const good = { name: 'good.csv', bytes: Buffer.from(report(rows)) };
    const bytes = Buffer.from(report([...rows, reportRow(seeded(61), { amount: 'x' }), 'a,b']));
    const path = join(folder, 'bad.csv');
    writeFileSync(path, bytes);
    const refusal = (input: { path: string } | { bytes: Uint8Array }) =>
      reconcile(deps, [good, { name: 'bad.csv', ...input }], reading, termsOf(1)).catch((error) => error);
    const refused = await refusal({ path });
    expect(refused).toMatchObject({ code: 'file_refused', rows: [{ line: 62 }, { line: 63 }] });
    expect(refused).toEqual(await refusal({ bytes }));
    expect(await database.get('select count(*) as lines from statement_lines')).toEqual({ lines: 0n });
    expect(await database.get('select count(*) as files from statements')).toEqual({ files: 0n });
    await database.close();
  });
});
