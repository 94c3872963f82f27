import { execFileSync } from 'node:child_process';

/** Tests that run `bin/payrun.js` as a process must run today's source, not a bundle from an earlier build. */
export default function buildOnce(): void {
  // With a seeded bug the tests make a bundle of their own, and this one is left alone.
  if (process.env.PAYRUN_MUTANT) return;
  execFileSync(process.execPath, ['build.js'], { stdio: 'inherit' });
}
