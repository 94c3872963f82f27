/**
 * A file that is written whole or not at all: under another name beside it, forced to disk, then renamed. Who reads
 * the file never meets half of it, also not after a power cut.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { PayrunError } from '../../domain/errors.ts';
import { KEY_PREFIX } from '../../vault/key-file.ts';

export interface OutputFile {
  write(chunk: string | Uint8Array): Promise<void>;
  /** Makes it stand under its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind; does nothing after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Refuses what cannot or must not be written before any work is done: nobody wants to learn it after the payouts are
 * sent. `inputs` are files that the command reads.
 */
export async function checkOutputFile(
  path: string,
  cwd: string,
  inputs: readonly string[] = [],
): Promise<void> {
  const target = await targetOf(resolve(cwd, path));
  await refusePrecious(path, target);
  for (const input of inputs) {
    const read = await realpath(resolve(cwd, input)).catch(() => undefined);
    if (!target.device && read === target.path) throw refused(path, 'the command reads it');
  }
  const writable = target.device ? target.path : dirname(target.path);
  try {
    if (!target.device && !(await stat(writable)).isDirectory()) throw new Error(`${writable} is no folder`);
    await access(writable, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

export async function openOutputFile(path: string, cwd: string): Promise<OutputFile> {
  const target = await targetOf(resolve(cwd, path));
  // Again: the command itself may have made it.
  await refusePrecious(path, target);
  // A name of its own, and never an existing file: two commands may write the same output side by side.
  const partial = target.device ? target.path : `${target.path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(partial, target.device ? 'w' : 'wx').catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  return outputFile(path, handle, target.device ? null : { partial, whole: target.path });
}

function outputFile(
  path: string,
  handle: FileHandle,
  names: { partial: string; whole: string } | null,
): OutputFile {
  let open = true;
  const close = async () => {
    if (open) await handle.close();
    open = false;
  };
  const guarded = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (cause) {
      throw unwritable(path, cause);
    }
  };
  return {
    write: (chunk) =>
      guarded(() => (typeof chunk === 'string' ? handle.writeFile(chunk) : handle.writeFile(chunk))),
    finish: () =>
      guarded(async () => {
        if (names) await handle.sync();
        await close();
        if (!names) return;
        await rename(names.partial, names.whole);
        await syncFolder(dirname(names.whole));
      }),
    abandon: async () => {
      if (!open) return;
      await close().catch(() => undefined);
      if (names) await rm(names.partial, { force: true });
    },
  };
}

/** A link is followed, so that the rename replaces what it points to; /dev/null and pipes are written as they are. */
async function targetOf(path: string): Promise<Target> {
  const real = await realpath(path).catch(() => path);
  const found = await stat(real).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(path, new Error('it is a folder'));
  return { path: real, device: found !== undefined && !found.isFile() };
}

interface Target {
  path: string;
  device: boolean;
}

const PEM_PREFIX = '-----BEGIN ';
const SQLITE_HEADER = 'SQLite format 3\0';

/** What cannot be had again: a ledger and what SQLite keeps beside it, a key, a configuration. */
async function refusePrecious(path: string, target: Target): Promise<void> {
  if (target.device) return;
  const name = basename(target.path).toLowerCase();
  if (name === 'payrun.toml') throw refused(path, 'it has the name of a configuration');
  const beside = /^(.+)(-wal|-shm|-journal|\.lock|\.rate)$/i.exec(target.path)?.[1];
  if (beside !== undefined && ((await exists(target.path)) || (await exists(beside))))
    throw refused(path, 'it belongs to a ledger');
  if (!(await exists(target.path))) return;
  const start = await beginning(target.path);
  if (start.startsWith(SQLITE_HEADER) || name.endsWith('.db')) throw refused(path, 'it is a ledger');
  if (start.startsWith(KEY_PREFIX) || start.startsWith(PEM_PREFIX) || name.endsWith('.key'))
    throw refused(path, 'it is a key');
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Empty where the file cannot be read: its name then decides alone. */
async function beginning(path: string): Promise<string> {
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    const read = await handle?.read(Buffer.alloc(64), 0, 64, 0);
    return read ? read.buffer.toString('latin1', 0, read.bytesRead).trimStart() : '';
  } catch {
    return '';
  } finally {
    await handle?.close();
  }
}

function refused(path: string, reason: string): PayrunError {
  return new PayrunError('usage', 'output_refused', `${path} is not overwritten: ${reason}.`, {
    hint: 'Name another file with -o; -o - writes to stdout.',
  });
}

async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders, and some network file systems sync none; the rename itself has happened.
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

function unwritable(path: string, cause: unknown): PayrunError {
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  return new PayrunError(
    'failed',
    'output_unwritable',
    `${path} cannot be written: ${REASONS[code] ?? message}.`,
    {
      hint: 'Name a file in a folder that exists and that you may write to; -o - writes to stdout.',
      cause,
    },
  );
}
