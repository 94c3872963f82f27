/**
 * Seeded chance. One seed gives three courses that do not disturb each other: a course for requests, one for accepted
 * payouts, one for events; within a course every turn draws from a generator of its own, so that what one request
 * needs does not shift the luck of the next. The same requests in the same order meet the same faults; requests that
 * are under way at once arrive in an order that no seed decides.
 */

/** Largest seed, and one more than the largest whole number that is drawn. */
export const SEED_LIMIT = 2 ** 32;

/** mulberry32: 32 bits of state, even enough to spread faults, and the same on every machine. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  #draw(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A generator that goes on by itself. */
  fork(): Chance {
    return new Chance(this.#draw());
  }

  /** One that goes on from here as this one would. */
  copy(): Chance {
    return new Chance(this.#state);
  }

  /** True with this probability; 0 never, 1 always. */
  hits(probability: number): boolean {
    return this.#draw() / SEED_LIMIT < probability;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[Math.floor((this.#draw() / SEED_LIMIT) * choices.length)] ?? choices[0];
  }

  /** Lower-case hexadecimal digits, eight for each draw. */
  hex(draws: number): string {
    return Array.from({ length: draws }, () => this.#draw().toString(16).padStart(8, '0')).join('');
  }
}
