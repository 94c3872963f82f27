/**
 * A folder with a batch that is ready to be sent, made once and copied for each case, and the independent server that
 * pays it. What a case left on the disk is read with SQL of our own and held against the server's books.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { BIN, runPayrun } from '../cli/run-payrun.ts';
import { type Bank, type BankPayout, startBank } from '../independent/bank-process.ts';
import { payoutFile } from '../independent/office.ts';
import { buildMutantBundle, type MutantBundle } from '../mutants/mutant-bundle.ts';
import { SEEDED_BUGS } from '../mutants/seeded-bugs.ts';

export const ENV = { NXT_API_KEY: 'key', NXT_API_SECRET: 'secret' };
const BENEFICIARIES = 20;

export interface Ended {
  exit: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  done: Promise<Ended>;
}

/** One case: a ledger of its own in a folder of its own. */
export interface Case {
  folder: string;
  ledger: string;
  start(args: readonly string[], env?: Record<string, string>): Running;
  /** `with_bin`: another build than the shop's. */
  run(args: readonly string[], env?: Record<string, string>, with_bin?: string): Promise<Ended>;
  /** With no file longer than so many kB, as `ulimit -f` has it. */
  runLimited(args: readonly string[], limitKb: number): Promise<Ended>;
  close(): void;
}

export interface Shop {
  bank: Bank;
  rows: number;
  open(options?: Record<string, unknown>): Promise<Case>;
  close(): Promise<void>;
}

export const submit = (...more: string[]) => ['batch', 'submit', 'salary', '--yes', '--json', ...more];

/** `bin`: another build than dist. PAYRUN_MUTANT names a seeded bug that is in it wherever no other is asked for. */
export async function openShop(
  rows: number,
  settings: { bin?: string; requests_per_second?: number } = {},
): Promise<Shop> {
  const spoiled = settings.bin === undefined ? await seededBundle() : null;
  const bin = settings.bin ?? spoiled?.bin ?? BIN;
  const bank = await startBank();
  const root = mkdtempSync(join(tmpdir(), 'payrun-shop-'));
  const model = join(root, 'model');
  mkdirSync(model);
  await prepare(model, bank.url, rows, settings.requests_per_second ?? 0);
  let cases = 0;
  return {
    bank,
    rows,
    async open(options = {}) {
      await bank.reset(options);
      cases += 1;
      const folder = join(root, `case-${cases}`);
      mkdirSync(folder);
      for (const name of ['payrun.toml', 'payrun.key', 'payrun.db'])
        copyFileSync(join(model, name), join(folder, name));
      const start = (args: readonly string[], env = {}) =>
        startIn(folder, [process.execPath, bin, ...args], env);
      return {
        folder,
        ledger: join(folder, 'payrun.db'),
        start,
        run: (args, env = {}, withBin = bin) =>
          startIn(folder, [process.execPath, withBin, ...args], env).done,
        runLimited: (args, limitKb) =>
          startIn(folder, ['bash', '-c', LIMITED, String(limitKb), process.execPath, bin, ...args], {}).done,
        close: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
    async close() {
      spoiled?.close();
      await bank.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function seededBundle(): Promise<MutantBundle | null> {
  const bug = SEEDED_BUGS.find(({ id }) => id === process.env.PAYRUN_MUTANT);
  return bug ? buildMutantBundle(bug) : null;
}

async function prepare(folder: string, url: string, rows: number, rate: number): Promise<void> {
  writeFileSync(
    join(folder, 'payrun.toml'),
    `[providers.nxt]
kind = "nxtbanking"
base_url = "${url}"
api_key = { env = "NXT_API_KEY" }
api_secret = { env = "NXT_API_SECRET" }
requests_per_second = ${rate}
timeout_ms = 2000

[reconciliation]
settlement_days = 0
`,
  );
  const lines = Array.from(
    { length: BENEFICIARIES },
    (_, index) => `b-${index},Person ${index},${50100000000 + index},HDFC0000001`,
  );
  writeFileSync(
    join(folder, 'people.csv'),
    ['beneficiary_ref,name,account_number,ifsc', ...lines, ''].join('\n'),
  );
  writeFileSync(join(folder, 'payouts.csv'), payoutFile(rows));
  for (const args of [
    ['init'],
    ['beneficiary', 'import', 'people.csv'],
    ['batch', 'import', 'payouts.csv', '--name', 'salary'],
  ]) {
    const ran = await runPayrun(args, { cwd: folder, env: ENV });
    if (ran.exit !== 0) throw new Error(ran.stderr);
  }
}

const LIMITED = 'ulimit -f "$0" && exec "$@"';

export function startIn(folder: string, command: readonly string[], env: Record<string, string>): Running {
  const { PATH, HOME } = process.env;
  const [program = '', ...args] = command;
  const child = spawn(program, args, { cwd: folder, env: { PATH, HOME, ...ENV, ...env } });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
    });
  child.stdin.on('error', () => undefined).end();
  const done = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exit, signal) => resolve({ exit, signal, ...text }));
  });
  return { pid: child.pid ?? -1, kill: (signal) => child.kill(signal), done };
}

interface Row {
  reference_id: string;
  state: string;
  amount_minor: bigint;
  provider_reference: string | null;
}

