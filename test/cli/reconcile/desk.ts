/** A folder with a configuration and a ledger, made anew for each test, and payrun run in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import type { Database } from '../../../src/store/database.ts';
import { openLedger } from '../../../src/store/ledger-database.ts';
import { report, type SeededPayout, seedPayouts } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';

export const CONFIG = `
[reconciliation]
settlement_days = 1
[providers.nxt]
kind = "nxtbanking"
base_url = "http://127.0.0.1:4010"
api_key = { env = "K" }
api_secret = { env = "S" }
`;

export interface Result {
  reconciliation: number;
  statements: { lines: number; already_imported: boolean }[];
  coverage: { from: string | null; to: string | null; missing_days: string[] };
  matched: number;
  expected: number;
  breaks: { open: number; new: number; carried: number; closed: number; by_kind: Record<string, number> };
  totals: {
    statement: Record<string, string>;
    ledger: Record<string, string>;
    differences: string;
    unexplained: string;
  }[];
}

export interface Desk {
  folder: string;
  database: Database;
  /** A Friday at first: what was paid on Wednesday is past the window of one business day. */
  now: string;
  payrun(...args: string[]): Promise<Ran>;
  reconcile(...args: string[]): Promise<Result & { exit: number }>;
  breaks(...args: string[]): Promise<Data[]>;
  /** A report of the provider, in the folder. */
  write(name: string, rows: readonly string[]): void;
  file(name: string, text: string): void;
  seed(...payouts: SeededPayout[]): Promise<void>;
  /** An empty ledger in another folder. */
  renew(): Promise<void>;
}

export function createDesk(): Desk {
  const desk = {} as Desk;
  const open = async () => {
    desk.folder = mkdtempSync(join(tmpdir(), 'payrun-reconcile-'));
    desk.now = '2026-11-20T06:00:00.000Z';
    desk.file('payrun.toml', CONFIG);
    desk.database = await openLedger(join(desk.folder, 'payrun.db'), desk.now, { create: true });
  };
  const leave = async () => {
    await desk.database.close();
    rmSync(desk.folder, { recursive: true, force: true });
  };
  beforeEach(open);
  afterEach(leave);
  desk.renew = async () => {
    await leave();
    await open();
  };
  desk.payrun = (...args) =>
    runPayrun(args, { cwd: desk.folder, now: () => new Date(desk.now), env: { PAYRUN_ACTOR: 'meera' } });
  desk.reconcile = async (...args) => {
    const ran = await desk.payrun('reconcile', ...args, '--json');
    const { data, error } = ran.json<Result & Data>();
    if (error) throw new Error(`${error.code}: ${error.message}`);
    await expectMatchesSchema('reconcile', ran.json());
    return { ...data, exit: ran.exit };
  };
  desk.breaks = async (...args) => {
    const ran = await desk.payrun('break', 'list', ...args, '--json');
    await expectMatchesSchema('break list', ran.json());
    return ran.json<{ items: Data[] }>().data.items;
  };
  desk.file = (name, text) => writeFileSync(join(desk.folder, name), text);
  desk.write = (name, rows) => desk.file(name, report(rows));
  desk.seed = (...payouts) => seedPayouts(desk.database, 'nxt', payouts);
  return desk;
}
