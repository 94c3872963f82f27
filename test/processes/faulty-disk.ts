/** The disk that fails on demand (faulty-disk.c), compiled where it is used. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface FaultyDisk {
  /** What a process needs in its environment to have this disk. */
  env(ledger: string, fault: DiskFault): Record<string, string>;
  /** How many calls a process with a COUNT file has made. */
  counted(file: string): number;
  close(): void;
}

export interface DiskFault {
  /** Which call it strikes, from 1; none where it is left out. */
  at?: number;
  kind?: 'kill' | 'eio' | 'enospc' | 'short';
  /** Counts every call, or only flushes. */
  on?: 'any' | 'sync';
  /** Every later call fails as well. */
  for_good?: boolean;
  count?: string;
  /** All files count whose path begins with the ledger's, and so do the names that are given and taken. */
  names?: true;
  /** A folder that gets what was flushed of each file. */
  synced?: string;
}

/** Null, with the reason on stderr, where there is no compiler or the system has no LD_PRELOAD. */
export function buildFaultyDisk(): FaultyDisk | null {
  if (process.platform !== 'linux') return missing(`${process.platform} has no LD_PRELOAD`);
  const folder = mkdtempSync(join(tmpdir(), 'payrun-faulty-disk-'));
  const library = join(folder, 'faulty-disk.so');
  const source = fileURLToPath(new URL('./faulty-disk.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return missing(`cc does not compile it: ${(error as Error).message.split('\n')[0]}`);
  }
  return {
    env: (ledger, fault) => ({
      LD_PRELOAD: library,
      FAULTY_DISK_FILE: ledger,
      FAULTY_DISK_AT: String(fault.at ?? 0),
      FAULTY_DISK_DO: fault.kind ?? '',
      FAULTY_DISK_ON: fault.on ?? 'any',
      FAULTY_DISK_AFTER: fault.for_good ? '1' : '',
      FAULTY_DISK_COUNT: fault.count ?? '',
      FAULTY_DISK_NAMES: fault.names ? '1' : '',
      FAULTY_DISK_SYNCED: fault.synced ?? '',
    }),
    counted: (file) => readFileSync(file).length,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function missing(reason: string): null {
  process.stderr.write(`The faulty disk is left out: ${reason}.\n`);
  return null;
}
