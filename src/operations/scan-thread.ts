/** Scans a side in a thread of its own, so that both files are read at once; the other end is scan-sides.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { type SideJob, scanSide } from '../statements/bulk/scan-side.ts';

parentPort?.postMessage(scanSide(workerData as SideJob, (bytes) => parentPort?.postMessage(bytes)));
