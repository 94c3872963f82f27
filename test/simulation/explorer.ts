/**
 * Every order in which the steps of two processes can come: who goes next is decided at each step, and each decision
 * is made in every way (a search in depth, each schedule lived from its start).
 */
import { Chance } from '../../src/sandbox/chance.ts';
import type { Steps } from './failpoints.ts';

/** The steps at which one can stand while the other goes on. Within a transaction nobody else writes anyway. */
const GATES: ReadonlySet<string> = new Set([
  'transaction: before it begins',
  'balance: before the call',
  'look-up: before the call',
  'submit: before the call',
  'submit: before the answer',
]);

interface Waiting {
  worker: number;
  go(): void;
}

/** Who waits at a gate; whoever drives it says who goes next. */
export class Crossroads {
  readonly #waiting: Waiting[] = [];
  #timers = 0;

  gate(worker: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ worker, go: resolve });
      this.#waiting.sort((a, b) => a.worker - b.worker);
    });
  }

  steps(worker: number): Steps {
    return {
      pass: (point) => (GATES.has(point) ? this.gate(worker) : Promise.resolve()),
      hit: () => undefined,
      alive: () => undefined,
    };
  }

  /** A short wait of the code under test: over as soon as everybody stands. */
  timer(work: () => void): { cancelled: boolean } {
    const timer = { cancelled: false };
    this.#timers += 1;
    setImmediate(() => {
      this.#timers -= 1;
      if (!timer.cancelled) work();
    });
    return timer;
  }

  /** Lets one after the other go until nobody waits; answers how many could have gone at each step. */
  async drive(choose: (step: number, choices: number) => number, ended: () => boolean): Promise<number[]> {
    const choices: number[] = [];
    for (;;) {
      do await new Promise((resolve) => setImmediate(resolve));
      while (this.#timers > 0);
      if (this.#waiting.length === 0) {
        if (ended()) return choices;
        continue;
      }
      const chosen = choose(choices.length, this.#waiting.length);
      choices.push(this.#waiting.length);
      const [next] = this.#waiting.splice(chosen, 1);
      next?.go();
    }
  }
}

export type Breach =
  | 'paid_twice'
  | 'not_paid'
  | 'sent_before_stored'
  | 'other_bytes'
  | 'written_by_a_stale_owner'
  | 'unbalanced';

export interface Explored {
  schedules: number;
  /** Schedules in which one of the two was refused, since the other had taken its place. */
  replaced: number;
  longest: number;
  /** How often each, over all schedules. */
  breaches: Map<Breach, number>;
}

/** One schedule: lives it as `choose` says; answers what went wrong, and whether one was replaced. */
export interface Living {
  run(crossroads: Crossroads, drive: (ended: () => boolean) => Promise<number[]>): Promise<Lived>;
}

export interface Lived {
  choices: number[];
  replaced: boolean;
  breaches: Breach[];
}

/** Every schedule, in order, until all are lived or it is enough. Answers whether all were. */
export async function exploreAll(
  living: Living,
  enough: (schedules: number) => boolean = () => false,
): Promise<Explored & { all: boolean }> {
  const explored = nothingYet();
  let prefix: number[] | null = [];
  while (prefix !== null) {
    if (enough(explored.schedules)) return { ...explored, all: false };
    const decided: number[] = prefix;
    const taken: number[] = [];
    const lived = await liveSchedule(living, (step) => {
      taken[step] = decided[step] ?? 0;
      return taken[step] ?? 0;
    });
    tally(explored, lived);
    prefix = nextPrefix(taken, lived.choices);
  }
  return { ...explored, all: true };
}

/** So many schedules that a seed draws. */
export async function exploreSome(living: Living, seed: number, count: number): Promise<Explored> {
  const explored = nothingYet();
  const chance = new Chance(seed);
  for (let index = 0; index < count; index += 1) {
    const lived = await liveSchedule(
      living,
      (_step, choices) => Number.parseInt(chance.hex(1), 16) % choices,
    );
    tally(explored, lived);
  }
  return explored;
}

function nothingYet(): Explored {
  return { schedules: 0, replaced: 0, longest: 0, breaches: new Map() };
}

function tally(explored: Explored, lived: Lived): void {
  explored.schedules += 1;
  if (lived.replaced) explored.replaced += 1;
  explored.longest = Math.max(explored.longest, lived.choices.length);
  for (const breach of lived.breaches)
    explored.breaches.set(breach, (explored.breaches.get(breach) ?? 0) + 1);
}

/** The last decision that can still be made otherwise is; what came after it is open again. */
function nextPrefix(taken: readonly number[], choices: readonly number[]): number[] | null {
  for (let step = choices.length - 1; step >= 0; step -= 1) {
    const chosen = taken[step] ?? 0;
    if (chosen + 1 < (choices[step] ?? 0)) return [...taken.slice(0, step), chosen + 1];
  }
  return null;
}

async function liveSchedule(
  living: Living,
  choose: (step: number, choices: number) => number,
): Promise<Lived> {
  const crossroads = new Crossroads();
  const { setTimeout: realTimeout, clearTimeout: realClear } = globalThis;
  const timer = (work: () => void) => crossroads.timer(work);
  globalThis.setTimeout = Object.assign(timer, {
    __promisify__: realTimeout.__promisify__,
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((timer: { cancelled: boolean } | undefined) => {
    if (timer) timer.cancelled = true;
  }) as unknown as typeof clearTimeout;
  try {
    return await living.run(crossroads, (ended) => crossroads.drive(choose, ended));
  } finally {
    globalThis.setTimeout = realTimeout;
    globalThis.clearTimeout = realClear;
  }
}
