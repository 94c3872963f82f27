/** The command line as the build makes it, with a bug in one of its files, in a folder of its own. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Replacement {
  /** From the root of the project. */
  file: string;
  /** Stands in the file exactly once. */
  from: string;
  to: string;
  /** Further changes that the same bug needs. */
  more?: readonly { from: string; to: string }[];
}

export interface MutantBundle {
  bin: string;
  close(): void;
}

export function mutated(source: string, { file, from, to, more = [] }: Replacement): string {
  let spoiled = source;
  for (const change of [{ from, to }, ...more]) {
    const found = spoiled.split(change.from).length - 1;
    if (found !== 1) throw new Error(`${file} has ${found} times what the mutant replaces:\n${change.from}`);
    // Not as a pattern: `$&` in the text means itself.
    spoiled = spoiled.replace(change.from, () => change.to);
  }
  return spoiled;
}

export async function buildMutantBundle(replacement: Replacement): Promise<MutantBundle> {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-mutant-'));
  const spoiled = join(ROOT, replacement.file);
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/cli/main.ts'],
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['better-sqlite3'],
    loader: { '.sql': 'text', '.toml': 'text', '.yaml': 'text' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
    plugins: [
      {
        name: 'mutant',
        setup(setup) {
          setup.onLoad({ filter: /\.(ts|sql)$/ }, ({ path }) => {
            if (path !== spoiled) return null;
            const contents = mutated(readFileSync(path, 'utf8'), replacement);
            return { contents, loader: path.endsWith('.ts') ? 'ts' : 'text' };
          });
        },
      },
    ],
  });
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(ROOT, 'bin/payrun.js'), join(folder, 'bin/payrun.js'));
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    bin: join(folder, 'bin/payrun.js'),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
