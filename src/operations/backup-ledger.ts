/**
 * A backup is a copy that was opened and proven before it got its name: pages and references by the engine, books and
 * chain by ourselves. It is made while others write, is readable by its owner alone, and never takes another file's
 * place. Half of one never stands under the name that was asked for.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { PayrunError } from '../domain/errors.ts';
import type { Database } from '../store/database.ts';
import { openLedger } from '../store/ledger-database.ts';
import type { ChainVerification } from './verify-chain.ts';
import { verifyLedger } from './verify-ledger.ts';

export interface BackupRequest {
  database: Database;
  /** Absolute. */
  path: string;
  /** RFC 3339 UTC. */
  now: string;
  /** Proves all of it, and leaves nothing. */
  dry_run: boolean;
  onProgress?: (done: number, total: number) => void;
}

export interface Backup {
  bytes: number;
  sha256: string;
  verified: ChainVerification;
}

export async function backupLedger(request: BackupRequest): Promise<Backup> {
  const { database, path } = request;
  const partial = `${path}.partial`;
  dropSecondName(partial, path);
  refuseExisting(path);
  // What is left there was never proven: an earlier backup was interrupted.
  removeDatabase(partial);
  createPrivate(partial);
  try {
    await database.copyTo(partial);
    const copy = await openLedger(partial, request.now);
    let verified: ChainVerification;
    try {
      verified = await proveCopy(copy, path, request.onProgress);
    } finally {
      await copy.close();
    }
    // All of it is in the file itself now; what stands beside it would outlive it under its first name.
    removeBeside(partial);
    syncFile(partial);
    const backup = { bytes: statSync(partial).size, sha256: await sha256Of(partial), verified };
    if (!request.dry_run) giveName(partial, path);
    return backup;
  } finally {
    removeDatabase(partial);
  }
}

/** Throws `backup_unsound` with the first thing that is wrong. */
export async function proveCopy(
  copy: Database,
  name: string,
  onProgress?: (done: number, total: number) => void,
): Promise<ChainVerification> {
  const damaged = await copy.integrityProblems('full');
  const verified = damaged.length > 0 ? null : await verifyLedger(copy, onProgress);
  const first = damaged[0] ?? verified?.problems[0]?.message;
  if (verified !== null && first === undefined) return verified;
  throw new PayrunError(
    'failed',
    'backup_unsound',
    `${basename(name)} would be no sound ledger: ${first}.`.replace('..', '.'),
    {
      hint: 'Nothing was written or replaced. See what is wrong with `payrun ledger verify`, and keep the backups that you have.',
    },
  );
}

/** Of a backup that was killed between its two names: it is whole. */
function dropSecondName(partial: string, path: string): void {
  const [first, second] = [partial, path].map((name) => statSync(name, { throwIfNoEntry: false }));
  if (first && second && first.ino === second.ino && first.dev === second.dev) rmSync(partial);
}

function refuseExisting(path: string): void {
  if (!existsSync(path)) return;
  throw new PayrunError('failed', 'backup_exists', `${path} exists, and a backup replaces no file.`, {
    hint: 'Name a file that does not exist, for example with the date in its name.',
  });
}

function createPrivate(path: string): void {
  try {
    // 0600 from the first byte: the sealed account numbers and who was paid what are in it.
    closeSync(openSync(path, 'wx', 0o600));
  } catch (cause) {
    const message = `Cannot create ${path}: ${(cause as Error).message}.`;
    throw new PayrunError('failed', 'folder_unwritable', message, { cause });
  }
}

/** A link is made only where nothing stands, which a rename does not promise. */
function giveName(partial: string, path: string): void {
  try {
    linkSync(partial, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') refuseExisting(path);
    // A file system without links.
    refuseExisting(path);
    renameSync(partial, path);
  }
  syncFolder(dirname(path));
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

export function syncFolder(folder: string): void {
  try {
    const handle = openSync(folder, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Windows opens no folders, and some network file systems sync none; the rename itself has happened.
  }
}

/** A database with what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  rmSync(path, { force: true });
  removeBeside(path);
}

function removeBeside(path: string): void {
  for (const ending of ['-wal', '-shm', '-journal']) rmSync(`${path}${ending}`, { force: true });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
