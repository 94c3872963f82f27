/** Bugs of the kind that lose money, each as one change of the source, and the test that has to catch it. */
import type { Replacement } from './mutant-bundle.ts';

export interface SeededBug extends Replacement {
  id: string;
  name: string;
  /** The test file that fails with it. */
  test: string;
  /** Of which test of that file, as a part of its name; any where it is left out. */
  named?: string;
}

export const SEEDED_BUGS: readonly SeededBug[] = [
  {
    id: 'synchronous_normal',
    name: 'synchronous = NORMAL: a commit is not flushed',
    file: 'src/store/database.ts',
    from: '  synchronous: 2n,',
    to: '  synchronous: 1n,',
    test: 'test/processes/disk.test.ts',
    named: 'after a loss of power',
  },
  {
    id: 'synchronous_off',
    name: 'synchronous = OFF: nothing is flushed',
    file: 'src/store/database.ts',
    from: '  synchronous: 2n,',
    to: '  synchronous: 0n,',
    test: 'test/processes/disk.test.ts',
    named: 'after a loss of power',
  },
];
