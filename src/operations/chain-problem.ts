export interface Problem {
  /** Stable; docs/reference.md lists them. */
  code: string;
  message: string;
  entry: bigint | null;
}

// Whoever has more than a thousand needs a backup and not a longer list.
export const PROBLEMS_LISTED = 1000;
