/** `npm run deaths` kills at every step; here a seed draws one of each, and the last is died at. */
import { afterAll, describe, expect, test } from 'vitest';
import { Chance } from '../../src/sandbox/chance.ts';
import { countSteps, dieAt, WORKS } from './custody.ts';
import { buildFaultyDisk } from './faulty-disk.ts';

const EVERY = process.env.DEATHS === 'all';
const LAST = 1;
const disk = buildFaultyDisk();
afterAll(() => disk?.close());

describe.runIf(disk !== null)(
  'killed at any step, it is finished by the next try, and nothing is readable',
  () => {
    const chance = new Chance(Number(process.env.SIMULATION_SEED ?? 1));

    test.each(WORKS)('$name', { timeout: EVERY ? 3_600_000 : 120_000 }, async (work) => {
      if (disk === null) return;
      const steps = await countSteps(work, disk);
      expect(steps).toBeGreaterThan(20);
      const drawn = 1 + (Number.parseInt(chance.hex(2), 16) % (steps - LAST));
      const all = Array.from({ length: steps }, (_, index) => index + 1);
      const complaints: string[] = [];
      for (const at of EVERY ? all : [drawn, ...all.slice(-LAST)])
        complaints.push(...(await dieAt(work, disk, at)));
      expect(complaints).toEqual([]);
    });
  },
);
