/**
 * Planted differences through the front door: files and a ledger on disk, the command, and the list of breaks. A few
 * seeds here; `npm run truth` goes on with others, and with a hundred thousand lines, until its time is over.
 */
import { describe, expect, it } from 'vitest';
import { plant, randomOf, shuffled, type Truth } from '../../domain/reconciliation/truth.ts';
import { CONFIG, createDesk } from './desk.ts';
import { seedTruth, statementText, TRUTH_PROFILE } from './truth-on-disk.ts';

const SECONDS = Number(process.env.TRUTH_SECONDS ?? 0);
const FIRST_SEED = Number(process.env.TRUTH_SEED ?? 1);

const desk = createDesk();

async function prepare(truth: Truth): Promise<void> {
  desk.file('payrun.toml', CONFIG + TRUTH_PROFILE);
  await seedTruth(desk.database, truth.attempts);
  desk.file('all.csv', statementText(truth.lines));
}

async function found(): Promise<string[]> {
  const csv = await desk.payrun('break', 'list', '--format', 'ndjson');
  const lines = csv.stdout.split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as { kind: string; reference_id: string | null })
    .map(({ kind, reference_id }) => `${kind} ${reference_id ?? '-'}`)
    .sort();
}

async function holds(truth: Truth): Promise<void> {
  await prepare(truth);
  const first = await desk.reconcile('all.csv');
  expect(first.totals.map(({ unexplained }) => unexplained).every((each) => each === '0.00')).toBe(true);
  expect(await found()).toEqual(truth.planted);
  // The same file again, and sorted otherwise with one line more, changes nothing about the others.
  const again = await desk.reconcile('all.csv');
  expect(again).toMatchObject({
    matched: first.matched,
    breaks: { new: 0, closed: 0, open: truth.planted.length },
  });
  desk.file('sorted.csv', statementText([...truth.lines].reverse()));
  const sorted = await desk.reconcile('sorted.csv');
  expect(sorted).toMatchObject({
    matched: first.matched,
    breaks: { new: 0, closed: 0 },
    totals: first.totals,
  });
}

describe('planted differences', () => {
  it('in a shuffled statement of some 400 lines are found exactly, and none is invented', {
    timeout: 120_000,
  }, async () => {
    await holds(plant(FIRST_SEED, 380));
  });

  it('that the next day’s file explains are closed, and the others stay', { timeout: 120_000 }, async () => {
    const truth = plant(FIRST_SEED + 1, 120);
    // A fifth of the payouts that agree is reported a day late.
    const random = randomOf(7);
    const delayed = new Set(truth.lines.flatMap((line) => (random() < 0.2 ? [line.content] : [])));
    const late = truth.lines.filter((line) => delayed.has(line.content));
    await prepare(truth);
    desk.file('first.csv', statementText(truth.lines.filter((line) => !late.includes(line))));
    desk.file(
      'second.csv',
      statementText(
        shuffled([...late, ...truth.lines.filter((line) => !late.includes(line)).slice(0, 40)], random),
      ),
    );
    const before = await desk.reconcile('first.csv');
    const early = await found();
    expect(early.length).toBeGreaterThan(truth.planted.length);
    const after = await desk.reconcile('second.csv');
    expect(await found()).toEqual(truth.planted);
    expect(after.breaks.closed).toBeGreaterThan(0);
    expect(after.breaks).toMatchObject({
      open: truth.planted.length,
      closed: before.breaks.open - after.breaks.carried,
    });
  });

  it.runIf(SECONDS > 0)(
    'are found with other seeds, until the time is over',
    { timeout: 3_600_000 },
    async () => {
      const end = Date.now() + SECONDS * 1000;
      let seed = FIRST_SEED + 2;
      for (; Date.now() < end; seed += 1) {
        await holds(plant(seed, 380)).catch((error: Error) => {
          throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
        });
        await desk.renew();
      }
      process.stderr.write(`${seed - FIRST_SEED - 2} seeds, the last ${seed - 1}\n`);
    },
  );

  it.runIf(SECONDS > 0)('in 100,000 shuffled lines are found exactly', { timeout: 3_600_000 }, async () => {
    const truth = plant(FIRST_SEED, 95_000);
    expect(truth.lines.length).toBeGreaterThan(100_000);
    await prepare(truth);
    const result = await desk.reconcile('all.csv');
    expect(await found()).toEqual(truth.planted);
    process.stderr.write(
      `${truth.lines.length} lines, ${truth.planted.length} breaks, ${result.matched} matched\n`,
    );
  });
});
