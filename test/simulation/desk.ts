/**
 * Days of work at a desk: each command is a process of its own that opens the ledger, may die at any step, and leaves
 * the disk as it is to the next. What the simulation of a submission (run.ts) does at length for one command, this does
 * for all of them: import, approval, registration, decisions, retries, webhooks, reports, keys, backups.
 */
import { createHmac } from 'node:crypto';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { PayrunError } from '../../src/domain/errors.ts';
import { createLedger } from '../../src/operations/create-ledger.ts';
import { createRetryBudget } from '../../src/operations/retry-budget.ts';
import type { Submission } from '../../src/operations/submission.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { Chance } from '../../src/sandbox/chance.ts';
import type { Database } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { holdRunner } from '../../src/store/runner.ts';
import { vaultKeys } from '../../src/store/vault-keys.ts';
import { openVault, type Vault } from '../../src/vault/vault.ts';
import { auditEnd, auditStanding, type Finding, type Promised } from './auditor.ts';
import { Failpoints, mortalDatabase, type Pause } from './failpoints.ts';
import type { Mutant } from './run.ts';
import { countRows, headOf } from './standing.ts';
import { type Mode, World } from './world.ts';
import { worldProvider } from './world-provider.ts';

export const RULES = { time_zone: 'Asia/Kolkata', fees: 'deducted', tax: 'recoverable' } as const;
export const WEBHOOK_SECRET = 'whsec-of-the-desk';
export const KEY = Buffer.alloc(32, 7);

/** What a command has in its hands while it runs. */
export interface AtWork {
  desk: Desk;
  database: Database;
  provider: Provider;
  vault: Vault;
  actor: { name: string; os_user: string; host: string };
  now(): string;
  /** As the runner of the ledger, until the command ends; a second process is refused. */
  submission(): Promise<Submission>;
}

export interface Command {
  name: string;
  by?: string;
  run(work: AtWork): Promise<unknown>;
}

export type Ended =
  | { outcome: 'done'; trace: string[] }
  | { outcome: 'refused'; trace: string[]; code: string }
  | { outcome: 'died'; trace: string[]; at: string };

export class Desk {
  readonly world: World;
  readonly folder: string;
  readonly findings: Finding[] = [];
  /** Payout rows that were taken in. */
  rows = 0;
  /** Rows of a file that is being imported: all of them are there afterwards, or none. */
  coming = 0;
  /** Heads of the chain that commands ended with. */
  promised: Promised[] = [];
  path: string;
  readonly #bytes: Chance;
  #images = 0;

  constructor(folder: string, mode: Mode, seed: number) {
    this.folder = folder;
    this.world = new World(mode, new Chance(seed));
    this.#bytes = new Chance(seed ^ 0xb17e5);
    this.path = join(folder, '0.db');
  }

