/**
 * What keeps a ledger safe, killed at one of its writes: sealing all accounts anew, a backup, a restore. After each
 * death a whole ledger stands under every name that stands, and giving the command again ends what was begun.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { readKeyFile } from '../../src/vault/key-file.ts';
import { emptyFolder } from '../cli/beneficiary/office.ts';
import { runPayrun, spawnPayrun } from '../cli/run-payrun.ts';
import type { FaultyDisk } from './faulty-disk.ts';

const NOW = '2026-11-24T00:00:00.000Z';
const PEOPLE = 30;
const accountOf = (index: number) => String(711_000_000_000 + index * 7919);

export interface Work {
  name: string;
  words: readonly string[];
  /** The file whose writes are counted, with all whose names begin with its. */
  file: string;
  /** What stands under which name before. */
  prepare?(folder: string): Promise<void>;
}

export const WORKS: readonly Work[] = [
  { name: 'key rotate', words: ['key', 'rotate'], file: 'payrun.db' },
  { name: 'ledger backup', words: ['ledger', 'backup', 'copy.db'], file: 'copy.db' },
  {
    name: 'ledger restore',
    words: ['ledger', 'restore', 'copy.db'],
    file: 'payrun.db',
    prepare: async (folder) => {
      await say(folder, 'ledger', 'backup', 'copy.db');
      writeFileSync(join(folder, 'late.csv'), peopleFile(PEOPLE, PEOPLE + 1));
      await say(folder, 'beneficiary', 'import', 'late.csv');
    },
  },
];

function peopleFile(from: number, to: number): string {
  const rows = Array.from({ length: to - from }, (_, at) => {
    const index = from + at;
    return `p-${index},Person ${index},${accountOf(index)},HDFC0000001,canary.${index}@example.in`;
  });
  return ['beneficiary_ref,name,account_number,ifsc,email', ...rows, ''].join('\n');
}

async function say(folder: string, ...words: string[]): Promise<string> {
  const ran = await runPayrun([...words, '--json'], { cwd: folder });
  return ran.exit === 0 ? '' : `${words.join(' ')} ended with ${ran.exit}: ${ran.stdout}${ran.stderr}`;
}

async function prepared(work: Work): Promise<string> {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'people.csv'), peopleFile(0, PEOPLE));
  await say(folder, 'init');
  await say(folder, 'beneficiary', 'import', 'people.csv');
  await work.prepare?.(folder);
  return folder;
}

/** How many writes and names one run of it makes. */
export async function countSteps(work: Work, disk: FaultyDisk): Promise<number> {
  const folder = await prepared(work);
  const count = join(folder, 'count');
  const env = disk.env(join(folder, work.file), { names: true, count });
  const ended = await spawnPayrun([...work.words], { cwd: folder, env }).done;
  if (ended.exit !== 0) throw new Error(`${work.name} ended with ${ended.exit}: ${ended.stderr}`);
  return disk.counted(count);
}

/** Kills it at a step; answers what is wrong with what it left, and with what the same command then does. */
export async function dieAt(work: Work, disk: FaultyDisk, at: number): Promise<string[]> {
  const folder = await prepared(work);
  try {
    const env = disk.env(join(folder, work.file), { names: true, kind: 'kill', at });
    const died = await spawnPayrun([...work.words], { cwd: folder, env }).done;
    const complaints = died.signal === 'SIGKILL' ? [] : [`it ended with ${died.exit}: ${died.stderr}`];
    complaints.push(...plainText(folder), ...(await unsound(folder)));
    const again = await say(folder, ...work.words);
    // A backup that got its name just before the death is there, and is not replaced.
    if (again !== '' && !(work.name === 'ledger backup' && again.includes('backup_exists')))
      complaints.push(again);
    complaints.push(...plainText(folder), ...(await unsound(folder)), ...leftOver(folder));
    return complaints.map((complaint) => `${work.name} killed at ${at}: ${complaint}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every ledger that stands under a name of its own is whole, proves itself, and its accounts open. */
async function unsound(folder: string): Promise<string[]> {
  const complaints: string[] = [];
  for (const name of readdirSync(folder)) {
    if (!/^(payrun\.db(\.before-[^-]*)?|copy\.db)$/.test(name)) continue;
    const database = await openLedger(join(folder, name), NOW);
    try {
      const people = await database.get<{ count: bigint }>('select count(*) as count from beneficiaries');
      if ((people?.count ?? 0n) < BigInt(PEOPLE)) complaints.push(`${name} has ${people?.count} people`);
      complaints.push(...(await database.integrityProblems('full')).map((problem) => `${name}: ${problem}`));
      const { problems } = await verifyLedger(database);
      complaints.push(...problems.map(({ message }) => `${name}: ${message}`));
    } finally {
      await database.close();
    }
  }
  if (!existsSync(join(folder, 'payrun.db'))) complaints.push('there is no ledger');
  const shown = await runPayrun(
    ['beneficiary', 'list', '--format', 'ndjson', '--reveal', '--reason', 'a test'],
    { cwd: folder },
  );
  for (let index = 0; index < PEOPLE; index += 1)
    if (!shown.stdout.includes(accountOf(index))) complaints.push(`the account of p-${index} does not open`);
  return complaints;
}

/** No file but those that came in and the key's own has an account, an address or the key, in whatever spelling. */
function plainText(folder: string): string[] {
  const key = Buffer.from(readKeyFile(join(folder, 'payrun.key')));
  const secrets = [key, Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64').slice(0, 42))];
  for (let index = 0; index < PEOPLE; index += 1)
    secrets.push(Buffer.from(accountOf(index)), Buffer.from(`canary.${index}@`));
  return readdirSync(folder).flatMap((name) => {
    if (name.endsWith('.csv') || name === 'payrun.key') return [];
    const bytes = readFileSync(join(folder, name));
    return secrets.some((secret) => bytes.includes(secret)) ? [`${name} holds what nobody may read`] : [];
  });
}

function leftOver(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /partial|restoring/.test(name))
    .map((name) => `${name} is left`);
}
