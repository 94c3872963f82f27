/**
 * The long form: `npm run campaign` goes on for CAMPAIGN_SECONDS from CAMPAIGN_SEED on and prints what came of it.
 * CAMPAIGN_ONLY names the parts to run, with a comma between; CAMPAIGN_PLAN lives one plan of a submission again, as a
 * failure has printed it.
 */
import { expect, test } from 'vitest';
import type { Crime } from './auditor.ts';
import { planFrom } from './campaign.ts';
import {
  type Course,
  daysOfDeaths,
  disks,
  fuzz,
  kills,
  models,
  schedules,
  submissions,
  type Tried,
} from './phases.ts';
import { Laboratory } from './run.ts';

const SECONDS = Number(process.env.CAMPAIGN_SECONDS ?? 0);
const SEED = Number(process.env.CAMPAIGN_SEED ?? 1);
const PLAN = process.env.CAMPAIGN_PLAN;
const ONLY = process.env.CAMPAIGN_ONLY?.split(',');

interface Part {
  name: string;
  /** Of the time, relative to the others. */
  share: number;
  run(course: Course): Promise<Tried>;
}

const PARTS: readonly Part[] = [
  { name: 'submissions', share: 30, run: submissions },
  { name: 'days', share: 15, run: daysOfDeaths },
  { name: 'models', share: 10, run: models },
  { name: 'schedules', share: 10, run: schedules },
  { name: 'fuzz', share: 5, run: fuzz },
  { name: 'kills', share: 20, run: kills },
  { name: 'disks', share: 10, run: disks },
];

test.runIf(SECONDS > 0 && PLAN === undefined)(
  'nothing of the campaign ends in a finding',
  async () => {
    const parts = PARTS.filter(({ name }) => ONLY === undefined || ONLY.includes(name));
    const shares = parts.reduce((sum, { share }) => sum + share, 0);
    const tried: Tried[] = [];
    for (const part of parts) {
      const until = performance.now() + (SECONDS * 1_000 * part.share) / shares;
      tried.push(await part.run({ seed: SEED, enough: () => performance.now() >= until }));
    }
    print(summary(tried));
    expect(tried.flatMap(({ failures }) => failures)).toEqual([]);
  },
  SECONDS * 2_000 + 180_000,
);

test.runIf(PLAN !== undefined)('the plan that was given ends without a finding', async () => {
  const laboratory = new Laboratory();
  try {
    const { findings, died_at } = await laboratory.live(planFrom(PLAN ?? ''));
    print([`died at: ${died_at.join(', ') || 'nowhere'}`]);
    expect(findings).toEqual([]);
  } finally {
    laboratory.close();
  }
});

const COUNTED: readonly (readonly [string, Crime])[] = [
  ['double payments', 'double_payment'],
  ['lost payouts', 'lost_payout'],
  ['false failures', 'false_failure'],
  ['unbalanced entries', 'unbalanced_entries'],
];

function summary(tried: readonly Tried[]): string[] {
  const sum = (of: (each: Tried) => number) => tried.reduce((total, each) => total + of(each), 0);
  const all = sum(({ crimes }) => [...crimes.values()].reduce((total, count) => total + count, 0));
  const counted = COUNTED.map(
    ([words, crime]) => [words, sum(({ crimes }) => crimes.get(crime) ?? 0)] as const,
  );
  const line = (words: string, count: number) => `${words.padEnd(22)}${count}`;
  return [
    line('seed', SEED),
    ...tried.flatMap(({ lines }) => lines),
    line(
      'crashes in all',
      sum(({ crashes }) => crashes),
    ),
    line(
      'kills',
      sum((each) => each.kills),
    ),
    line(
      'payouts in all',
      sum(({ payouts }) => payouts),
    ),
    ...counted.map(([words, count]) => line(words, count)),
    line('other findings', all - counted.reduce((total, [, count]) => total + count, 0)),
    ...tried.flatMap(({ failures }) => failures),
  ];
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
