import type { Replacement } from './mutant-bundle.ts';

export interface SeededBug extends Replacement {
  id: string;
  name: string;
  test: string;
  /** Part of the names of the tests that are run; all of the file where it is left out. */
  named?: string;
}
