/** One submission on a disk that fails once, what it left, and the next one on a disk that is well again. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskFault, FaultyDisk } from './faulty-disk.ts';
import { copyLedger, type Ended, endComplaints, type Shop, standingComplaints, submit } from './shop.ts';

export interface DiskFate {
  name: string;
  /** Also in the short form. */
  often?: true;
  fault: Omit<DiskFault, 'at'>;
}

export const DISK_FATES: readonly DiskFate[] = [
  { name: 'the process is killed', often: true, fault: { kind: 'kill' } },
  { name: 'EIO', fault: { kind: 'eio' } },
  { name: 'no space', fault: { kind: 'enospc' } },
  { name: 'half is written', fault: { kind: 'short' } },
  { name: 'a flush fails', often: true, fault: { kind: 'eio', on: 'sync' } },
  { name: 'no space from then on', often: true, fault: { kind: 'enospc', for_good: true } },
  { name: 'EIO from then on', fault: { kind: 'eio', for_good: true } },
];

/** How many writes and flushes, and how many flushes alone, one submission makes of this shop's batch. */
export async function countCalls(shop: Shop, disk: FaultyDisk): Promise<{ any: number; sync: number }> {
  const counts = { any: 0, sync: 0 };
  for (const on of ['any', 'sync'] as const) {
    const one = await shop.open();
    const count = join(one.folder, 'count');
    await one.run(submit(), disk.env(one.ledger, { on, count }));
    counts[on] = disk.counted(count);
    one.close();
  }
  return counts;
}

/** `at`: the call that is struck. Answers what is wrong, after the fault and after the next submission. */
export async function strikeDisk(
  shop: Shop,
  disk: FaultyDisk,
  fate: DiskFate,
  at: number,
): Promise<string[]> {
  const one = await shop.open();
  try {
    const struck = await one.run(submit(), disk.env(one.ledger, { ...fate.fault, at }));
    const complaints = [...badlyEnded(fate, struck), ...(await standingComplaints(shop, one.ledger))];
    const next = await one.run(submit('--wait', '20s'));
    if (next.exit !== 3)
      complaints.push(`the next submission ended with ${next.exit}: ${next.stdout}${next.stderr}`);
    complaints.push(...(await endComplaints(shop, one.ledger)));
    return complaints.map((complaint) => `${fate.name} at ${at}: ${complaint}`);
  } finally {
    one.close();
  }
}

/** A disk that fails ends the process with the sentence for it, or did no harm. */
function badlyEnded({ fault }: DiskFate, ended: Ended): string[] {
  if (fault.kind === 'kill')
    return ended.signal === 'SIGKILL' || ended.exit === 6 ? [] : [`it ended with ${ended.exit}`];
  if (ended.signal !== null || ended.exit === 70)
    return [`it ended with ${ended.signal ?? 70}: ${ended.stderr}`];
  const said = /"code":"(ledger_io|ledger_damaged|folder_unwritable)"/.test(ended.stdout);
  if (ended.exit === 1 && !said) return [`it ended without the reason: ${ended.stdout}`];
  // What failed was no part of a promise: a log that is to be shortened, for example.
  return [0, 1, 3, 6].includes(ended.exit ?? -1) ? [] : [`it ended with ${ended.exit}: ${ended.stdout}`];
}

/**
 * One submission, and the power goes at a write: what was flushed is all that is left. Answers what is missing from it,
 * and, where nothing is, what is wrong after the next submission on it.
 */
export async function losePower(shop: Shop, disk: FaultyDisk, at: number): Promise<string[]> {
  const one = await shop.open();
  try {
    const synced = join(one.folder, 'synced');
    mkdirSync(synced);
    // The file was closed after the import, which flushes all of it.
    copyLedger(one.ledger, join(synced, 'payrun.db'));
    await one.run(submit(), disk.env(one.ledger, { kind: 'kill', at, synced }));
    for (const ending of ['', '-wal', '-shm']) rmSync(one.ledger + ending, { force: true });
    copyLedger(join(synced, 'payrun.db'), one.ledger);
    const complaints = await standingComplaints(shop, one.ledger);
    if (complaints.length > 0) return complaints;
    const next = await one.run(submit('--wait', '20s'));
    if (next.exit !== 3)
      complaints.push(`the next submission ended with ${next.exit}: ${next.stdout}${next.stderr}`);
    complaints.push(...(await endComplaints(shop, one.ledger)));
    return complaints.map((complaint) => `power lost at ${at}: ${complaint}`);
  } finally {
    one.close();
  }
}
