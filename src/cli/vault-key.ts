/** Where the configuration says that the key is: a file, or an environment variable. */
import { PayrunError } from '../domain/errors.ts';
import { parseKey, readKeyFile } from '../vault/key-file.ts';
import type { Config } from './config.ts';
import type { World } from './world.ts';

export function readVaultKey(world: World, vault: Config['vault']): Uint8Array {
  if (vault.key_env === null) return readKeyFile(vault.key_file ?? '');
  const value = world.env[vault.key_env];
  if (value) return parseKey(value, `The environment's ${vault.key_env}`);
  throw new PayrunError(
    'usage',
    'key_missing',
    `The key is not set: the environment has no ${vault.key_env}.`,
    {
      hint: `Set ${vault.key_env} to the line that stands in the ledger's key file.`,
    },
  );
}
