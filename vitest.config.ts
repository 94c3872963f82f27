import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutated } from './test/mutants/mutant-bundle.ts';
import { SEEDED_BUGS } from './test/mutants/seeded-bugs.ts';

/** `npm run mutants` runs tests with one of the seeded bugs in the source. */
const bug = SEEDED_BUGS.find(({ id }) => id === process.env.PAYRUN_MUTANT);
const spoiled = bug && fileURLToPath(new URL(bug.file, import.meta.url));

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
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    setupFiles: ['test/seeded-properties.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
