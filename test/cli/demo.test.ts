/** The first thing that a newcomer runs, and often the only one. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { emptyFolder } from './beneficiary/office.ts';
import { runPayrun } from './run-payrun.ts';

test('the demo finds what it planted, and its tables fit the terminal', async () => {
  const cwd = emptyFolder();
  const ran = await runPayrun(['demo', '--no-color'], { cwd, tty: true, columns: 80 });
  expect([ran.exit, ran.stdout]).toEqual([
    0,
    expect.stringContaining('6 differences planted, 6 found, the books balance.'),
  ]);
  const table = /\n( {2}break {2}kind .*\n(?: {2}.*\n){6})/.exec(ran.stdout)?.[1] ?? '';
  expect(table).toContain('duplicate_on_statement');
  for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(ran.stdout).not.toMatch(/\u001b/);
  expect(readdirSync(cwd)).toEqual([]);
});

test('the demo as one document has every step with its exit code, and leaves its folder where one is named', async () => {
  const cwd = emptyFolder();
  const { exit, stdout, json } = await runPayrun(['demo', '--json', '--keep', 'kept'], { cwd });
  expect(exit, stdout).toBe(0);
  const { steps } = json<{ steps: { exit: number; expected: number }[] }>().data;
  expect(steps.length).toBeGreaterThan(8);
  for (const step of steps) expect(step.exit).toBe(step.expected);
  expect((await runPayrun(['ledger', 'verify'], { cwd: `${cwd}/kept` })).exit).toBe(0);
});
