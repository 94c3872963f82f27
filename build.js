// Bundles the command line into dist/. Splitting keeps each verb in a chunk of its own, so that `payrun
// --version` reads commander and nothing else; one file per library would cost 300 ms at every start.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const { metafile } = await build({
  metafile: true,
  entryPoints: ['src/cli/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['better-sqlite3'],
  loader: { '.sql': 'text', '.toml': 'text', '.yaml': 'text' },
  chunkNames: 'chunks/[name]-[hash]',
  legalComments: 'external',
  sourcemap: 'linked',
  sourcesContent: false,
  // Libraries that are still CommonJS call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

// What an earlier build left goes last, so that a payrun that runs meanwhile finds its chunks.
const made = new Set(Object.keys(metafile.outputs));
for (const name of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
  if (/\.(js|map|txt)$/.test(name) && !made.has(join('dist', name))) rmSync(join('dist', name));
}
