/**
 * The long form: `npm run campaign` goes on for CAMPAIGN_SECONDS from CAMPAIGN_SEED on and prints what came of it.
 * CAMPAIGN_ONLY names the parts to run, with a comma between, CAMPAIGN_MODES the modes of pairs; CAMPAIGN_PLAN lives one plan of a submission again, as a
 * failure has printed it.
 */
import { expect, test } from 'vitest';
import type { Crime } from './auditor.ts';
import { planFrom } from './campaign.ts';
import { Laboratory } from './laboratory.ts';
import {
  type Course,
  daysOfDeaths,
  disks,
  fuzz,
  kills,
  models,
  pairs,
  schedules,
  submissions,
  type Tried,
} from './phases.ts';

const SECONDS = Number(process.env.CAMPAIGN_SECONDS ?? 0);
const SEED = Number(process.env.CAMPAIGN_SEED ?? 1);
const PLAN = process.env.CAMPAIGN_PLAN;
const ONLY = process.env.CAMPAIGN_ONLY?.split(',');
const ONLY_MODES = process.env.CAMPAIGN_MODES?.split(',');

interface Part {
  name: string;
  /** Of the time, relative to the others. */
  share: number;
  /** What it needs before its first piece is through. */
  least_ms?: number;
  run(course: Course): Promise<Tried>;
}

/** In this order: those whose smallest piece takes seconds come first, and the others make up for it. */
const PARTS: readonly Part[] = [
  { name: 'kills', share: 35, run: kills },
  { name: 'disks', share: 5, least_ms: 8_000, run: disks },
  { name: 'days', share: 10, run: daysOfDeaths },
  { name: 'models', share: 10, run: models },
  { name: 'schedules', share: 7, run: schedules },
  { name: 'pairs', share: 20, run: pairs },
  { name: 'submissions', share: 20, run: submissions },
  { name: 'fuzz', share: 5, run: fuzz },
];
const SPOKEN_EVERY_MS = 3_000;

test.runIf(SECONDS > 0 && PLAN === undefined)(
  'nothing of the campaign ends in a finding',
  async () => {
    const parts = PARTS.filter(({ name }) => ONLY === undefined || ONLY.includes(name));
    expect(parts.map(({ name }) => name)).toEqual(expect.arrayContaining(ONLY ?? []));
    const tried: Tried[] = [];
    let shares = parts.reduce((sum, { share }) => sum + share, 0);
    for (const { name, share, least_ms = 0, run } of parts) {
      // Of what is left: a part that took too long shortens the others, and one that was through early lengthens them.
      const mine = ((SECONDS * 1_000 - performance.now()) * share) / shares;
      shares -= share;
      if (mine > least_ms)
        tried.push(
          await run({ seed: SEED, enough: speaking(name, performance.now() + mine), modes: ONLY_MODES }),
        );
      else print([`${name}: left out, ${Math.round(mine / 1_000)} s are too little for it`]);
    }
    print(summary(tried));
    expect(tried.flatMap(({ failures }) => failures)).toEqual([]);
  },
  SECONDS * 2_000 + 180_000,
);

/** Whether the time is up; says every few seconds what goes on, since it is asked all the time. */
function speaking(name: string, until: number): () => boolean {
  const seconds = (ms: number) => Math.round(ms / 1_000);
  let asked = 0;
  let due = 0;
  return () => {
    const now = performance.now();
    if (now >= due) {
      print([
        `${seconds(now)} s of ${SECONDS}: ${name}, until ${seconds(until)} s${asked > 0 ? `, ${asked} steps so far` : ''}`,
      ]);
      due = now + SPOKEN_EVERY_MS;
    }
    asked += 1;
    return now >= until;
  };
}

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
  const line = (words: string, count: number | string) => `${words.padEnd(22)}${count}`;
  const crashes = sum((each) => each.crashes);
  const killed = sum((each) => each.kills);
  return [
    '',
    ...tried.flatMap(({ lines }) => lines),
    '',
    line('seed', SEED),
    ...tried.flatMap(({ coverage }) =>
      coverage === undefined ? [] : [line('crash points × modes', coverage)],
    ),
    line('crashes', crashes),
    line('kills', killed),
    line(
      'schedules',
      sum(({ schedules }) => schedules),
    ),
    line(
      'payouts',
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
