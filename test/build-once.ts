import { execFileSync } from 'node:child_process';

/** Tests that run `bin/payrun.js` as a process must run today's source, not a bundle from an earlier build. */
export default function buildOnce(): void {
  execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' });
}
