import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PayrunError } from '../../src/domain/errors.ts';
import type { Terms } from '../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import { type Compared, compareFiles } from '../../src/operations/compare-files.ts';
import { compareLargeFiles } from '../../src/operations/compare-large-files.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import { type Day, differentDay } from './large-comparison.ts';

const folder = mkdtempSync(join(tmpdir(), 'payrun-large-'));
afterAll(() => rmSync(folder, { recursive: true }));

const profiles = loadProfiles({}, '');
const reading = {
  profile: null,
  profiles,
  expected_profile: profileOfKind('nxtbanking', profiles),
  time_zone: 'Asia/Kolkata',
};
const terms: Terms = {
  today: '2026-11-21',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map([['INR', 100n]]),
};

interface Ways {
  ordinary: Compared | Record<string, unknown>;
  bulk: Compared | Record<string, unknown> | null;
}

async function bothWays(day: Day): Promise<Ways> {
  const inputs = day.reports.map((text, index) => ({ name: `report-${index}.csv`, text }));
  const ours = { name: 'ours.csv', text: day.ours };
  for (const { name, text } of [...inputs, ours]) writeFileSync(join(folder, name), text);
  const bytes = ({ name, text }: typeof ours) => ({ name, bytes: Buffer.from(text) });
  const path = ({ name }: typeof ours) => ({ name, path: join(folder, name) });
  const ordinary = await resultOf(() => compareFiles(inputs.map(bytes), bytes(ours), reading, terms));
  const bulk = await resultOf(() =>
    compareLargeFiles(inputs.map(path), path(ours), reading, terms, () => undefined),
  );
  return { ordinary: ordinary ?? {}, bulk };
}

/** What it found, or what it refused and why. */
async function resultOf(
  work: () => Compared | Promise<Compared | null> | null,
): Promise<Compared | Record<string, unknown> | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PayrunError)) throw error;
    return { refused: error.code, message: error.message, rows: error.rows };
  }
}

describe('files compared in bulk', () => {
  it('give what they give one by one, whatever differs and however it is written', async () => {
    const seeds = Number(process.env.FUZZ_SEEDS ?? 40);
    let settled = 0;
    let left = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const day = differentDay(seed, 20 + (seed % 60));
      const { ordinary, bulk } = await bothWays(day);
      if (bulk !== null) expect(bulk, `seed ${seed}`).toEqual(ordinary);
      if (bulk === null) left += 1;
      else settled += 1;
    }
    // Days with several currencies, of which our side states none, go the other way.
    expect(settled).toBeGreaterThan(left);
  }, 3_600_000);

  it('settle what agrees: nothing of a clean day is looked at one by one', async () => {
    const { reports, ours } = differentDay(1, 0);
    const { bulk } = await bothWays({ reports: [...reports, HEADER_ONLY], ours });
    expect(bulk).toMatchObject({ matched: 0, breaks: [] });
  });

  it.each([
    ['a bad amount', 'po_1,r-1,,,1e5,,,INR,IMPS,SUCCESS,,,\n', 'ref'],
    ['a ragged row among good ones', 'po_1,r-1,,,1.00,,,INR,IMPS,SUCCESS,,,\npo_2,r-2\n', 'ref'],
    ['a status that is missing, behind a quoted line break', '"po\n1",r-1,,,1.00,,,INR,IMPS,,,,\n', 'ref'],
    [
      'a bad date on our side',
      'po_1,r-1,,,1.00,,,INR,IMPS,SUCCESS,,,\n',
      'r-1,x,1.00,INR,paid,,,,,,30/11/2026',
    ],
    ['an unknown state on our side', 'po_1,r-1,,,1.00,,,INR,IMPS,SUCCESS,,,\n', 'r-1,x,1.00,INR,payed,,,,,,'],
  ])('refuse %s with the same words and line', async (_, line, payout) => {
    const row = payout === 'ref' ? 'r-1,x,1.00,INR,paid,,,,,,' : payout;
    const good = 'po_9,r-9,,,1.00,,,INR,IMPS,SUCCESS,,,\n'.repeat(3);
    const day = { reports: [`${HEADER_ONLY}\n\n${good}${line}`], ours: `${OURS_HEADER}\n${row}\n` };
    const { ordinary, bulk } = await bothWays(day);
    expect(bulk).toMatchObject({ refused: 'file_refused' });
    expect(bulk).toEqual(ordinary);
  });

  it.each([
    ['a quote that is never closed', `"po_1,r-1,,,1.00,,,INR,IMPS,SUCCESS,,,\n`],
    ['a character that cannot be seen', `po_1,r\u200b-1,,,1.00,,,INR,IMPS,SUCCESS,,,\n`],
  ])('leave %s to the way that says what it is', async (_, line) => {
    const day = { reports: [`${HEADER_ONLY}\n${line}`], ours: `${OURS_HEADER}\nr-1,x,1.00,INR,paid,,,,,,\n` };
    expect((await bothWays(day)).bulk).toBeNull();
  });
});

const HEADER_ONLY =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';
const OURS_HEADER =
  'reference_id,name,amount,currency,state,provider_id,provider_reference,utr,fee,tax,paid_at';
