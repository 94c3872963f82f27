/** What is still to happen, soonest first: a binary heap, since payouts with different delays overtake each other. */
import type { SandboxPayout, Status } from './payout.ts';

export interface Due {
  at: string;
  payout: SandboxPayout;
  status: Status;
  /** Index of this change among the payout's changes. */
  step: number;
}

function sooner(left: Due, right: Due): boolean {
  if (left.at !== right.at) return left.at < right.at;
  return left.payout.no < right.payout.no;
}

export class Timeline {
  readonly #heap: Due[] = [];

  next(): Due | undefined {
    return this.#heap[0];
  }

  add(due: Due): void {
    const heap = this.#heap;
    let index = heap.push(due) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !sooner(due, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = due;
  }

  /** Takes the soonest away, if it is due at `at`. */
  take(at: string): Due | undefined {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > at) return undefined;
    const last = heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  #sink(due: Due): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      if (left === undefined) break;
      const right = heap[2 * index + 2];
      const rightFirst = right !== undefined && sooner(right, left);
      const child = rightFirst ? right : left;
      if (!sooner(child, due)) break;
      heap[index] = child;
      index = 2 * index + (rightFirst ? 2 : 1);
    }
    heap[index] = due;
  }
}
