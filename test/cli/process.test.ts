import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { BIN, spawnPayrun } from './run-payrun.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'payrun-process-'));
});
afterAll(() => {
  rmSync(cwd, { recursive: true });
});

test('the bundle says its version on stdout', async () => {
  const ran = await spawnPayrun(['--version'], { cwd }).done;
  expect(ran).toMatchObject({ exit: 0, stdout: `${packageJson.version}\n`, stderr: '' });
});

test('an exit code reaches the shell, and an error stays off stdout', async () => {
  const ran = await spawnPayrun(['batch', 'list'], { cwd }).done;
  expect(ran.exit).toBe(2);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toMatch(/^error: .*payrun\.toml/);
});

test('no word is lost where stdout is a pipe and the document is long', async () => {
  const ran = await spawnPayrun(['schema', 'payout', 'list', '--json'], { cwd }).done;
  expect(ran.json().data).toMatchObject({ command: 'payout list' });
});

test('a reader that has seen enough is no failure', async () => {
  const script = `"$0" "$1" schema payout list --json | head -c 20; echo " \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', script, process.execPath, BIN], {
    cwd,
  });
  expect(stdout).toBe('{"schema":"payrun/sc 0\n');
  expect(stderr).toBe('');
});

test('a server says its address first and ends with 0 at a signal', async () => {
  const server = spawnPayrun(['sandbox', 'serve', '--port', '0', '-q'], { cwd });
  expect(await server.waitFor(/\n/)).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
  server.child.kill('SIGTERM');
  expect(await server.done).toMatchObject({ exit: 0, signal: null });
});

test('waiting for what never comes ends with what was said instead', async () => {
  const failing = spawnPayrun(['batch', 'list'], { cwd });
  await expect(failing.waitFor(/ready/)).rejects.toThrow('error: ');
  await failing.done;
});
