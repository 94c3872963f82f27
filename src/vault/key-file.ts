/**
 * The key that opens the vault: 32 random bytes as one line of text, in a file that only its owner can read or in an
 * environment variable. Without it no account number in the ledger can be read again, so that it is never
 * overwritten and never guessed.
 */
import { closeSync, fsyncSync, openSync, readFileSync, type Stats, statSync, writeSync } from 'node:fs';
import { platform } from 'node:os';
import { PayrunError } from '../domain/errors.ts';

/** Source of randomness, handed in from outside. */
export type RandomBytes = (length: number) => Uint8Array;

export const KEY_BYTES = 32;
/** What every key file begins with. */
export const KEY_PREFIX = 'payrun-key-v1:';
// 32 bytes are 43 characters of base64 and one of padding.
const KEY_TEXT = /^payrun-key-v1:([A-Za-z0-9+/]{43}=)$/;
// Far more than a key file has; a file named by mistake is not read whole.
const LARGEST_KEY_FILE = 4096;

export function generateKey(randomBytes: RandomBytes): Uint8Array {
  return randomBytes(KEY_BYTES);
}

export function formatKey(key: Uint8Array): string {
  return KEY_PREFIX + Buffer.from(key).toString('base64');
}

/** `where` is said in the message (`/home/a/payrun.key`, `PAYRUN_KEY`); the text itself never is. */
export function parseKey(text: string, where: string): Uint8Array {
  const encoded = KEY_TEXT.exec(text.trim())?.[1];
  const key = Buffer.from(encoded ?? '', 'base64');
  if (key.length !== KEY_BYTES) {
    throw new PayrunError('usage', 'key_invalid', `${where} does not hold a payrun key.`, {
      hint: `A key is one line that starts with ${KEY_PREFIX} and goes on with 44 characters. Restore it from your copy; a new key cannot read what the old one sealed.`,
    });
  }
  return key;
}

export function readKeyFile(path: string): Uint8Array {
  const text = readOwnFile(path, {
    missing:
      'Restore it from your copy, or name another with [vault] key_file or key_env. `payrun init` writes one for a new ledger.',
    invalid: 'Name the file that `payrun init` wrote with [vault] key_file.',
  });
  return parseKey(text, path);
}

/** The text of a key's file that nobody but its owner can read. The hints say what to do where there is none, or another. */
export function readOwnFile(path: string, hints: { missing: string; invalid: string }): string {
  const stats = statOf(path);
  if (!stats) {
    throw new PayrunError('usage', 'key_missing', `There is no key at ${path}.`, { hint: hints.missing });
  }
  if (!stats.isFile() || stats.size > LARGEST_KEY_FILE) {
    throw new PayrunError('usage', 'key_invalid', `${path} is not a key file.`, { hint: hints.invalid });
  }
  // Windows has no such bits; there the folder's access list has to protect it.
  if (platform() !== 'win32' && (stats.mode & 0o077) !== 0) {
    throw new PayrunError(
      'usage',
      'key_unsafe',
      `${path} can be read by others (mode ${(stats.mode & 0o777).toString(8)}).`,
      {
        hint: `Run: chmod 600 ${path}`,
      },
    );
  }
  return readText(path);
}

/** Writes a new key file; refuses where anything stands already. */
export function createKeyFile(path: string, key: Uint8Array): void {
  const file = openForKey(path);
  try {
    writeSync(file, `${formatKey(key)}\n`);
    // The ledger is useless without its key: it must be on disk before anything is sealed under it.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function openForKey(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (cause) {
    throw new PayrunError(
      'failed',
      'folder_unwritable',
      `Cannot create ${path}: ${(cause as Error).message}.`,
      { cause },
    );
  }
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PayrunError(
      'usage',
      'key_missing',
      `The key at ${path} cannot be read: ${(cause as Error).message}.`,
      { cause },
    );
  }
}
