/** Makes a ledger with its first data key, or completes one whose making was interrupted; changes no finished one. */

import { openLedger } from '../store/ledger-database.ts';
import { addVaultKey, vaultKeys } from '../store/vault-keys.ts';
import type { RandomBytes } from '../vault/key-file.ts';
import { newWrappedKeys, openVault } from '../vault/vault.ts';

export interface LedgerToCreate {
  path: string;
  key: Uint8Array;
  randomBytes: RandomBytes;
  /** RFC 3339 UTC. */
  now: string;
}

/** Throws `key_wrong` where the ledger exists and its keys were sealed under another key. */
export async function createLedger({ path, key, randomBytes, now }: LedgerToCreate): Promise<void> {
  const database = await openLedger(path, now, { create: true });
  try {
    await database.transaction(async (tx) => {
      const keys = await vaultKeys(tx);
      if (keys.length > 0) openVault(key, keys, randomBytes);
      else await addVaultKey(tx, newWrappedKeys(key, randomBytes), now);
    });
  } finally {
    await database.close();
  }
}
