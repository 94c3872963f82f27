/**
 * SHA-256 over texts in sorted order, whatever the order in which they come. They wait as bytes, in runs that are sorted
 * by themselves and merged at the end: as strings a million of them, and what the sorting leaves behind, would be the
 * most of an import's memory.
 */
import { createHash } from 'node:crypto';

export interface SortedHash {
  add(texts: readonly string[]): void;
  /** 64 hex digits; the same as of all texts sorted as JavaScript sorts strings, and joined. */
  end(): string;
}

interface Run {
  bytes: Buffer;
  /** Where each text ends in `bytes`. */
  ends: Uint32Array;
  index: number;
  /** The text at `index`. */
  text: string;
}

// Hashed in pieces, so that the whole text never stands in memory.
const TEXTS_A_PIECE = 1000;

export function createSortedHash(): SortedHash {
  const runs: Run[] = [];
  return {
    add(texts) {
      if (texts.length > 0) runs.push(packed([...texts].sort()));
    },
    end() {
      const hash = createHash('sha256');
      let piece: string[] = [];
      for (const text of merged(runs)) {
        piece.push(text);
        if (piece.length < TEXTS_A_PIECE) continue;
        hash.update(piece.join(''));
        piece = [];
      }
      return hash.update(piece.join('')).digest('hex');
    },
  };
}

function packed(texts: readonly string[]): Run {
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [index, text] of texts.entries()) {
    end += Buffer.byteLength(text);
    ends[index] = end;
  }
  return { bytes: Buffer.from(texts.join('')), ends, index: 0, text: texts[0] ?? '' };
}

/** The smallest text of all runs, again and again. */
function* merged(runs: readonly Run[]): Generator<string, void, undefined> {
  // A heap: no run is before the one at half of its place.
  const heap = runs.toSorted((a, b) => (a.text < b.text ? -1 : 1));
  for (let [first] = heap; first !== undefined; [first] = heap) {
    yield first.text;
    if (!advance(first)) {
      const last = heap.pop() as Run;
      if (last === first) continue;
      heap[0] = last;
    }
    sink(heap);
  }
}

/** To the run's next text; false at its end. */
function advance(run: Run): boolean {
  const start = run.ends[run.index] ?? 0;
  run.index += 1;
  const end = run.ends[run.index];
  if (end === undefined) return false;
  run.text = run.bytes.toString('utf8', start, end);
  return true;
}

function sink(heap: Run[]): void {
  const run = heap[0] as Run;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const [left, right] = [heap[child], heap[child + 1]];
    if (left === undefined) break;
    if (right !== undefined && right.text < left.text) child += 1;
    const smaller = heap[child] as Run;
    if (smaller.text >= run.text) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = run;
}