  readonly randomBytes = (length: number): Uint8Array =>
    Buffer.from(this.#bytes.hex(Math.ceil(length / 4)), 'hex').subarray(0, length);

  async begin(): Promise<void> {
    const { path, randomBytes } = this;
    await createLedger({ path, key: KEY, randomBytes, now: this.world.now() });
  }

  /** Runs one command in a process of its own, which dies at this step, by number or by name; null: it lives. */
  async run(
    command: Command,
    dieAt: number | string | null = null,
    more: { mutant?: Mutant; pause?: Pause; skew_ms?: number } = {},
  ): Promise<Ended> {
    const next = join(this.folder, `${this.#images + 1}.db`);
    const points = new Failpoints(dieAt, () => copyImage(this.path, next), more.pause ?? null);
    const ended = await this.#process(command, points, more);
    if (ended.outcome === 'died') {
      this.#images += 1;
      removeImage(this.path);
      this.path = next;
    }
    if (countRows(this.path) === this.rows + this.coming) this.rows += this.coming;
    this.coming = 0;
    this.findings.push(...auditStanding(this.path, this.world, this.rows, this.promised));
    if (ended.outcome === 'done') this.promised = [headOf(this.path)];
    return ended;
  }

  /** The same while another command stands still: nothing is looked at before both have ended. */
  beside(command: Command): Promise<Ended> {
    return this.#process(command, new Failpoints(null, () => undefined), {});
  }

  async #process(
    command: Command,
    points: Failpoints,
    how: { mutant?: Mutant; skew_ms?: number },
  ): Promise<Ended> {
    const { world } = this;
    const database = await openLedger(this.path, world.now());
    const witness = new SqliteDatabase(this.path, { readonly: true });
    const releases: (() => void)[] = [];
    try {
      await command.run(await this.#atWork(command, { database, witness, points, releases, ...how }));
      return { outcome: 'done', trace: points.trace };
    } catch (error) {
      if (points.dead) return { outcome: 'died', trace: points.trace, at: points.trace.at(-1) ?? '' };
      if (!(error instanceof PayrunError)) throw error;
      return { outcome: 'refused', trace: points.trace, code: error.code };
    } finally {
      witness.close();
      for (const release of releases) release();
      await database.close();
    }
  }

  async #atWork(
    command: Command,
    process: {
      database: Database;
      witness: SqliteDatabase.Database;
      points: Failpoints;
      releases: (() => void)[];
      mutant?: Mutant;
      /** How far the clock of the machine is ahead of the world's. */
      skew_ms?: number;
    },
  ): Promise<AtWork> {
    const { world } = this;
    const { database, witness, points, releases, mutant, skew_ms = 0 } = process;
    const stored = witness.prepare(
      `select 1 from attempts a join sends s on s.payout_id = a.payout_id and s.attempt_no = a.attempt_no
       where a.provider_reference = ? and a.body = ? and s.kind = 'submit' and s.outcome is null limit 1`,
    );
    const name = command.by ?? 'anna';
    const actor = { name, os_user: name, host: 'desk' };
    const alive = mortalDatabase(database, points);
    const mortal = mutant?.database?.(alive) ?? alive;
    const honest = worldProvider(world, points, (request) =>
      Boolean(stored.get(request.provider_reference, request.body)),
    );
    const provider = mutant?.provider?.(honest) ?? honest;
    const now = () => new Date(Date.parse(world.now()) + skew_ms).toISOString();
    return {
      desk: this,
      database: mortal,
      provider,
      vault: openVault(KEY, await vaultKeys(database), this.randomBytes),
      actor,
      now,
      submission: async () => {
        const runner = await holdRunner(mortal, { pid: 1, actor, command: command.name, since: now() });
        releases.push(runner.release);
        return {
          database: mortal,
          provider,
          runner,
          actor,
          rules: RULES,
          concurrency: 2,
          on_low_balance: 'stop',
          budget: createRetryBudget(() => Date.parse(now())),
          now,
          sleep: async (ms) => {
            points.alive();
            world.pass(ms);
          },
          stop: new AbortController().signal,
          onWarning: () => undefined,
          onProgress: () => undefined,
        };
      },
    };
  }

  /** Another file stands in the place of the ledger, and what commands ended with is promised no more. */
  restored(): void {
    this.promised = [];
    this.world.log.push({ kind: 'restored' });
  }

  /** Every event that the provider has sent so far, signed, in its order. */
  events(): { body: Uint8Array; signature: string }[] {
    const told = this.world.executions.flatMap((execution) =>
      this.world.history(execution).map(({ status, at_ms }) => ({ execution, status, at_ms })),
    );
    told.sort((a, b) => a.at_ms - b.at_ms);
    return told.map(({ execution, status, at_ms }) => {
      const body = Buffer.from(
        JSON.stringify({
          event: `payout.${status.toLowerCase()}`,
          payout_id: execution.provider_id,
          reference_id: execution.reference,
          status,
          amount: Number(execution.amount_minor) / 100,
          timestamp: new Date(at_ms).toISOString(),
        }),
      );
      return { body, signature: createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex') };
    });
  }

  async auditAtTheEnd(): Promise<void> {
    const database = await openLedger(this.path, this.world.now());
    try {
      this.findings.push(...(await auditEnd(database, this.path, this.world, this.rows, this.promised)));
    } finally {
      await database.close();
    }
  }
}

/** Exactly what a kill leaves on the disk: the file and its log, as they are now. */
function copyImage(path: string, next: string): void {
  copyFileSync(path, next);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${next}-wal`);
}

function removeImage(path: string): void {
  for (const ending of ['', '-wal', '-shm', '.lock']) rmSync(path + ending, { force: true });
}
