/** `npm run mutants` has each bug caught by the tests that are named for it; here, that each still fits the source. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutated } from './mutant-bundle.ts';
import type { SeededBug } from './seeded-bug.ts';
import { SEEDED_BUGS } from './seeded-bugs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test.each(SEEDED_BUGS)('fits the source: $name', (bug) => {
  const source = readFileSync(join(ROOT, bug.file), 'utf8');
  expect(mutated(source, bug)).not.toBe(source);
  expect(existsSync(join(ROOT, bug.test))).toBe(true);
  expect(SEEDED_BUGS.filter(({ id }) => id === bug.id)).toHaveLength(1);
});

test.runIf(process.env.MUTANTS_LIST).each(SEEDED_BUGS)(
  'is caught: $name',
  (bug) => {
    const failed = failedWith(bug);
    process.stdout.write(`${failed === null ? 'MISSED' : 'caught'}  ${bug.name}: ${failed ?? bug.test}\n`);
    expect(failed).not.toBeNull();
  },
  300_000,
);

/** The first test that fails with the bug in the source, or null where none does. */
function failedWith({ id, test: file, named }: SeededBug): string | null {
  const { PATH, HOME } = process.env;
  const run = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      file,
      ...(named === undefined ? [] : ['-t', named]),
      '--bail=1',
      '--reporter=json',
    ],
    { cwd: ROOT, env: { PATH, HOME, PAYRUN_MUTANT: id }, encoding: 'utf8' },
  );
  const report = JSON.parse(run.stdout.slice(run.stdout.indexOf('{')) || '{}') as {
    testResults?: { message: string; assertionResults: { status: string; fullName: string }[] }[];
  };
  const results = report.testResults ?? [];
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  return (
    tests.find(({ status }) => status === 'failed')?.fullName ??
    results.find(({ message }) => message !== '')?.message.split('\n')[0] ??
    null
  );
}
