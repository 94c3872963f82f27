import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS, NOUNS } from '../../src/cli/commands.ts';
import { runPayrun } from './run-payrun.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-completion-'));
  mkdirSync(join(folder, 'files'));
  for (const name of ['pay.csv', 'may list.csv']) writeFileSync(join(folder, 'files', name), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const ran = await runPayrun(['completion', shell], { cwd: folder });
    expect(ran.exit).toBe(0);
    writeFileSync(join(folder, `payrun.${shell}`), ran.stdout);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What bash offers where the cursor stands behind the last word. */
function offered(...words: string[]): string[] {
  return offeredFor([words])[0] ?? [];
}

/** The same of many lines, which one bash completes one after the other. */
function offeredFor(lines: readonly (readonly string[])[]): string[][] {
  const script = `
    source "$0"
    while [ $# -gt 0 ]; do
      COMP_WORDS=("\${@:2:$1}"); COMP_CWORD=$(($1 - 1)); shift $(($1 + 1))
      COMPREPLY=()
      _payrun
      printf '%s\\n' "\${COMPREPLY[@]}" '--next--'
    done`;
  const counted = lines.flatMap((words) => [String(words.length + 1), 'payrun', ...words]);
  const text = execFileSync('bash', ['-c', script, join(folder, 'payrun.bash'), ...counted], {
    cwd: join(folder, 'files'),
    encoding: 'utf8',
  });
  return text
    .split('--next--\n')
    .slice(0, -1)
    .map((answer) =>
      answer
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    );
}

test('bash offers the nouns and the commands of one word', () => {
  const first = new Set(COMMANDS.map(({ name }) => name.split(' ')[0]));
  expect(offered('')).toEqual([...first].sort());
  expect(offered('ba')).toEqual(['batch']);
});

test('bash offers the verbs of every noun, also behind a global option with a value', () => {
  const nouns = Object.keys(NOUNS);
  const answers = offeredFor(nouns.map((noun) => [noun, '']));
  for (const [index, noun] of nouns.entries()) {
    const verbs = COMMANDS.filter(({ name }) => name.startsWith(`${noun} `)).map(
      ({ name }) => name.split(' ')[1],
    );
    expect(answers[index], noun).toEqual([...verbs].sort());
  }
  expect(offered('--config', 'batch', 'payout', 'sh')).toEqual(['show']);
});

test('bash offers the options of the verb and of every command', () => {
  expect(offered('batch', 'import', '--')).toEqual(
    expect.arrayContaining(['--name', '--json', '--dry-run', '--help']),
  );
  expect(offered('audit', 'log', '--')).not.toContain('--name');
});

test('bash offers an option’s choices, and no files where a word is wanted', () => {
  expect(offered('batch', 'list', '--format', '')).toEqual(['csv', 'json', 'ndjson', 'table']);
  expect(offered('ledger', 'export', '--format', '')).toEqual(
    expect.arrayContaining(['hledger', 'beancount']),
  );
  expect(offered('completion', '')).toEqual(['bash', 'fish', 'zsh']);
  expect(offered('batch', 'show', '')).toEqual([]);
});

test('bash offers files for a file argument and for an option that names one, spaces and all', () => {
  expect(offered('batch', 'import', '')).toEqual(['may list.csv', 'pay.csv']);
  expect(offered('batch', 'list', '--output-file', 'p')).toEqual(['pay.csv']);
});

const installed = (shell: string) => spawnSync(shell, ['--version']).status === 0;

test.each(['bash', 'zsh', 'fish'])('%s reads its script without an error', (shell) => {
  // Only bash is everywhere; a shell that is not installed has nothing to read with.
  if (!installed(shell)) return;
  const checked = spawnSync(shell, ['-n', join(folder, `payrun.${shell}`)], { encoding: 'utf8' });
  expect(checked.stderr).toBe('');
  expect(checked.status).toBe(0);
});
