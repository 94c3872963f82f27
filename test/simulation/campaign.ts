/**
 * Many lives and their tally: a death at every single step, at every pair of steps, and storms that a seed decides.
 * A plan is written in one line, so that a life that went wrong can be lived again.
 */
import { Chance } from '../../src/sandbox/chance.ts';
import type { Crime, Finding } from './auditor.ts';
import { FAILPOINTS } from './failpoints.ts';
import type { Laboratory } from './laboratory.ts';
import { MODES, modeNamed, STORM } from './modes.ts';
import type { Life, Moment, Plan } from './run.ts';
import type { Mode } from './world.ts';

export interface Failure {
  plan: string;
  findings: Finding[];
}

export class Tally {
  runs = 0;
  payouts = 0;
  deaths = 0;
  replaced = 0;
  /** Steps for which lives stand. */
  steps = 0;
  /** Pairs of steps at which two processes in a row died. */
  pairs = 0;
  /** Plans of a pair of which the second process did not die. */
  readonly unreached: string[] = [];
  readonly modes = new Set<string>();
  readonly crimes = new Map<Crime, number>();
  readonly failures: Failure[] = [];
  /** Steps at which a process really died, by mode. */
  readonly #died = new Map<string, Set<string>>();

  add(plan: Plan, life: Life): void {
    this.runs += 1;
    this.payouts += plan.rows;
    this.deaths += life.died_at.length;
    if (life.replaced) this.replaced += 1;
    this.modes.add(plan.mode.name);
    for (const point of life.died_at) this.#at(point).add(plan.mode.name);
    for (const { crime } of life.findings) this.crimes.set(crime, (this.crimes.get(crime) ?? 0) + 1);
    if (life.findings.length > 0) this.failures.push({ plan: planLine(plan), findings: life.findings });
  }

  /** The steps for which a life stands, which had all left the same behind. */
  cover(points: readonly string[], { mode }: Plan): void {
    for (const point of points) this.#at(point).add(mode.name);
    this.steps += points.length;
  }

