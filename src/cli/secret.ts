/** Secrets: named in the configuration, kept elsewhere, and read where they are needed. Their text appears in no message. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { platform } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { PayrunError } from '../domain/errors.ts';
import type { World } from './world.ts';

export type SecretRef = { env: string } | { file: string };

/** A secret's value, from where the configuration says that it is kept. Its text appears in no message. */
export function readSecret(ref: SecretRef, what: string, folder: string, world: World): string {
  if ('env' in ref) {
    const value = world.env[ref.env];
    if (value) return value;
    throw new PayrunError(
      'usage',
      'secret_missing',
      `${what} is not set: the environment has no ${ref.env}.`,
      {
        hint: `Set ${ref.env}, or name a file that only you can read with { file = "…" }.`,
      },
    );
  }
  const path = isAbsolute(ref.file) ? ref.file : join(folder, ref.file);
  if (!existsSync(path))
    throw new PayrunError('usage', 'secret_missing', `${what} is not set: there is no file ${path}.`);
  if (platform() !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    throw new PayrunError(
      'usage',
      'secret_unsafe',
      `${path} can be read by others, so ${what} in it is no secret.`,
      {
        hint: `Run: chmod 600 ${path}`,
      },
    );
  }
  const value = readFileSync(path, 'utf8').trim();
  // Everybody could sign with an empty secret.
  if (value === '')
    throw new PayrunError('usage', 'secret_missing', `${what} is not set: the file ${path} is empty.`);
  return value;
}
