/** `npm run campaign` lives every schedule; here a seed draws some of them. SIMULATION_SEED gives others. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { exploreAll, exploreSome } from './explorer.ts';
import { realProtocol } from './interleavings.ts';
import { modeNamed } from './modes.ts';
import { believingItself } from './mutants.ts';
import { naiveWorkers } from './naive-workers.ts';
import { FAST } from './run.ts';

// Work of some seconds, which a machine with much else to do takes ten times as long for.
vi.setConfig({ testTimeout: 180_000 });

const SEED = Number(process.env.SIMULATION_SEED ?? 1);

function newFolder(): string {
  const folder = mkdtempSync(join(FAST, 'payrun-interleavings-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.each([
  'none',
  'lost_answer',
  'late',
])('two processes that submit the same batch step by step pay it once, in whatever order (%s)', async (mode) => {
  const protocol = realProtocol(newFolder(), modeNamed(mode));
  const explored = await exploreSome(protocol, SEED, 80);
  await protocol.close();
  expect([...explored.breaches]).toEqual([]);
  // Most orders have one take the other's place in the midst of its work.
  expect(explored.replaced).toBeGreaterThan(40);
});

test('a process whose place was taken, and that is not told, is found out', async () => {
  const protocol = realProtocol(newFolder(), modeNamed('none'), believingItself);
  const explored = await exploreSome(protocol, SEED, 60);
  await protocol.close();
  expect(explored.breaches.get('written_by_a_stale_owner')).toBeGreaterThan(10);
});

test('two workers that read, then claim, then send, are found out in all 12,870 orders of 8 steps each', async () => {
  const explored = await exploreAll(naiveWorkers(8));
  expect([explored.schedules, explored.all]).toEqual([12_870, true]);
  expect(explored.breaches.get('paid_twice')).toBeGreaterThan(5_000);
});
