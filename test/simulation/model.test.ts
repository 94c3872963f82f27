/** A short walk; `npm run campaign` goes on for as long as it may. MODEL_RUNS and SIMULATION_SEED give others. */
import { expect, test } from 'vitest';
import { MODEL_COMMANDS } from './model-commands.ts';
import { walkModel } from './walk-model.ts';

const SEED = Number(process.env.SIMULATION_SEED ?? 1);
const RUNS = Number(process.env.MODEL_RUNS ?? 30);

test('whatever commands come in whatever order, every invariant holds after each of them', async () => {
  expect(MODEL_COMMANDS.length).toBeGreaterThanOrEqual(25);
  await walkModel({ seed: SEED, runs: RUNS, most_commands: 12 });
}, 600_000);
