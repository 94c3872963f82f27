import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Signal } from '../../../src/cli/world.ts';
import { type RunOptions, runPayrun, spawnPayrun } from '../run-payrun.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-serve-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Serves until `visit` has had its look at the URL, then sends the signal. */
async function serve(
  args: readonly string[],
  visit: (url: string) => Promise<void>,
  options: Partial<RunOptions> = {},
) {
  let send: (signal: Signal) => void = () => undefined;
  let arrived: (url: string) => void = () => undefined;
  const url = new Promise<string>((resolve) => {
    arrived = resolve;
  });
  let seen = '';
  const running = runPayrun(['sandbox', 'serve', '--port', '0', ...args], {
    cwd: folder,
    ...options,
    onSignals: (each) => {
      send = each;
    },
    onOutput: (text, stream) => {
      if (stream === 'stdout') seen += text;
      if (seen.includes('\n')) arrived(seen.slice(0, seen.indexOf('\n')));
    },
  });
  const ended = await Promise.race([running, url]);
  if (typeof ended === 'string') {
    try {
      await visit(ended);
    } finally {
      send('SIGINT');
    }
  }
  return running;
}

async function tokenStatus(url: string, api_key: string, api_secret: string): Promise<number> {
  const body = JSON.stringify({ api_key, api_secret });
  const answer = await request(`${url}/api/v1/auth/token`, { method: 'POST', body });
  await answer.body.dump();
  return answer.statusCode;
}

test('its URL is the first line on stdout, and a signal ends it with 0', async () => {
  const ran = await serve([], async (url) => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await request(`${url}/healthz`)).statusCode).toBe(200);
    expect(await tokenStatus(url, 'sandbox-key', 'sandbox-secret')).toBe(200);
  });
  expect(ran.exit).toBe(0);
  expect(ran.stdout).toMatch(/^http:\/\/\S+\n$/);
});

test('stderr says the key and what each ending does', async () => {
  const { stderr } = await serve([], async () => undefined);
  expect(stderr).toContain('API key: sandbox-key; API secret: sandbox-secret.');
  expect(stderr).toContain('…0001  The payout fails: the beneficiary has closed the account.');
});

test('a key from the environment is taken and not shown', async () => {
  const env = { PAYRUN_SANDBOX_API_KEY: 'k-own', PAYRUN_SANDBOX_API_SECRET: 's-own' };
  const { stderr } = await serve(
    [],
    async (url) => {
      expect(await tokenStatus(url, 'sandbox-key', 'sandbox-secret')).toBe(401);
      expect(await tokenStatus(url, 'k-own', 's-own')).toBe(200);
    },
    { env },
  );
  expect(stderr).not.toContain('k-own');
  expect(stderr).not.toContain('s-own');
});

test('a file keeps its balance from one time to the next, relative to the working folder', async () => {
  const first = await serve(
    ['--file', 'kept.db', '--balance', '5000.50', '--settle', '1ms'],
    async () => undefined,
  );
  expect(first.exit).toBe(0);
  const other = await serve(['--file', 'kept.db', '--balance', '1'], async () => undefined);
  expect(other.exit).toBe(2);
  expect(other.stderr).toContain('5000.50');
});

test.each([
  [['--port', 'http'], '--port "http"'],
  [['--port', '65536'], '--port "65536"'],
  [['--settle', '3'], '--settle "3"'],
  [['--latency', 'long'], '--latency "long"'],
  [['--balance', '1e6'], '"1e6" is in scientific notation'],
  [['--webhook-url', 'ftp://example.com'], '--webhook-url "ftp://example.com"'],
  [['--chaos', 'total'], "'total'"],
  [['--fault', 'late'], 'late=0.05'],
  [['--fault', 'lade=0.1'], 'Did you mean "late"?'],
  [['--fault', 'reset-after=2'], '"2" is no probability'],
  [['--fault', 'reset-after=-1'], '"-1" is no probability'],
  [['--fault', 'reset-after=0.1:2s'], 'reset-after has no duration'],
  [['--fault', 'late=0.1:soon'], '"soon" is no duration'],
  [['--fault', 'late=0.1', '--fault', 'late=0.2'], 'given twice'],
  [['--seed', '1'], '--seed has nothing to draw'],
  [['--chaos', 'light', '--seed', 'x'], '--seed "x"'],
  [['--requests-per-second', '0'], '--requests-per-second "0"'],
])('%j is wrong usage', async (args, said) => {
  const ran = await serve(args, async () => undefined);
  expect(ran.exit).toBe(2);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain(said);
});

test('stderr says each fault with its probability, and the seed that was drawn', async () => {
  const { stderr } = await serve(
    ['--chaos', 'light', '--fault', 'late=0.25:5s', '--fault', 'truncate=0'],
    async () => undefined,
  );
  expect(stderr).toMatch(/--seed \d+ makes the same again/);
  expect(stderr).toMatch(/ 0\.25 +late +The payout is accepted .*\(5000 ms\)\n/);
  expect(stderr).toMatch(/ 0\.01 +error-before +500 or 503, and nothing was done\.\n/);
  expect(stderr).toMatch(/ - +truncate /);
  const quiet = await serve([], async () => undefined);
  expect(quiet.stderr).toContain('It makes no faults');
});

test('faults and the limit reach the wire', async () => {
  await serve(['--fault', 'limit-garbage=1', '--seed', '1'], async (url) => {
    expect(await tokenStatus(url, 'sandbox-key', 'sandbox-secret')).toBe(429);
    expect(await (await request(`${url}/sandbox/stats`)).body.json()).toMatchObject({
      requests: 1,
      faults: { 'limit-garbage': 1 },
    });
  });
  await serve(['--requests-per-second', '1'], async (url) => {
    const statuses = [];
    for (let turn = 0; turn < 2; turn += 1)
      statuses.push(await tokenStatus(url, 'sandbox-key', 'sandbox-secret'));
    expect(statuses).toEqual([200, 429]);
  });
});

test('as a process it ends with 0 on SIGTERM', async () => {
  const spawned = spawnPayrun(['sandbox', 'serve', '--port', '0'], { cwd: folder });
  await spawned.waitFor(/^http:\S+\n/);
  spawned.child.kill('SIGTERM');
  expect(await spawned.done).toMatchObject({ exit: 0, signal: null });
});
