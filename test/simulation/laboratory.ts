/** Where lives are lived: from their birth, or from any moment at which one of their processes died. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Chance } from '../../src/sandbox/chance.ts';
import {
  copyImage,
  FAST,
  jitterOf,
  type Life,
  liveOn,
  type Moment,
  oneProcess,
  type Plan,
  restAfterDeath,
  withChance,
} from './run.ts';
import { seedLedger } from './seeded-ledger.ts';
import { World } from './world.ts';

export class Laboratory {
  readonly #folder = mkdtempSync(join(FAST, 'payrun-simulation-'));
  readonly #seeded = new Map<number, Promise<string>>();
  #lives = 0;

  async live(plan: Plan): Promise<Life> {
    return this.goOn(plan, await this.birth(plan));
  }

  /** Nothing has happened yet. */
  async birth({ mode, seed, rows }: Pick<Plan, 'mode' | 'seed' | 'rows'>): Promise<Moment> {
    const path = await this.#image(rows);
    const world = new World(mode, new Chance(seed));
    return { step: 0, points: [], path, world, jitter: jitterOf(seed), traces: [], died_at: [] };
  }

  /** The rest of a life from a moment on, which stays as it is, for others to go on from. */
  async goOn(plan: Plan, moment: Moment): Promise<Life> {
    return this.#inFolder(async (folder) => {
      const begun = atMoment(moment, join(folder, 'begun.db'));
      return withChance(begun.jitter, () => liveOn(plan, begun, folder));
    });
  }

  /**
   * The next process after a moment lives, and `work` is given what the disk and the world held at each of its steps,
   * until it answers false: the same as if it had died there, at a fraction of the time of living up to it each time. With
   * `alike: 'once'` steps that leave the same bytes on the disk and the same world come once.
   */
  async atEachStep(
    plan: Omit<Plan, 'deaths'>,
    from: Moment,
    work: (moment: Moment) => Promise<boolean>,
    alike: 'each' | 'once' = 'each',
  ): Promise<void> {
    await this.#inFolder(async (folder) => {
      const begun = atMoment(from, join(folder, 'begun.db'));
      const { path, world, jitter } = begun;
      const moments: Moment[] = [];
      const trace: string[] = [];
      let last = '';
      const onStep = (step: number, point: string) => {
        trace.push(point);
        const mark =
          alike === 'each' ? String(step) : `${diskMark(path)} ${jitter.copy().hex(1)} ${world.mark()}`;
        const before = moments.at(-1);
        if (before !== undefined && mark === last) {
          before.points.push(point);
          return;
        }
        last = mark;
        const image = join(folder, `step-${step}.db`);
        copyImage(path, image);
        moments.push({
          step,
          points: [point],
          path: image,
          world: world.copy(),
          jitter: jitter.copy(),
          traces: [...from.traces, [...trace]],
          died_at: [...from.died_at, point],
        });
      };
      await withChance(jitter, async () => {
        restAfterDeath(plan, begun);
        const whole = { ...plan, deaths: [] };
        await oneProcess(whole, world, { path, next: '', die_at: null, stopped_at: null, onStep });
      });
      for (const moment of moments) if (!(await work(moment))) return;
    });
  }

  async #inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
    this.#lives += 1;
    const folder = join(this.#folder, `life-${this.#lives}`);
    mkdirSync(folder);
    try {
      return await work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #image(rows: number): Promise<string> {
    const known = this.#seeded.get(rows);
    if (known) return known;
    const made = seedLedger(join(this.#folder, `seeded-${rows}.db`), rows);
    this.#seeded.set(rows, made);
    return made;
  }
}

/** A copy to go on with, so that others can go on from the same moment. */
function atMoment(moment: Moment, path: string): Moment {
  copyImage(moment.path, path);
  return { ...moment, path, world: moment.world.copy(), jitter: moment.jitter.copy() };
}

/** The log only grows within one process, and the file itself is written when the log is folded in. */
function diskMark(path: string): string {
  const { mtimeMs, size } = statSync(path);
  const log = existsSync(`${path}-wal`) ? statSync(`${path}-wal`).size : 0;
  return `${mtimeMs} ${size} ${log}`;
}
