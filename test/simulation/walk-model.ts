/** Walks of the model: a desk with an approved batch, commands as fast-check draws them, and an end that is audited. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import * as commands from './commands.ts';
import { Desk } from './desk.ts';
import { CALM, type Model, type Mood, moodyMode, type Real, textOf } from './model.ts';
import { importRows, MODEL_COMMANDS, PEOPLE } from './model-commands.ts';
import { FAST, withoutChance } from './run.ts';
import { WINDOW_MS } from './world.ts';

export interface Walks {
  seed: number;
  runs: number;
  most_commands: number;
  /** Asked before each walk. */
  enough?(): boolean;
}

export interface Walked {
  walks: number;
  commands: number;
}

/** Throws with the shortest sequence that breaks something. */
export async function walkModel(walks: Walks): Promise<Walked> {
  const root = mkdtempSync(join(FAST, 'payrun-model-'));
  const walked: Walked = { walks: 0, commands: 0 };
  const start = await prepare(join(root, 'start'));
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.commands([...MODEL_COMMANDS], { maxCommands: walks.most_commands, size: 'max' }),
        async (drawn) => {
          if (walks.enough?.()) return;
          walked.walks += 1;
          const folder = join(root, String(walked.walks));
          mkdirSync(folder);
          copyFileSync(start, join(folder, '0.db'));
          await withoutChance(walks.seed, () =>
            walk(new Desk(folder, moodyMode(CALM), walks.seed), drawn, walked),
          );
          rmSync(folder, { recursive: true, force: true });
        },
      ),
      { seed: walks.seed, numRuns: walks.runs, endOnFailure: false },
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return walked;
}

const FIRST = importRows('first', 3);

/** A ledger with people and an approved batch, to be copied for each walk. */
async function prepare(folder: string): Promise<string> {
  mkdirSync(folder);
  const desk = new Desk(folder, moodyMode(CALM), 1);
  await desk.begin();
  for (const command of [
    commands.importPeople(PEOPLE),
    commands.importPayouts('first', FIRST),
    commands.approve('first', 'bert'),
  ])
    await desk.run(command);
  if (desk.findings.length > 0) throw new Error(textOf(desk));
  return desk.path;
}

async function walk(
  desk: Desk,
  drawn: Iterable<fc.AsyncCommand<Model, Real>>,
  walked: Walked,
): Promise<void> {
  const mood: Mood = { ...CALM };
  desk.world.mode = moodyMode(mood);
  desk.rows = FIRST.length;
  const first = {
    rows: FIRST.map((row) => row.split(',')[0] ?? ''),
    approved: true,
    cancelled: new Set<string>(),
  };
  const model: Model = { batches: new Map([['first', first]]), backup: null, files: 0 };
  await fc.asyncModelRun(() => ({ model, real: { desk, mood } }), drawn);
  walked.commands += [...drawn].length;
  await end(desk, model, mood);
}

/** The provider is well again, everything that is approved is sent, and what moves has time to arrive. */
async function end(desk: Desk, model: Model, mood: Mood): Promise<void> {
  Object.assign(mood, CALM);
  desk.world.calm = true;
  const approved = [...model.batches].filter(([, batch]) => batch.approved);
  for (let turn = 0; turn < 3; turn += 1) {
    // Of a cancelled batch what may have left is only asked about, and held once its window is over.
    if (turn === 2) desk.world.pass(WINDOW_MS);
    for (const [name] of approved) await desk.run(commands.submit(name));
    desk.world.pass(3 * 3_600_000);
    await desk.run(commands.sync);
  }
  if (desk.findings.length === 0) await desk.auditAtTheEnd();
  if (desk.findings.length > 0) throw new Error(textOf(desk));
}
