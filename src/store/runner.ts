/**
 * Who submits on a ledger. The lock file decides who may; the epoch in the ledger fences the writes of an owner that
 * lost it all the same (a lock file that somebody deleted, a file system that forgot), so that its late answers
 * change nothing that the new owner is responsible for.
 */

import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import type { Database, Reader, Transaction } from './database.ts';
import { besideDatabase, namesOf } from './database-file.ts';
import { tryLock } from './engine-lock.ts';

interface RunnerRow {
  epoch: bigint;
  pid: bigint;
  host: string;
  actor: string;
  command: string;
  since: string;
}

export interface Runner {
  epoch: bigint;
  release(): void;
}

/** Takes the runner's lock or says who has it (exit 7). */
export async function holdRunner(
  database: Database,
  owner: { pid: number; actor: Actor; command: string; since: string },
): Promise<Runner> {
  refuseSecondName(database.path);
  const lock = tryLock(besideDatabase(database.path, '.lock'));
  if (!lock) throw locked(await currentRunner(database));
  try {
    const epoch = await database.transaction(async (tx) => {
      const row = await tx.get<{ epoch: bigint }>(
        `insert into runners (id, epoch, pid, host, actor, command, since) values (1, 1, :pid, :host, :actor, :command, :since)
         on conflict (id) do update set epoch = runners.epoch + 1, pid = excluded.pid, host = excluded.host,
           actor = excluded.actor, command = excluded.command, since = excluded.since
         returning epoch`,
        {
          pid: owner.pid,
          host: owner.actor.host,
          actor: owner.actor.name,
          command: owner.command,
          since: owner.since,
        },
      );
      return row?.epoch ?? 0n;
    });
    return { epoch, release: lock.release };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function refuseSecondName(path: string): void {
  const names = namesOf(path);
  if (names <= 1) return;
  throw new PayrunError(
    'failed',
    'ledger_linked',
    `The ledger ${path} has ${names} names (hard links), and nothing can keep two payruns apart that use two of them.`,
    { hint: 'Remove the other name, or copy the ledger with `payrun ledger backup`. Nothing was sent.' },
  );
}

/** For work that turns out to be none: whoever asks is told all the same that another is submitting (exit 7). */
export async function refuseWhileLocked(database: Database): Promise<void> {
  const lock = tryLock(besideDatabase(database.path, '.lock'));
  if (!lock) throw locked(await currentRunner(database));
  lock.release();
}

/** The lock alone, for work on the ledger's file itself, which may be damaged or missing (exit 7). */
export function holdRunnerLock(path: string): { release(): void } {
  const lock = tryLock(besideDatabase(path, '.lock'));
  if (!lock) throw locked(undefined);
  return lock;
}

export async function currentRunner(reader: Reader): Promise<RunnerRow | undefined> {
  return reader.get<RunnerRow>('select epoch, pid, host, actor, command, since from runners where id = 1');
}

/** To be called first in every transaction of a runner: refuses the writes of an owner that has been replaced. */
export async function assertStillRunner(tx: Transaction, runner: Pick<Runner, 'epoch'>): Promise<void> {
  const row = await tx.get<RunnerRow>(
    'select epoch, pid, host, actor, command, since from runners where id = 1',
  );
  if (row?.epoch !== runner.epoch) throw locked(row);
}

function locked(row: RunnerRow | undefined): PayrunError {
  const who = row
    ? `${row.actor} runs \`payrun ${row.command}\` (process ${row.pid} on ${row.host}) since ${row.since}`
    : 'another process holds its lock';
  return new PayrunError('locked', 'ledger_locked', `Somebody is submitting on this ledger: ${who}.`, {
    hint: 'Wait for it to end, then run this again. Imports, sync, reconcile and queries go on beside it.',
  });
}
