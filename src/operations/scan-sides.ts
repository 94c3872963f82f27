/** Reads both sides of a comparison at once, each in a thread of its own where payrun runs as a bundle. */
import { Worker } from 'node:worker_threads';
import { type ScannedSide, type SideJob, scanSide } from '../statements/bulk/scan-side.ts';

/** From this file's place in the bundle; build.js writes it in. */
declare const SCAN_THREAD: string | undefined;

/** `tell` hears how many bytes were read since it was last called. A null is a file that is not plain. */
export function scanSides(
  jobs: readonly SideJob[],
  tell: (bytes: number) => void,
): Promise<(ScannedSide | null)[]> {
  return Promise.all(jobs.map((job) => scan(job, tell)));
}

async function scan(job: SideJob, tell: (bytes: number) => void): Promise<ScannedSide | null> {
  // Run from its sources, as tests are, there is no file that a thread could begin with.
  if (typeof SCAN_THREAD === 'undefined') return scanSide(job, tell);
  const worker = new Worker(new URL(SCAN_THREAD, import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    worker.on('message', (told: number | ScannedSide | null) => {
      if (typeof told === 'number') tell(told);
      else resolve(told);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread that read a file has ended without an answer.')));
  });
}
