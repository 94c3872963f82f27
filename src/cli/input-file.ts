/** Files that a command reads: a path, or `-` for standard input; bounded, and with an error that names the file. */
import { closeSync, constants, open as openDescriptor, openSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { basename, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PayrunError } from '../domain/errors.ts';
import type { Context } from './command.ts';
import { readStream } from './world.ts';

export interface InputFile {
  /** Without its folder: what the ledger and messages call it. */
  name: string;
  bytes: Uint8Array;
}

// A device or a pipe has no end that could be known beforehand; a file of this size is no list of payouts.
const LARGEST_INPUT_BYTES = 1 << 30;
const CHUNK_BYTES = 1 << 20;

/** Standard input and pipes may never end: a signal ends the wait for them, before anything was done. */
export async function readInputFile(
  { world, stop }: Pick<Context, 'world' | 'stop'>,
  path: string,
): Promise<InputFile> {
  if (path === '') throw new PayrunError('usage', 'file_missing', 'The name of the file is empty.');
  if (path === '-') {
    const bytes = await world.stdin.readAll(stop);
    if (stop.aborted) throw interrupted('standard input', stop);
    if (bytes.length > LARGEST_INPUT_BYTES) throw tooLarge('standard input');
    return { name: 'stdin', bytes };
  }
  const absolute = resolve(world.cwd, path);
  if ((await stat(absolute).catch(() => undefined))?.isFIFO()) {
    const bytes = await readPipe(absolute, path, stop);
    if (stop.aborted) throw interrupted(path, stop);
    if (bytes.length > LARGEST_INPUT_BYTES) throw tooLarge(path);
    return { name: basename(path), bytes };
  }
  const file = await openFile(absolute, path);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) {
      throw new PayrunError('usage', 'file_missing', `${path} is a folder, not a file.`);
    }
    if (stats.size > LARGEST_INPUT_BYTES) throw tooLarge(path);
    return {
      name: basename(path),
      bytes: stats.isFile() ? await file.readFile() : await readToEnd(file, path, stop),
    };
  } finally {
    await file.close();
  }
}

/** Bytes of a file that can be read from any place in it; 0 of what is none, is missing or is more than we read. */
export async function regularFileSize({ world }: Pick<Context, 'world'>, path: string): Promise<number> {
  if (path === '' || path === '-') return 0;
  const stats = await stat(resolve(world.cwd, path)).catch(() => undefined);
  return stats?.isFile() && stats.size <= LARGEST_INPUT_BYTES ? stats.size : 0;
}

async function openFile(absolute: string, path: string): Promise<FileHandle> {
  return open(absolute, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause, absolute);
  });
}

function unreadable(path: string, cause: unknown, absolute = path): PayrunError {
  const { code } = cause as NodeJS.ErrnoException;
  const message =
    code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read: ${(cause as Error).message}.`;
  // In a job the folder is the first thing that is wrong.
  const looked = code === 'ENOENT' && absolute !== path ? { hint: `It was looked for as ${absolute}.` } : {};
  return new PayrunError('usage', 'file_missing', message, { cause, ...looked });
}

function interrupted(path: string, stop: AbortSignal): PayrunError {
  const message = `Stopped by a signal while ${path} was read; nothing was done.`;
  return new PayrunError('interrupted', 'interrupted_input', message, { cause: stop.reason });
}

const openForReading = promisify<string, number, number>(openDescriptor);

// Until the opening that is under way has reached the kernel, nothing can free it.
const FREE_AGAIN_MS = 20;

/**
 * A named pipe blocks its reader in the kernel until somebody writes, and a process that waits there cannot even
 * exit. Opening it for writing frees a reader that waits for it to be opened; after that it is read as a stream.
 */
async function readPipe(absolute: string, path: string, stop: AbortSignal): Promise<Uint8Array> {
  if (stop.aborted) throw interrupted(path, stop);
  let freeing: NodeJS.Timeout | undefined;
  const keepFreeing = () => {
    freeing = setInterval(() => freeReader(absolute), FREE_AGAIN_MS);
  };
  stop.addEventListener('abort', keepFreeing, { once: true });
  try {
    const descriptor = await openForReading(absolute, constants.O_RDONLY).finally(() => {
      stop.removeEventListener('abort', keepFreeing);
      clearInterval(freeing);
    });
    return await readStream(new Socket({ fd: descriptor, readable: true, writable: false }), stop);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function freeReader(absolute: string): void {
  try {
    closeSync(openSync(absolute, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Nobody waits there yet, or any more.
  }
}

/** A device, which may never end. */
async function readToEnd(file: FileHandle, path: string, stop: AbortSignal): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, null);
    if (stop.aborted) throw interrupted(path, stop);
    if (bytesRead === 0) return Buffer.concat(chunks);
    length += bytesRead;
    if (length > LARGEST_INPUT_BYTES) throw tooLarge(path);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function tooLarge(path: string): PayrunError {
  return new PayrunError(
    'usage',
    'file_too_large',
    `${path} is larger than 1 GiB, which no input of payrun is.`,
    {
      hint: 'Split it, or check that it is the file you mean.',
    },
  );
}
