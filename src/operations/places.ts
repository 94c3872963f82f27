/** So many at once and no more: on the wire, or waiting for the disk. */
export interface Places {
  /** Resolves when there is a place, first come first served. */
  take(): Promise<void>;
  leave(): void;
  free(): number;
}

export function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    free: () => free,
    take: () => {
      if (free > 0) {
        free -= 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
