/**
 * The long form: `npm run campaign` lives as many lives as fit into CAMPAIGN_SECONDS from CAMPAIGN_SEED on, and prints
 * what came of it. CAMPAIGN_PLAN lives one plan again, as a failure has printed it.
 */
import { expect, test } from 'vitest';
import {
  dieAtEachPair,
  dieAtEachStep,
  liveAndTally,
  planFrom,
  stopAtEachStep,
  stormPlan,
  Tally,
} from './campaign.ts';
import { MODES } from './modes.ts';
import { Laboratory } from './run.ts';

const SECONDS = Number(process.env.CAMPAIGN_SECONDS ?? 0);
const SEED = Number(process.env.CAMPAIGN_SEED ?? 1);
const PLAN = process.env.CAMPAIGN_PLAN;
const PAIRED = ['none', 'lost_answer', 'late', 'hidden', 'refused', 'reset'];

test.runIf(SECONDS > 0 && PLAN === undefined)(
  'no life of the campaign ends in a finding',
  async () => {
    const laboratory = new Laboratory();
    const tally = new Tally();
    const until = performance.now() + SECONDS * 1_000;
    const enough = () => performance.now() >= until || tally.failures.length >= 20;
    try {
      await campaign(laboratory, tally, enough);
    } finally {
      laboratory.close();
    }
    print([`seed                  ${SEED}`, ...tally.lines()]);
    for (const { plan, findings } of tally.failures)
      print([`CAMPAIGN_PLAN='${plan}'`, ...findings.map(({ crime, what }) => `  ${crime}: ${what}`)]);
    expect(tally.failures).toEqual([]);
  },
  SECONDS * 1_000 + 60_000,
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

async function campaign(laboratory: Laboratory, tally: Tally, enough: () => boolean): Promise<void> {
  for (const mode of MODES) {
    const pace = { stride: 1, offset: 0, enough };
    const stops = { ...pace, stride: 3 };
    if (!enough())
      await stopAtEachStep(laboratory, { mode, seed: SEED, rows: 2, concurrency: 2 }, tally, stops);
    if (!enough())
      await dieAtEachStep(laboratory, { mode, seed: SEED, rows: 2, concurrency: 2 }, tally, pace);
  }
  let seed = SEED * 1_000_000;
  const storm = async () => {
    seed += 1;
    await liveAndTally(laboratory, stormPlan(seed), tally);
    return !enough();
  };
  for (const mode of MODES.filter(({ name }) => PAIRED.includes(name)))
    if (!enough())
      await dieAtEachPair(laboratory, { mode, seed: SEED, rows: 1, concurrency: 1 }, tally, 1, storm);
  while (await storm());
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}
