/** `npm run campaign` strikes every call in every way; here a seed draws a few. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Chance } from '../../src/sandbox/chance.ts';
import { buildMutantBundle } from '../mutants/mutant-bundle.ts';
import { SEEDED_BUGS } from '../mutants/seeded-bugs.ts';
import { DISK_FATES, losePower, strikeDisk } from './disk-faults.ts';
import { buildFaultyDisk } from './faulty-disk.ts';
import { openShop, type Shop } from './shop.ts';

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
// One submission of ten rows makes more of either.
const WRITES = 200;
const FLUSHES = 12;
const disk = buildFaultyDisk();

describe.runIf(disk !== null)('a submission on a disk that fails', () => {
  let shop: Shop;
  const chance = new Chance(SEED);
  const upTo = (limit: number) => 1 + (Number.parseInt(chance.hex(1), 16) % limit);
  beforeAll(async () => {
    shop = await openShop(10);
  });
  afterAll(async () => {
    await shop.close();
    disk?.close();
  });

  test.each(
    DISK_FATES.filter(({ often }) => often),
  )('stops before anything is sent that is not stored, and the next one pays all: $name', async (fate) => {
    const at = upTo(fate.fault.on === 'sync' ? FLUSHES : WRITES);
    expect(disk && (await strikeDisk(shop, disk, fate, at))).toEqual([]);
  }, 60_000);

  test('finds all that was sent after a loss of power, with what was flushed and nothing more', async () => {
    expect(disk && (await losePower(shop, disk, 155 + upTo(20)))).toEqual([]);
  }, 60_000);
});

describe.runIf(disk !== null)('the loss of power shows', () => {
  test.each(SEEDED_BUGS.filter(({ id }) => id === 'synchronous_normal'))('$name', async (bug) => {
    const bundle = await buildMutantBundle(bug);
    const shop = await openShop(10, { bin: bundle.bin });
    try {
      const complaints = disk && (await losePower(shop, disk, 170));
      expect(
        complaints?.filter((each) => each.endsWith('was sent and is not stored')).length,
      ).toBeGreaterThan(3);
    } finally {
      await shop.close();
      bundle.close();
    }
  }, 60_000);
});
