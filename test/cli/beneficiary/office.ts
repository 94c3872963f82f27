/** A folder with a configuration, a key and a ledger, as `payrun init` leaves it, gone after the test file. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../../src/store/database.ts';
import { openLedger } from '../../../src/store/ledger-database.ts';
import { afterEachFile } from '../../afterwards.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';

export interface Office {
  folder: string;
  payrun(...args: string[]): Promise<Ran>;
  /** Writes a file there; answers its name. */
  write(name: string, content: string | Uint8Array): string;
  ledger<T>(work: (database: Database) => Promise<T>): Promise<T>;
}

const folders: string[] = [];
afterEachFile(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-office-'));
  folders.push(folder);
  return folder;
}

interface Made {
  name: string;
  bytes: Buffer;
  mode: number;
}

const made = new Map<string, readonly Made[]>();

/** A folder's files as `make` leaves them: made once in each process, and copied into the other folders; null is made anew. */
export async function asMade(what: string | null, folder: string, make: () => Promise<void>): Promise<void> {
  if (what === null) return make();
  const files = made.get(what);
  if (files) {
    for (const { name, bytes, mode } of files) writeFileSync(join(folder, name), bytes, { mode });
    return;
  }
  await make();
  made.set(
    what,
    readdirSync(folder).map((name) => ({
      name,
      bytes: readFileSync(join(folder, name)),
      mode: statSync(join(folder, name)).mode & 0o777,
    })),
  );
}

/** All of one process have the same key and beginning of the chain, as copies of one ledger have, but for `own_ledger`. */
export async function openOffice(
  env: Readonly<Record<string, string>> = {},
  { own_ledger = false }: { own_ledger?: boolean } = {},
): Promise<Office> {
  const folder = emptyFolder();
  const payrun = (...args: string[]) => runPayrun(args, { cwd: folder, env });
  await asMade(own_ledger ? null : 'office', folder, async () => {
    const ran = await payrun('init', '--json');
    if (ran.exit !== 0) throw new Error(`payrun init failed: ${ran.stdout}${ran.stderr}`);
  });
  return {
    folder,
    payrun,
    write: (name, content) => {
      writeFileSync(join(folder, name), content);
      return name;
    },
    ledger: async (work) => {
      const database = await openLedger(join(folder, 'payrun.db'), new Date().toISOString());
      try {
        return await work(database);
      } finally {
        await database.close();
      }
    },
  };
}
