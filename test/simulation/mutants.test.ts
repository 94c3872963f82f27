/** `npm run mutants` prints which bug was caught by which finding; every one of them has to be. */
import { afterAll, expect, test, vi } from 'vitest';
import { planLine, stormPlan } from './campaign.ts';
import { Laboratory } from './laboratory.ts';
import { MODES } from './modes.ts';
import { MUTANTS } from './mutants.ts';
import type { Mutant, Plan } from './run.ts';

// Work of some seconds, which a machine with much else to do takes ten times as long for.
vi.setConfig({ testTimeout: 180_000 });

const laboratory = new Laboratory();
afterAll(() => laboratory.close());

test.each(MUTANTS)('the auditor catches: $name', async (mutant) => {
  const caught = await hunt(mutant);
  if (process.env.MUTANTS_LIST)
    process.stdout.write(
      `${caught === null ? 'MISSED' : 'caught'}  ${mutant.name}${caught === null ? '' : `: ${caught}`}\n`,
    );
  expect(caught).not.toBeNull();
});

/** What the first life that goes wrong is found guilty of, or null where none does. */
async function hunt(mutant: Mutant): Promise<string | null> {
  for (const plan of plans()) {
    try {
      const { findings } = await laboratory.live({ ...plan, mutant });
      if (findings[0]) return `${findings[0].crime} (${planLine(plan)})`;
    } catch (error) {
      // The ledger's own constraints may catch it before the auditor does.
      return `${(error as Error).message.slice(0, 100)} (${planLine(plan)})`;
    }
  }
  return null;
}

/** Every mode without a death, with a process that is stopped and replaced, and with a death; and then storms. */
function* plans(): Iterable<Plan> {
  for (const mode of MODES) yield { mode, seed: 1, rows: 2, concurrency: 2, deaths: [] };
  for (const mode of MODES) yield { mode, seed: 1, rows: 2, concurrency: 2, deaths: [], stopped_at: 21 };
  for (const mode of MODES) yield { mode, seed: 1, rows: 2, concurrency: 2, deaths: [26] };
  for (const stopped_at of [24, 27, 30, 33, 36])
    for (const mode of MODES) yield { mode, seed: 1, rows: 2, concurrency: 2, deaths: [], stopped_at };
  for (let seed = 1; seed <= 60; seed += 1) yield stormPlan(seed);
}
