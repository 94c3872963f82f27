import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { createProgress, standingText } from '../../../src/cli/output/progress.ts';
import { makeWorld } from '../run-payrun.ts';

const LOUD = { quiet: false, progress: true };

function clocked(tty: boolean, env = {}) {
  const clock = { ms: 0 };
  const made = makeWorld([], { cwd: '/', tty, env, monotonicMs: () => clock.ms });
  return { ...made, clock };
}

test('the line says counts, rate and time left', () => {
  const standing = { done: 1240, counts: { paid: 1231, failed: 6, unknown: 3, held: 0 } };
  expect(standingText('Paying', 12_000, standing, 43)).toBe(
    'Paying 1,240/12,000 10%  paid 1,231 failed 6 unknown 3  43/s  4m11s left',
  );
  expect(standingText('Reading', null, { done: 5 }, null)).toBe('Reading 5');
  expect(standingText('Paying', 0, { done: 0 }, null)).toBe('Paying 0/0');
});

test('elsewhere than on a terminal it is a plain line every ten seconds, and a last one', async () => {
  const { world, written, clock } = clocked(false);
  const progress = createProgress(world, LOUD);
  progress.start('Paying', 100);
  for (let second = 1; second <= 25; second += 1) {
    clock.ms = second * 1000;
    progress.update({ done: second * 2 });
  }
  await progress.end();
  expect(written('stderr').split('\n')).toEqual([
    'Paying 20/100 20%  2/s  40s left',
    'Paying 40/100 40%  2/s  30s left',
    'Paying 50/100 50%  2/s  25s left',
    '',
  ]);
});

test('short work says nothing in a pipe', async () => {
  const { world, written, clock } = clocked(false);
  const progress = createProgress(world, LOUD);
  progress.start('Paying', 2);
  clock.ms = 9000;
  progress.update({ done: 2 });
  await progress.end();
  expect(written('stderr')).toBe('');
});

test('a terminal sees one line that changes, and lines of their own above it', async () => {
  const { world, written } = makeWorld([], { cwd: '/', tty: true });
  const progress = createProgress(world, LOUD);
  progress.start('Paying', 10);
  await expect.poll(() => written('stderr')).toContain('Paying 0/10');
  progress.line('Stopping after 4 payouts in flight.');
  progress.update({ done: 10, counts: { paid: 10 } });
  await expect
    .poll(() => {
      progress.update({ done: 10, counts: { paid: 10 } });
      return written('stderr');
    })
    .toContain('Paying 10/10 100%  paid 10');
  await progress.end();
  expect(written('stderr')).toContain('Stopping after 4 payouts in flight.\n');
  expect(written('stderr')).toContain('\u001b[K');
  expect(written('stdout')).toBe('');
});

test('a terminal without a size is written to like any other', async () => {
  const { world, written } = makeWorld([], { cwd: '/', tty: true, columns: 0 });
  const progress = createProgress(world, LOUD);
  progress.start('Paying', 10);
  await expect.poll(() => written('stderr')).toContain('Paying 0/10');
  await progress.end();
  expect(written('stderr').length).toBeLessThan(5000);
});

test.each([
  ['--quiet', { quiet: true, progress: true }, {}],
  ['--no-progress', { quiet: false, progress: false }, {}],
  ['CI', LOUD, { CI: 'true' }],
])('%s keeps the changing line away', async (_name, flags, env) => {
  const { world, written, clock } = clocked(true, env);
  const progress = createProgress(world, flags);
  progress.start('Paying', 10);
  clock.ms = 5000;
  progress.update({ done: 1 });
  await progress.end();
  expect(written('stderr')).toBe('');
});

test('a stderr that fails stops no work', async () => {
  const { world, clock } = clocked(false);
  const broken = { ...world, stderr: { ...world.stderr, write: () => Promise.reject(new Error('gone')) } };
  const progress = createProgress(broken, LOUD);
  progress.start('Paying', 10);
  clock.ms = 20_000;
  progress.update({ done: 1 });
  progress.line('x');
  await progress.end();
});

test('an update costs next to nothing', async () => {
  const { world } = makeWorld([], { cwd: '/' });
  const progress = createProgress(world, LOUD);
  progress.start('Paying', 1_000_000);
  const before = performance.now();
  for (let done = 0; done < 100_000; done += 1) progress.update({ done });
  // 100,000 updates in a second would be 20 times what 5,000 payouts a second need.
  expect(performance.now() - before).toBeLessThan(1000);
  await progress.end();
});
