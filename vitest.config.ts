import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // The bundle holds .sql, .toml and .yaml as text (build.js); the tests read the same files the same way.
      name: 'text-files',
      enforce: 'pre',
      transform(code, id) {
        if (/\.(sql|toml|yaml)$/.test(id)) return `export default ${JSON.stringify(code)};`;
        return null;
      },
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
