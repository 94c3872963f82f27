/**
 * Puts a backup in the place of the ledger. The backup is copied, proven and marked as restored before it is renamed;
 * the ledger that stood there is kept under another name. At every moment a whole ledger stands under the name: the
 * old one or the new one, and the new one is marked from its first moment, so that it sends nothing unchecked.
 */
import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { recordAudit } from '../store/audit.ts';
import type { Database } from '../store/database.ts';
import { takeAlone } from '../store/database-file.ts';
import { openLedger } from '../store/ledger-database.ts';
import { insertRestore } from '../store/restores.ts';
import { holdRunnerLock } from '../store/runner.ts';
import { vaultKeys } from '../store/vault-keys.ts';
import type { RandomBytes } from '../vault/key-file.ts';
import { openVault } from '../vault/vault.ts';
import { proveCopy, removeDatabase, syncFile, syncFolder } from './backup-ledger.ts';
import type { ChainVerification } from './verify-chain.ts';

export interface RestoreRequest {
  /** Both absolute. */
  ledger: string;
  backup: string;
  actor: Actor;
  /** RFC 3339 UTC. */
  now: string;
  /** The ledger's key: a backup that it does not open is of no use. */
  key: Uint8Array;
  randomBytes: RandomBytes;
  /** Proves the backup, and puts nothing in place. */
  dry_run: boolean;
  onProgress?: (done: number, total: number) => void;
}

export interface Restored {
  /** Where the ledger stands that was there before; null where there was none. */
  kept: string | null;
  sent_until: string | null;
  verified: ChainVerification;
}

export async function restoreLedger(request: RestoreRequest): Promise<Restored> {
  refuseUnfit(request);
  const lock = holdRunnerLock(request.ledger);
  const partial = `${request.ledger}.restoring`;
  try {
    removeDatabase(partial);
    copyDatabase(request.backup, partial);
    const kept = existsSync(request.ledger) ? asideName(request) : null;
    const { verified, sent_until } = await prepare(request, partial, kept);
    syncFile(partial);
    if (!request.dry_run) place(partial, request.ledger, kept);
    return { kept, sent_until, verified };
  } finally {
    removeDatabase(partial);
    lock.release();
  }
}

function refuseUnfit({ ledger, backup }: RestoreRequest): void {
  const found = statSync(backup, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw new PayrunError('usage', 'file_missing', `There is no file ${backup}.`);
  }
  if (!existsSync(dirname(ledger))) {
    throw new PayrunError(
      'failed',
      'folder_unwritable',
      `There is no folder ${dirname(ledger)} for the ledger.`,
    );
  }
  const present = statSync(ledger, { throwIfNoEntry: false });
  if (present && present.ino === found.ino && present.dev === found.dev) {
    throw new PayrunError('usage', 'argument_invalid', `${backup} is the ledger itself.`, {
      hint: 'Name the backup that is to take its place.',
    });
  }
}

function copyDatabase(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    // A ledger that was kept aside after a crash has its last transactions here.
    if (existsSync(`${from}-wal`)) copyFileSync(`${from}-wal`, `${to}-wal`, constants.COPYFILE_EXCL);
  } catch (cause) {
    const message = `${from} cannot be copied to ${to}: ${(cause as Error).message}.`;
    throw new PayrunError('failed', 'folder_unwritable', message, { cause });
  }
}

/** Proves the copy, and marks it. */
async function prepare(
  request: RestoreRequest,
  partial: string,
  kept: string | null,
): Promise<{ verified: ChainVerification; sent_until: string | null }> {
  const { actor, now, backup } = request;
  const copy: Database = await openLedger(partial, now);
  try {
    openVault(request.key, await vaultKeys(copy), request.randomBytes);
    const verified = await proveCopy(copy, backup, request.onProgress);
    const sentUntil = await copy.transaction(async (tx) => {
      const sent_until = await insertRestore(tx, {
        restored_at: now,
        actor: actor.name,
        backup_file: basename(backup),
      });
      await recordAudit(tx, {
        at: now,
        actor,
        action: 'ledger_restored',
        subject_kind: 'ledger',
        subject: basename(request.ledger),
        details: {
          backup: basename(backup),
          head: verified.chain.head,
          kept: kept === null ? null : basename(kept),
          sent_until,
        },
      });
      return sent_until;
    });
    return { verified, sent_until: sentUntil };
  } finally {
    await copy.close();
  }
}

function asideName({ ledger, now }: RestoreRequest): string {
  const stamp = now.replaceAll(/[-:]|\.\d+/g, '');
  for (let number = 1; ; number += 1) {
    const name = `${ledger}.before-${stamp}${number === 1 ? '' : `-${number}`}`;
    if (!existsSync(name)) return name;
  }
}

function place(partial: string, ledger: string, kept: string | null): void {
  const alone = kept === null ? null : takeAlone(ledger);
  if (kept !== null && alone === null) {
    throw new PayrunError('locked', 'ledger_in_use', `Another process has ${ledger} open.`, {
      hint: 'Stop what runs on this ledger (imports, sync, webhook serve, database tools), then run this again.',
    });
  }
  try {
    if (kept !== null) keepAside(ledger, kept);
    renameSync(partial, ledger);
    syncFolder(dirname(ledger));
  } finally {
    alone?.release();
  }
}

/** A second name first, so that the ledger's own name is never empty; a damaged one has its log beside it still. */
function keepAside(ledger: string, kept: string): void {
  try {
    linkSync(ledger, kept);
  } catch {
    // A file system without links: for an instant there is no ledger, which every command refuses.
    renameSync(ledger, kept);
  }
  // The log of the old must never be read as that of the new.
  if (existsSync(`${ledger}-wal`)) renameSync(`${ledger}-wal`, `${kept}-wal`);
  rmSync(`${ledger}-shm`, { force: true });
  rmSync(`${ledger}-journal`, { force: true });
}
