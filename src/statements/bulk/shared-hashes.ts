// All of them at once would have to stand in memory a second time to be sorted.
const RANGES = 8;
const RANGE_BITS = 3;

/** Every hash but 0 that stands in the lists more than once. */
export function sharedHashes(lists: readonly Uint32Array[]): Set<number> {
  const counts = new Uint32Array(RANGES);
  for (const list of lists) countRanges(list, counts);
  const room = new Uint32Array(counts.reduce((most, count) => Math.max(most, count), 0));
  const shared = new Set<number>();
  for (let range = 0; range < RANGES; range += 1) {
    let used = 0;
    for (const list of lists) used = takeRange(list, range, room, used);
    const sorted = room.subarray(0, used).sort();
    for (let index = 1; index < sorted.length; index += 1) {
      const hash = sorted[index] as number;
      if (hash !== 0 && hash === sorted[index - 1]) shared.add(hash);
    }
  }
  return shared;
}

function rangeOf(hash: number): number {
  return hash >>> (32 - RANGE_BITS);
}

function countRanges(list: Uint32Array, counts: Uint32Array): void {
  for (let index = 0; index < list.length; index += 1) {
    const range = rangeOf(list[index] as number);
    counts[range] = (counts[range] as number) + 1;
  }
}

/** Answers how much of the room is used. */
function takeRange(list: Uint32Array, range: number, room: Uint32Array, from: number): number {
  let used = from;
  for (let index = 0; index < list.length; index += 1) {
    const hash = list[index] as number;
    if (rangeOf(hash) !== range) continue;
    room[used] = hash;
    used += 1;
  }
  return used;
}
