import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const PREFIX = 'payrun-tests-';
const LONG_AGO_MS = 6 * 3_600_000;
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * Puts the folders that tests make into memory, where there is enough: a flush then costs nothing. What a test that was
 * killed has left there goes with the run. TMPDIR says where they shall be instead.
 */
export default function fastFolder(): (() => void) | undefined {
  if (process.env.TMPDIR || !existsSync(MEMORY)) return undefined;
  for (const name of readdirSync(MEMORY)) if (name.startsWith(PREFIX)) removeLeftOver(join(MEMORY, name));
  const { bavail, bsize } = statfsSync(MEMORY);
  if (bavail * bsize < ENOUGH_BYTES) return undefined;
  const folder = mkdtempSync(join(MEMORY, PREFIX));
  // Some tests give their rights up before they look into it.
  chmodSync(folder, 0o755);
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Of a run that was killed itself. A run that lasts makes folders there all the time. */
function removeLeftOver(folder: string): void {
  const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
  if (Date.now() - changed > LONG_AGO_MS) rmSync(folder, { recursive: true, force: true });
}
