/** A short campaign, the same each time. SIMULATION_SEED gives another; a failure names its plan, and so its seed. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  dieAtEachPair,
  dieAtEachStep,
  liveAndTally,
  planFrom,
  planLine,
  stopAtEachStep,
  stormPlan,
  Tally,
} from './campaign.ts';
import { Laboratory } from './laboratory.ts';
import { MODES, modeNamed } from './modes.ts';
import type { Life, Moment, Plan } from './run.ts';

// Work of some seconds, which a machine with much else to do takes ten times as long for.
vi.setConfig({ testTimeout: 180_000 });

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const laboratory = new Laboratory();
afterAll(() => laboratory.close());

const whole = new Tally();

describe('a process that dies while it submits, and the next one', () => {
  test('at every step, where the answer is lost', async () => {
    const tally = new Tally();
    await dieAtEachStep(
      laboratory,
      { mode: modeNamed('lost_answer'), seed: SEED, rows: 2, concurrency: 2 },
      tally,
    );
    expect(tally.failures).toEqual([]);
    expect(tally.deaths).toBeGreaterThan(40);
  });

  test('at every step, in every mode of the provider', async () => {
    for (const mode of MODES) {
      const pace = { alike: 'once', enough: () => false } as const;
      await dieAtEachStep(laboratory, { mode, seed: SEED, rows: 2, concurrency: 2 }, whole, pace);
    }
    expect(whole.failures).toEqual([]);
    expect(whole.modes.size).toBe(MODES.length);
    expect(whole.steps).toBeGreaterThan(1_500);
  });

  test('at every pair of steps, the second time while it recovers', async () => {
    const tally = new Tally();
    for (const name of ['lost_answer', 'late', 'storm']) {
      const plan = { mode: modeNamed(name), seed: SEED, rows: 1, concurrency: 1 };
      expect(await dieAtEachPair(laboratory, plan, tally)).toBe(true);
    }
    expect(tally.failures).toEqual([]);
    expect(tally.unreached).toEqual([]);
    expect(tally.pairs).toBeGreaterThan(3_000);
  });

  test('while it syncs, at every step', async () => {
    const mode = modeNamed('ends returned');
    for (let step = 1; step <= 44; step += 1) {
      const plan = { mode, seed: SEED, rows: 2, concurrency: 2, deaths: [], sync_deaths: [step, step] };
      await liveAndTally(laboratory, plan, whole);
    }
    expect(whole.failures).toEqual([]);
  });

  test('wherever a seed has it', async () => {
    for (let index = 0; index < 50; index += 1)
      await liveAndTally(laboratory, stormPlan(SEED * 1_000 + index), whole);
    expect(whole.failures).toEqual([]);
  });

  test('has died at every step that has a name, and at none that has not', () => {
    expect(whole.uncovered()).toEqual([]);
    expect(whole.unnamed()).toEqual([]);
  });
});

test('a process that is stopped at any step and goes on after another took its place does no harm', async () => {
  const tally = new Tally();
  for (const [offset, mode] of MODES.entries()) {
    const pace = { stride: 20, offset, enough: () => false };
    await stopAtEachStep(laboratory, { mode, seed: SEED, rows: 2, concurrency: 2 }, tally, pace);
  }
  expect(tally.replaced).toBeGreaterThan(20);
  expect(tally.failures).toEqual([]);
});

/** What a life came to after its first process. */
async function endOf(plan: Plan): Promise<Pick<Life, 'findings' | 'traces'>> {
  const { findings, traces } = await laboratory.live(plan);
  return { findings, traces: traces.slice(1) };
}

describe('a plan', () => {
  test('is lived the same way each time', async () => {
    for (const plan of [stormPlan(SEED + 7), stormPlan(SEED + 8), stormPlan(SEED + 9)])
      expect(await laboratory.live(plan)).toEqual(await laboratory.live(plan));
  });

  test('comes to the same from the moment of a death as from its birth', async () => {
    for (const mode of [modeNamed('late'), modeNamed('storm')]) {
      const plan = { mode, seed: SEED, rows: 3, concurrency: 2 };
      const rare = ({ step }: Moment) => step % 17 === 5;
      let compared = 0;
      await laboratory.atEachStep(plan, await laboratory.birth(plan), async (first) => {
        if (!rare(first)) return true;
        const once = { ...plan, deaths: [first.step] };
        expect(await laboratory.goOn(once, first)).toEqual(await laboratory.live(once));
        await laboratory.atEachStep(plan, first, async (second) => {
          if (!rare(second)) return true;
          const twice = { ...plan, deaths: [first.step, second.step] };
          expect(await laboratory.goOn(twice, second)).toEqual(await laboratory.live(twice));
          compared += 1;
          return true;
        });
        return true;
      });
      expect(compared).toBeGreaterThan(5);
    }
  });

  test('ends the same at each of the steps for which one of them stands', async () => {
    const plan = { mode: modeNamed('storm'), seed: SEED, rows: 2, concurrency: 1 };
    const stands: Moment[] = [];
    const keep = async (moment: Moment) => stands.push(moment) > 0;
    await laboratory.atEachStep(plan, await laboratory.birth(plan), keep, 'once');
    let compared = 0;
    for (const { step, points } of stands) {
      const first = await endOf({ ...plan, deaths: [step] });
      for (let each = step + 2; each < step + points.length; each += 4, compared += 1)
        expect(await endOf({ ...plan, deaths: [each] })).toEqual(first);
    }
    expect(compared).toBeGreaterThan(5);
  });

  test('is read back from the line that a failure prints', () => {
    const mode = modeNamed('storm');
    const plan: Plan = { ...stormPlan(5), mode, deaths: [4, 9], sync_deaths: [3], stopped_at: null };
    expect(planFrom(planLine(plan))).toEqual(plan);
    expect(planFrom(planLine({ ...plan, stopped_at: 7 })).stopped_at).toBe(7);
    expect(planFrom(planLine({ ...plan, deaths: [] })).deaths).toEqual([]);
  });
});
