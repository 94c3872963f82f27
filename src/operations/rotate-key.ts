/**
 * A new data key, and everything sealed anew under it, a few hundred rows at a time. Sealed text names its key, so that
 * after an interruption the rows that are left are found by what they are. The old key goes in the transaction that has
 * seen that no row needs it; nothing is ever stored in plain text on the way.
 */
import type { Actor } from '../domain/actor.ts';
import { Bug } from '../domain/errors.ts';
import { recordAudit } from '../store/audit.ts';
import type { Database, Transaction } from '../store/database.ts';
import { formerAccountsUnderOtherKeys, replaceFormerSeals } from '../store/former-accounts.ts';
import { assertStillRunner, type Runner } from '../store/runner.ts';
import {
  addVaultKey,
  countSealedRows,
  deleteRetiredKeys,
  replaceSeals,
  rowsUnderOtherKeys,
  vaultKeys,
} from '../store/vault-keys.ts';
import type { RandomBytes } from '../vault/key-file.ts';
import { openVault, sealedPrefix, type Vault } from '../vault/vault.ts';
import { resealed, resealedFormer } from './beneficiary-seals.ts';

export interface Rotation {
  database: Database;
  runner: Runner;
  actor: Actor;
  /** Of the key file; it stays as it is. */
  key: Uint8Array;
  randomBytes: RandomBytes;
  now(): string;
  stop: AbortSignal;
  onProgress(done: number, total: number): void;
}

export interface Rotated {
  rows: number;
  resealed: number;
  key_id: bigint;
  /** False where a signal stopped it: to be run again. */
  complete: boolean;
}

/** So many rows hold the write lock for a few milliseconds. */
const STEP_ROWS = 500;

export async function rotateKey(rotation: Rotation): Promise<Rotated> {
  const { database } = rotation;
  const vault = await database.transaction((tx) => beginRotation(tx, rotation));
  const rows = await countSealedRows(database);
  let done = 0;
  for (let after = 0n; !rotation.stop.aborted; ) {
    const end = await database.transaction((tx) => step(tx, rotation, vault, { done, after }));
    if (end === 'complete') return { rows, resealed: done, key_id: vault.key_id, complete: true };
    done += end.changed;
    after = end.last;
    rotation.onProgress(done, rows);
  }
  return { rows, resealed: done, key_id: vault.key_id, complete: false };
}

/** A retired key that is still there tells of a rotation that was interrupted: that one is finished, under its key. */
async function beginRotation(tx: Transaction, rotation: Rotation): Promise<Vault> {
  await assertStillRunner(tx, rotation.runner);
  const keys = await vaultKeys(tx);
  const before = openVault(rotation.key, keys, rotation.randomBytes);
  if (keys.some((key) => key.retired_at !== null)) return before;
  const at = rotation.now();
  const id = await addVaultKey(tx, before.nextKeys(), at);
  await recordAudit(tx, {
    at,
    actor: rotation.actor,
    action: 'key_rotation_begun',
    subject_kind: 'key',
    subject: id.toString(),
    details: { before: before.key_id.toString() },
  });
  return openVault(rotation.key, await vaultKeys(tx), rotation.randomBytes);
}

/**
 * Seals the next rows anew. Rows that others sealed meanwhile may stand before the place that was reached, so that the
 * end is believed only where a look from the start on finds nothing.
 */
async function step(
  tx: Transaction,
  rotation: Rotation,
  vault: Vault,
  reached: { done: number; after: bigint },
): Promise<'complete' | { changed: number; last: bigint }> {
  await assertStillRunner(tx, rotation.runner);
  const rows = await rowsUnderOtherKeys(tx, sealedPrefix(vault.key_id), reached.after, STEP_ROWS);
  const last = rows.at(-1);
  if (last !== undefined) {
    await replaceSeals(
      tx,
      rows.map((row) => resealed(vault, row)),
    );
    return { changed: rows.length, last: last.id };
  }
  if (reached.after > 0n) return { changed: 0, last: 0n };
  const former = await formerAccountsUnderOtherKeys(tx, sealedPrefix(vault.key_id), STEP_ROWS);
  if (former.length > 0) {
    await replaceFormerSeals(
      tx,
      former.map((row) => resealedFormer(vault, row)),
    );
    return { changed: former.length, last: 0n };
  }
  const current = (await vaultKeys(tx)).filter((key) => key.retired_at === null);
  if (current.length !== 1 || current[0]?.id !== vault.key_id)
    throw new Bug('The data key changed while it was rotated.');
  const removed = await deleteRetiredKeys(tx);
  await recordAudit(tx, {
    at: rotation.now(),
    actor: rotation.actor,
    action: 'key_rotated',
    subject_kind: 'key',
    subject: vault.key_id.toString(),
    details: { resealed: reached.done, removed },
  });
  return 'complete';
}
