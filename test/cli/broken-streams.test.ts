import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInputFile } from '../../src/cli/input-file.ts';
import { BIN, makeWorld, runPayrun } from './run-payrun.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'payrun-streams-'));
  expect((await runPayrun(['init'], { cwd })).exit).toBe(0);
});
afterAll(() => {
  rmSync(cwd, { recursive: true });
});

/** In bash, where `$0` is node and `$1` is payrun. */
async function shell(script: string): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('bash', ['-c', script, process.execPath, BIN], { cwd });
}

describe.skipIf(!existsSync('/dev/full'))('an output that cannot be written', () => {
  test.each([
    'payout list --json',
    'payout list',
    '--help',
    'schema payout list --json',
  ])('is one line on stderr and exit 1: %s', async (words) => {
    const { stdout, stderr } = await shell(`"$0" "$1" ${words} > /dev/full; echo $?`);
    expect(stdout).toBe('1\n');
    expect(stderr).toBe('error: the output could not be written: no space left on device.\n');
  });

  test('on stderr changes nothing', async () => {
    expect((await shell('"$0" "$1" payout list --json 2> /dev/full; echo $?')).stdout).toMatch(
      /^\{.*\}\n0\n$/,
    );
    expect((await shell('"$0" "$1" payout show none 2> /dev/full; echo $?')).stdout).toBe('1\n');
    expect((await shell('"$0" "$1" payout list > /dev/full 2> /dev/full; echo $?')).stdout).toBe('1\n');
  });
});

interface Reading {
  child: ChildProcess;
  ended: Promise<number | null>;
  stderr(): string;
}

function reading(...args: string[]): Reading {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, stdio: ['pipe', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  child.stdin.on('error', () => undefined);
  return {
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    stderr: () => text,
  };
}

/** Opens a named pipe for writing, which fails for as long as nobody reads it. */
async function openToReader(path: string): Promise<number> {
  for (;;) {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await delay(10);
    }
  }
}

function pipeNamed(name: string): string {
  execFileSync('mkfifo', [join(cwd, name)]);
  return join(cwd, name);
}

describe.skipIf(process.platform === 'win32')('a signal while an input is read', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends the wait for an open pipe: %s', async (signal, code) => {
    const { child, ended, stderr } = reading('batch', 'import', '-', '--name', 'nov');
    // More than any pipe holds: once it is taken, somebody reads at the other end.
    await new Promise((resolve) => child.stdin?.write('x'.repeat(1 << 21), resolve));
    child.kill(signal);
    expect(await ended).toBe(code);
    expect(stderr()).toContain('Stopped by a signal while standard input was read; nothing was done.');
  });

  test('ends the wait for a named pipe whose writer never ends', async () => {
    const path = pipeNamed('endless');
    const { child, ended, stderr } = reading('batch', 'import', 'endless', '--name', 'nov');
    const writer = await openToReader(path);
    writeSync(writer, 'beneficiary_ref,amount\n');
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    closeSync(writer);
    expect(stderr()).toContain('while endless was read');
  });

  test.each([0, 50])('ends the wait for a named pipe that nobody opens, after %d ms', async (wait) => {
    pipeNamed(`silent-${wait}`);
    const stop = new AbortController();
    const { world } = makeWorld([], { cwd });
    const read = readInputFile({ world, stop: stop.signal }, `silent-${wait}`);
    setTimeout(() => stop.abort('SIGTERM'), wait);
    await expect(read).rejects.toMatchObject({ kind: 'interrupted', code: 'interrupted_input' });
  });

  test('a named pipe that ends is read whole', async () => {
    pipeNamed('whole');
    const { stdout, stderr } = await shell(
      `(echo beneficiary_ref,name,account_number,ifsc; sleep 0.1; echo a-1,Asha,501000001234,HDFC0000001) > whole &
       "$0" "$1" beneficiary import whole --json`,
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, data: { rows: 1 } });
  });
});
