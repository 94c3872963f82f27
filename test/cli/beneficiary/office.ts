/** A folder with a configuration, a key and a ledger, as `payrun init` leaves it, gone after the test file. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

export async function openOffice(env: Readonly<Record<string, string>> = {}): Promise<Office> {
  const folder = emptyFolder();
  const payrun = (...args: string[]) => runPayrun(args, { cwd: folder, env });
  const made = await payrun('init', '--json');
  if (made.exit !== 0) throw new Error(`payrun init failed: ${made.stdout}${made.stderr}`);
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
