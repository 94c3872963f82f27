#!/usr/bin/env node
// Refuses a Node that cannot run payrun before anything is loaded: a native module that does not fit ends
// in a segmentation fault, and nobody learns from that what to do.
import module, { createRequire } from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (!((major === 20 && minor >= 19) || (major === 22 && minor >= 14) || major > 22)) {
  process.stderr.write(
    `error: payrun needs Node 20.19 or later, or 22.14 or later; this is ${process.version}.\n`,
  );
  process.exit(2);
}
// better-sqlite3 13 needs Node-API 10, which Node 20 never got. npm picks 12.9.0 there; others may not.
if (Number(process.versions.napi) < 10) {
  const { version } = createRequire(import.meta.url)('better-sqlite3/package.json');
  if (Number(version.split('.')[0]) >= 13) {
    process.stderr.write(
      `error: better-sqlite3 ${version} cannot run on Node ${process.version}; install 12.9.0, or use Node 22.14.\n`,
    );
    process.exit(2);
  }
}
module.enableCompileCache?.();
const { runProcess } = await import('../dist/main.js');
process.exitCode = await runProcess();