/** What must hold at every instant, also of what a dead process has left behind. */
export async function standingComplaints(shop: Shop, ledger: string): Promise<string[]> {
  const books = await shop.bank.books();
  const complaints = [...books.violations];
  const made = new Map(books.payouts.map((payout) => [payout.reference_id, payout]));
  if (made.size !== books.payouts.length) complaints.push('double payment');
  const { rows, attempts, sums } = readLedger(ledger, complaints);
  if (rows.length !== shop.rows) complaints.push(`lost payout: ${rows.length} of ${shop.rows} rows`);
  for (const { reference } of await sendsOf(shop.bank))
    if (!attempts.has(reference)) complaints.push(`${reference} was sent and is not stored`);
  for (const row of rows) {
    const payout = made.get(row.provider_reference ?? row.reference_id);
    if (payout && BigInt(payout.paise) !== row.amount_minor)
      complaints.push(`${row.reference_id} has another amount`);
    if (row.state === 'failed' && payout && payout.status !== 'FAILED')
      complaints.push(`false failure: ${row.reference_id}`);
    if (row.state === 'paid' && !['SUCCESS', 'REVERSED'].includes(payout?.status ?? ''))
      complaints.push(`${row.reference_id} is paid, which the server does not know`);
  }
  if (sums.unbalanced > 0) complaints.push(`unbalanced: ${sums.unbalanced} entries`);
  return complaints;
}

const STATES: Readonly<Record<BankPayout['status'], string>> = {
  QUEUED: 'pending',
  PROCESSING: 'pending',
  SUCCESS: 'paid',
  FAILED: 'failed',
  REVERSED: 'returned',
};

/** What must hold once every outcome is proven. */
export async function endComplaints(shop: Shop, ledger: string): Promise<string[]> {
  const complaints = await standingComplaints(shop, ledger);
  const books = await shop.bank.books();
  const made = new Map(books.payouts.map((payout) => [payout.reference_id, payout]));
  const { rows, sums } = readLedger(ledger, complaints);
  for (const row of rows) {
    const payout = made.get(row.provider_reference ?? row.reference_id);
    const truth = payout ? STATES[payout.status] : 'never sent';
    if (truth !== row.state)
      complaints.push(`lost payout: ${row.reference_id} is ${row.state}, in truth ${truth}`);
  }
  if (books.payouts.length !== rows.length)
    complaints.push(`${books.payouts.length} payouts were made of ${rows.length}`);
  if (sums.in_transit !== 0n) complaints.push(`unbalanced: ${sums.in_transit} in transit`);
  if (sums.available !== BigInt(books.moved))
    complaints.push(`unbalanced: available ${sums.available}, the server moved ${books.moved}`);
  const database = await openLedger(ledger, new Date().toISOString());
  try {
    for (const problem of (await verifyLedger(database)).problems)
      complaints.push(`unbalanced: ${problem.message}`);
  } finally {
    await database.close();
  }
  return complaints;
}

export async function sendsOf(bank: Bank): Promise<{ reference: string; at_ms: number }[]> {
  return (await bank.log()).flatMap((request) =>
    request.method === 'POST' && request.path.endsWith('/payouts') && request.reference !== null
      ? [{ reference: request.reference, at_ms: request.at_ms }]
      : [],
  );
}

function readLedger(path: string, complaints: string[]) {
  const connection = new SqliteDatabase(path, { readonly: true });
  connection.defaultSafeIntegers(true);
  try {
    const check = connection.pragma('integrity_check', { simple: true });
    if (check !== 'ok') complaints.push(`the file is damaged: ${String(check)}`);
    if ((connection.pragma('foreign_key_check') as unknown[]).length > 0)
      complaints.push('a row points to nothing');
    const one = (sql: string, ...params: string[]) =>
      connection
        .prepare(sql)
        .pluck()
        .get(...params) as bigint;
    const balance =
      'select coalesce(sum(p.amount_minor), 0) from postings p join accounts a on a.id = p.account_id where a.name = ?';
    return {
      rows: connection
        .prepare('select reference_id, state, amount_minor, provider_reference from payouts')
        .all() as Row[],
      attempts: new Set(
        connection.prepare('select provider_reference from attempts').pluck().all() as string[],
      ),
      sums: {
        available: one(balance, 'assets:providers:nxt:available'),
        in_transit: one(balance, 'assets:providers:nxt:in-transit'),
        unbalanced: one(
          'select count(*) from (select entry_id from postings group by entry_id, currency having sum(amount_minor) <> 0)',
        ),
      },
    };
  } finally {
    connection.close();
  }
}

/** The ledger's files as they stand, with the log, to be opened elsewhere. */
export function copyLedger(from: string, to: string): void {
  for (const ending of ['', '-wal']) if (existsSync(from + ending)) copyFileSync(from + ending, to + ending);
}

/**
 * Stops a process where it is between two transactions, or within one: there it keeps every writer out until it goes on.
 */
export async function stopProcess(
  running: Running,
  ledger: string,
  where: 'between transactions' | 'within a transaction',
): Promise<void> {
  for (;;) {
    running.kill('SIGSTOP');
    if (canWrite(ledger) === (where === 'between transactions')) return;
    running.kill('SIGCONT');
    await delay(5);
  }
}

function canWrite(ledger: string): boolean {
  const other = new SqliteDatabase(ledger, { timeout: 0 });
  try {
    other.exec('begin immediate; rollback');
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return false;
    throw error;
  } finally {
    other.close();
  }
}
