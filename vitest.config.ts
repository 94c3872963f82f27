import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutated } from './test/mutants/mutant-bundle.ts';
import { SEEDED_BUGS } from './test/mutants/seeded-bugs.ts';

/** `npm run mutants` runs tests with one of the seeded bugs in the source. */
const bug = SEEDED_BUGS.find(({ id }) => id === process.env.PAYRUN_MUTANT);
const spoiled = bug && fileURLToPath(new URL(bug.file, import.meta.url));

/**
 * The simulations put clocks, timers and chance of their own in the place of the process's, and the others measure:
 * what an earlier file has left open would hang the ones and disturb the others.
 */
const ALONE = [
  'test/simulation/**/*.test.ts',
  'test/processes/**/*.test.ts',
  'test/operations/settle-doubts.test.ts',
  'test/providers/pace.test.ts',
  'test/store/rate-slots.test.ts',
];

export default defineConfig({
  plugins: [
    {
      // The bundle holds .sql, .toml and .yaml as text (build.js); the tests read the same files the same way.
      name: 'text-files',
      enforce: 'pre',
      transform(source, id) {
        const code = bug && id === spoiled ? mutated(source, bug) : source;
        if (/\.(sql|toml|yaml)$/.test(id)) return `export default ${JSON.stringify(code)};`;
        return code === source ? null : code;
      },
    },
  ],
  test: {
    globalSetup: ['test/build-once.ts', 'test/fast-folder.ts'],
    maxWorkers: 2,
    projects: [
      project('alone', { include: ALONE, isolate: true }),
      // Files share a process one after the other: loading the source anew for each costs a third of the time.
      project('together', { include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false }),
    ],
  },
});

function project(name: string, files: { include: string[]; exclude?: string[]; isolate: boolean }) {
  return {
    extends: true as const,
    test: {
      ...files,
      name,
      // Those of the root are for all; inherited, they would run once more for each project.
      globalSetup: [],
      setupFiles: ['test/each-file.ts'],
      testTimeout: 30_000,
      hookTimeout: 60_000,
      pool: 'forks' as const,
    },
  };
}
