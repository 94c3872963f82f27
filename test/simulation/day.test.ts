/** `npm run campaign` has every command die at every step; here each point is died at, and a seed draws the rest. */
import { afterAll, expect, test, vi } from 'vitest';
import { Chance } from '../../src/sandbox/chance.ts';
import { DAY_FAILPOINTS, Days, type Death, deathsOfLife } from './day.ts';

// Work of some seconds, which a machine with much else to do takes ten times as long for.
vi.setConfig({ testTimeout: 180_000 });

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const days = new Days();
afterAll(() => days.close());

test('a day on which every command dies, at each kind of step, ends with every payout paid once and the books right', async () => {
  const whole = await days.live(SEED, []);
  expect(whole.findings).toEqual([]);
  // A new point is died at as well; one that no command passes any more stays over, and fails the test.
  const left = new Set([...DAY_FAILPOINTS, ...whole.traces.flat()]);
  while (left.size > 0) {
    const before = left.size;
    const { findings, died_at } = await days.live(SEED, deathsAt(left, whole.traces));
    expect(findings).toEqual([]);
    for (const point of died_at) left.delete(point);
    if (left.size === before) break;
  }
  expect([...left]).toEqual([]);
});

test('and wherever else a seed has them die, also when they are given again', async () => {
  const chance = new Chance(SEED);
  const { traces } = await days.live(SEED, []);
  for (let life = 0; life < 2; life += 1) {
    const deaths = deathsOfLife(life * 11 + SEED, traces, chance);
    const { findings, died_at } = await days.live(SEED, deaths);
    expect({ deaths, findings }).toEqual({ deaths, findings: [] });
    expect(died_at.length).toBeGreaterThan(25);
  }
});

/** Up to three points that nobody has died at yet, in each command that passes them. */
function deathsAt(left: ReadonlySet<string>, traces: readonly (readonly string[])[]): Death[] {
  const taken = new Set<string>();
  return traces.flatMap((trace, turn) =>
    [...new Set(trace)]
      .filter((point) => left.has(point) && !taken.has(point))
      .slice(0, 3)
      .map((point, again) => {
        taken.add(point);
        return { turn, again, step: point };
      }),
  );
}
