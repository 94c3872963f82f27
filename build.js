// Bundles the command line into dist/. Splitting keeps each verb in a chunk of its own, so that `payrun
// --version` reads commander and nothing else; one file per library would cost 300 ms at every start.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build } from 'esbuild';

// The configuration is read at every start and needs a tenth of zod. A chunk holds what all of its users need, so that
// the tenth would come with the rest: what config.ts uses is made a module of its own beforehand.
const smallZod = {
  name: 'small-zod',
  setup(bundler) {
    bundler.onResolve({ filter: /^zod\/mini$/ }, ({ importer }) => ({
      path: relative('.', importer),
      namespace: 'small-zod',
    }));
    bundler.onLoad({ filter: /.*/, namespace: 'small-zod' }, async ({ path }) => {
      const used = readFileSync(path, 'utf8').matchAll(/\bz\.([a-z_]\w*)\(/gi);
      const names = [...new Set([...used].map(([, name]) => name))];
      const made = await build({
        stdin: {
          contents: `export { ${names.join(', ')} } from 'zod/mini'`,
          resolveDir: resolve(dirname(path)),
        },
        bundle: true,
        format: 'esm',
        platform: 'node',
        write: false,
        legalComments: 'none',
      });
      return { contents: made.outputFiles[0].text, loader: 'js' };
    });
  },
};

const { metafile } = await build({
  metafile: true,
  plugins: [smallZod],
  entryPoints: {
    main: 'src/cli/main.ts',
    'scan-thread': 'src/operations/scan-thread.ts',
    'books-thread': 'src/operations/books-thread.ts',
    'statement-thread': 'src/operations/statement-thread.ts',
    'payout-side-thread': 'src/operations/payout-side-thread.ts',
  },
  // From a chunk, where the code is that starts a thread.
  define: {
    SCAN_THREAD: JSON.stringify('../scan-thread.js'),
    BOOKS_THREAD: JSON.stringify('../books-thread.js'),
    STATEMENT_THREAD: JSON.stringify('../statement-thread.js'),
    PAYOUT_SIDE_THREAD: JSON.stringify('../payout-side-thread.js'),
  },
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