  #at(point: string): Set<string> {
    const known = this.#died.get(point) ?? new Set<string>();
    this.#died.set(point, known);
    return known;
  }

  /** Named steps at which no process has died. */
  uncovered(): string[] {
    return FAILPOINTS.filter((point) => !this.#died.has(point));
  }

  /** Steps at which processes died and that no list names. */
  unnamed(): string[] {
    const named: ReadonlySet<string> = new Set(FAILPOINTS);
    return [...this.#died.keys()].filter((point) => !named.has(point));
  }

  count(crime: Crime): number {
    return this.crimes.get(crime) ?? 0;
  }

  /** Pairs of a step and a mode that met. */
  met(): number {
    return [...this.#died.values()].reduce((sum, modes) => sum + modes.size, 0);
  }

  /** The life stands for so many pairs, which leave the same behind. */
  addPair(plan: Plan, life: Life, pairs: number): void {
    if (life.died_at.length >= 2) this.pairs += pairs;
    else this.unreached.push(planLine(plan));
  }

  coverage(): string {
    return `${FAILPOINTS.length - this.uncovered().length} × ${this.modes.size} (${this.met()} met)`;
  }
}

export async function liveAndTally(laboratory: Laboratory, plan: Plan, tally: Tally): Promise<Life> {
  const life = await laboratory.live(plan);
  tally.add(plan, life);
  return life;
}

interface Pace {
  stride: number;
  offset: number;
  enough(): boolean;
}

/**
 * A life without a death, and lives whose first process dies: at each of its steps, or `once` for steps in a row that
 * leave the same bytes on the disk and the same world behind.
 */
export async function dieAtEachStep(
  laboratory: Laboratory,
  plan: Omit<Plan, 'deaths'>,
  tally: Tally,
  { alike, enough }: { alike: 'each' | 'once'; enough(): boolean } = { alike: 'each', enough: () => false },
): Promise<void> {
  await liveAndTally(laboratory, { ...plan, deaths: [] }, tally);
  const dieAt = async (moment: Moment) => {
    if (enough()) return false;
    const once = { ...plan, deaths: [moment.step] };
    tally.add(once, await laboratory.goOn(once, moment));
    tally.cover(moment.points, once);
    return true;
  };
  await laboratory.atEachStep(plan, await laboratory.birth(plan), dieAt, alike);
}

/** A life for each step at which the first process can be stopped, while another takes its place. */
export async function stopAtEachStep(
  laboratory: Laboratory,
  plan: Omit<Plan, 'deaths' | 'stopped_at'>,
  tally: Tally,
  pace: Pace = { stride: 1, offset: 0, enough: () => false },
): Promise<void> {
  const whole = await laboratory.live({ ...plan, deaths: [] });
  const steps = whole.traces[0]?.length ?? 0;
  for (let step = 1 + (pace.offset % pace.stride); step <= steps && !pace.enough(); step += pace.stride)
    await liveAndTally(laboratory, { ...plan, deaths: [], stopped_at: step }, tally);
}

/**
 * Every pair of steps: the first process dies at one, the second, which recovers, at another; those that leave the same
 * behind are lived once. Answers whether all were taken.
 */
export async function dieAtEachPair(
  laboratory: Laboratory,
  plan: Omit<Plan, 'deaths'>,
  tally: Tally,
  enough: () => boolean = () => false,
): Promise<boolean> {
  let all = true;
  const dieFirst = async (first: Moment) => {
    const once = { ...plan, deaths: [first.step] };
    tally.add(once, await laboratory.goOn(once, first));
    const dieAgain = async (second: Moment) => {
      all &&= !enough();
      if (!all) return false;
      const pair = { ...plan, deaths: [first.step, second.step] };
      const life = await laboratory.goOn(pair, second);
      tally.add(pair, life);
      tally.addPair(pair, life, first.points.length * second.points.length);
      return true;
    };
    await laboratory.atEachStep(plan, first, dieAgain, 'once');
    return all;
  };
  await laboratory.atEachStep(plan, await laboratory.birth(plan), dieFirst, 'once');
  return all;
}

/** A life of which the seed decides everything. */
export function stormPlan(seed: number): Plan {
  const chance = new Chance(seed);
  const upTo = (limit: number) => 1 + (Number.parseInt(chance.hex(1), 16) % limit);
  const rows = chance.pick([1, 2, 3, 5, 8, 12]);
  return {
    mode: chance.pick<Mode>([STORM, ...MODES.slice(-1), ...MODES]),
    seed,
    rows,
    concurrency: upTo(4),
    deaths: Array.from({ length: upTo(4) - 1 }, () => upTo(70)),
    sync_deaths: Array.from({ length: upTo(4) - 1 }, () => upTo(25)),
    stopped_at: null,
  };
}

export function planLine(plan: Plan): string {
  const { mode, seed, rows, concurrency, deaths, sync_deaths, stopped_at } = plan;
  return [
    mode.name,
    seed,
    rows,
    concurrency,
    deaths.join('+'),
    sync_deaths?.join('+') ?? '',
    stopped_at ?? '',
  ].join(' | ');
}

export function planFrom(line: string): Plan {
  const [name, seed, rows, concurrency, deaths, syncDeaths, stoppedAt] = line
    .split('|')
    .map((part) => part.trim());
  return {
    mode: modeNamed(name ?? ''),
    seed: Number(seed),
    rows: Number(rows),
    concurrency: Number(concurrency),
    deaths: numbers(deaths),
    sync_deaths: numbers(syncDeaths),
    stopped_at: stoppedAt ? Number(stoppedAt) : null,
  };
}

function numbers(joined: string | undefined): number[] {
  return joined ? joined.split('+').map(Number) : [];
}
