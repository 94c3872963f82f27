/** A folder of its own for each test that needs files, and processes of its own that open them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Script {
  child: ChildProcess;
  /** Resolves with the first line on stdout. */
  firstLine: Promise<string>;
  done: Promise<{ code: number | null; output: string }>;
}

/** Runs ECMAScript in a process of its own, in the project's folder, so that it finds the same packages. */
export function script(text: string, args: readonly string[] = []): Script {
  const child = spawn(process.execPath, ['--input-type=module', '-e', text, '--', ...args], { cwd: ROOT });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  let begun: (line: string) => void = () => undefined;
  const firstLine = new Promise<string>((resolve) => {
    begun = resolve;
  });
  const take = (chunk: string) => {
    output += chunk;
    const end = output.indexOf('\n');
    if (end >= 0) begun(output.slice(0, end));
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const done = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => {
      begun(output);
      resolve({ code, output });
    });
  });
  return { child, firstLine, done };
}

const DRIVER = join(ROOT, 'node_modules', 'better-sqlite3', 'lib', 'index.js');

/** The store as one file that plain Node can import, for tests with several processes; it goes with the test. */
export async function storeBundle(): Promise<string> {
  const { build } = await import('esbuild');
  const outfile = join(tempFolder(), 'store.mjs');
  await build({
    stdin: {
      contents: `export * from './src/store/ledger-database.ts'; export * from './src/store/runner.ts';`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    bundle: true,
    outfile,
    format: 'esm',
    platform: 'node',
    alias: { 'better-sqlite3': DRIVER },
    external: [DRIVER],
    loader: { '.sql': 'text' },
    logLevel: 'silent',
  });
  return outfile;
}
