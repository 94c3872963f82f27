/**
 * One life of a batch: processes that submit it and die where the plan says, each going on from what the disk of the
 * one before held, until it is done; then syncs until nothing moves. The same plan and seed give the same life.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { PayrunError } from '../../src/domain/errors.ts';
import { createRetryBudget } from '../../src/operations/retry-budget.ts';
import type { Submission } from '../../src/operations/submission.ts';
import { submitBatch } from '../../src/operations/submit-batch.ts';
import { syncPayouts } from '../../src/operations/sync-payouts.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { Chance, SEED_LIMIT } from '../../src/sandbox/chance.ts';
import type { Database } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { holdRunner } from '../../src/store/runner.ts';
import { auditEnd, auditStanding, type Finding } from './auditor.ts';
import { Failpoints, mortalDatabase } from './failpoints.ts';
import type { Mode, World } from './world.ts';
import { worldProvider } from './world-provider.ts';

export interface Plan {
  mode: Mode;
  seed: number;
  rows: number;
  concurrency: number;
  /** At which step the first, second … process dies; those after them live. */
  deaths: readonly number[];
  /** At which step the first, second … sync dies. */
  sync_deaths?: readonly number[];
  /** At which step the first process is stopped, until another that took its place is through; null: at none. */
  stopped_at?: number | null;
  /** A bug that is put between payrun and its surroundings. */
  mutant?: Mutant;
}

/** How far a life has come: what the disk and the world held when its last process died at this step, or at birth. */
export interface Moment {
  step: number;
  /** The steps in a row for which it stands: they leave the same bytes on the disk and the same world. */
  points: string[];
  path: string;
  world: World;
  /** Where the jitter of the code comes from. */
  jitter: Chance;
  /** The steps of the processes so far. */
  traces: string[][];
  died_at: string[];
}

export interface Mutant {
  name: string;
  database?(database: Database): Database;
  provider?(provider: Provider): Provider;
}

export interface Life {
  findings: Finding[];
  /** The steps of each process that submitted. */
  traces: string[][];
  /** The steps at which processes died. */
  died_at: string[];
  /** The first process went on after it had been replaced, and was refused. */
  replaced: boolean;
}

const ACTOR = { name: 'anna', os_user: 'anna', host: 'desk' };
const RULES = { time_zone: 'Asia/Kolkata', fees: 'deducted', tax: 'recoverable' } as const;
const BATCH = { id: 1n, name: 'pay', currency: 'INR' };
/** So many processes and so many syncs have to be enough for anything. */
const PROCESSES = 16;
const SYNCS = 12;
const SYNC_PAUSE_MS = 3_600_000;

/** Where files cost no disk, if there is such a place. */
export const FAST = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function restAfterDeath({ mode }: Pick<Plan, 'mode'>, { world, died_at }: Moment): void {
  if (died_at.length > 0) world.pass(mode.pause_ms);
}

export async function liveOn(plan: Plan, begun: Moment, folder: string): Promise<Life> {
  const { world } = begun;
  const life: Life = {
    findings: [],
    traces: [...begun.traces],
    died_at: [...begun.died_at],
    replaced: false,
  };
  let { path } = begun;
  if (life.died_at.length > 0) life.findings.push(...auditStanding(path, world, plan.rows));
  if (life.findings.length > 0) return life;
  restAfterDeath(plan, begun);
  for (let process = life.traces.length; process < PROCESSES; process += 1) {
    world.calm = process > plan.deaths.length + 5;
    const next = join(folder, `${process + 1}.db`);
    const stoppedAt = process === 0 ? (plan.stopped_at ?? null) : null;
    const ended = await oneProcess(plan, world, {
      path,
      next,
      die_at: plan.deaths[process] ?? null,
      stopped_at: stoppedAt,
    });
    life.traces.push(ended.trace);
    life.replaced ||= ended.replaced;
    if (ended.died_at !== null) {
      life.died_at.push(ended.died_at);
      path = next;
    }
    life.findings.push(...auditStanding(path, world, plan.rows));
    if (ended.done || life.findings.length > 0) break;
    world.pass(plan.mode.pause_ms);
  }
  if (life.findings.length === 0) await followToTheEnd(plan, world, path, life);
  return life;
}

interface Ended {
  trace: string[];
  died_at: string | null;
  replaced: boolean;
  done: boolean;
}

interface Fortune {
  path: string;
  /** Where the image of the disk goes when it dies. */
  next: string;
  die_at: number | null;
  stopped_at: number | null;
  /** Told of each step as it comes to it. */
  onStep?: (step: number, point: string) => void;
}

/** `payrun batch submit` once, from opening the ledger to its end or its death. */
export async function oneProcess(plan: Plan, world: World, fortune: Fortune): Promise<Ended> {
  const { path, next } = fortune;
  const copy = () => copyImage(path, next);
  const takenOver = async () => {
    // The lock dies with a process and not while it stands still; somebody has helped.
    rmSync(`${path}.lock`);
    await oneProcess(plan, world, { ...fortune, die_at: null, stopped_at: null });
  };
  const pause = fortune.stopped_at === null ? null : { at: fortune.stopped_at, meanwhile: takenOver };
  const points = new Failpoints(fortune.die_at, copy, pause, fortune.onStep);
  const database = await openLedger(path, world.now());
  const owner = { pid: 1, actor: ACTOR, command: 'batch submit', since: world.now() };
  const runner = await holdRunner(database, owner);
  const witness = witnessOf(path);
  const surroundings = surround(plan, world, points, database, witness.stored);
  const submission: Submission = {
    ...surroundings,
    runner,
    on_low_balance: 'stop',
    budget: createRetryBudget(() => Date.parse(surroundings.now())),
    onWarning: () => undefined,
    onProgress: () => undefined,
  };
  const options = {
    first: null,
    holds: { unverified: 'pay', look_alikes: new Map() },
    register: async () => null,
  } as const;
  try {
    const { stopped } = await submitBatch(submission, BATCH, options);
    return {
      trace: points.trace,
      died_at: null,
      replaced: false,
      done: stopped === null && (await nothingToSend(database)),
    };
  } catch (error) {
    const replaced = error instanceof PayrunError && error.code === 'ledger_locked' && pause !== null;
    if (replaced) return { trace: points.trace, died_at: null, replaced, done: false };
    if (!points.dead) throw error;
    return { trace: points.trace, died_at: points.trace.at(-1) ?? '', replaced, done: false };
  } finally {
    witness.close();
    runner.release();
    await database.close();
  }
}

/** Looks into the file beside the process, at its first question. */
function witnessOf(path: string) {
  let connection: SqliteDatabase.Database | undefined;
  let stored: SqliteDatabase.Statement | undefined;
  return {
    stored({ provider_reference, body }: { provider_reference: string; body: string }): boolean {
      connection ??= new SqliteDatabase(path, { readonly: true });
      stored ??= connection.prepare(
        `select 1 from attempts a join sends s on s.payout_id = a.payout_id and s.attempt_no = a.attempt_no
         where a.provider_reference = ? and a.body = ? and s.kind = 'submit' and s.outcome is null limit 1`,
      );
      return stored.get(provider_reference, body) !== undefined;
    },
    close: () => connection?.close(),
  };
}

function surround(
  plan: Plan,
  world: World,
  points: Failpoints,
  database: Database,
  storedFirst: Parameters<typeof worldProvider>[2],
) {
  const mortal = mortalDatabase(database, points);
  const provider = worldProvider(world, points, storedFirst);
  return {
    database: plan.mutant?.database?.(mortal) ?? mortal,
    provider: plan.mutant?.provider?.(provider) ?? provider,
    actor: ACTOR,
    rules: RULES,
    concurrency: plan.concurrency,
    // The time that a dead process looks at is nobody's.
    now: () => (points.dead ? new Date(world.now_ms).toISOString() : world.now()),
    sleep: async (ms: number) => {
      points.alive();
      world.pass(ms);
    },
    stop: new AbortController().signal,
  };
}

async function nothingToSend(database: Database): Promise<boolean> {
  const open = await database.get<{ count: bigint }>(
    "select count(*) as count from payouts where state in ('approved', 'submitting', 'unknown')",
  );
  return open?.count === 0n;
}

/** Syncs with pauses until nothing is in transit that could still move, then the last audit. */
async function followToTheEnd(plan: Plan, world: World, submitted: string, life: Life): Promise<void> {
  let path = submitted;
  let database = await openLedger(path, world.now());
  try {
    world.calm = true;
    for (let turn = 0; turn < SYNCS; turn += 1) {
      world.pass(SYNC_PAUSE_MS);
      const next = `${path}-${turn}.db`;
      const dieAt = plan.sync_deaths?.[turn] ?? null;
      const ended = await oneSync(plan, world, database, dieAt, () => copyImage(path, next));
      if (ended.died_at !== null) {
        life.died_at.push(ended.died_at);
        await database.close();
        path = next;
        database = await openLedger(path, world.now());
        life.findings.push(...auditStanding(path, world, plan.rows));
      } else if (turn > 4 && ended.moved === 0) break;
    }
    life.findings.push(...(await auditEnd(database, path, world, plan.rows)));
  } finally {
    await database.close();
  }
}

/** `payrun payout sync` once, to its end or its death. */
async function oneSync(
  plan: Plan,
  world: World,
  database: Database,
  dieAt: number | null,
  onDeath: () => void,
): Promise<{ moved: number; died_at: string | null }> {
  const points = new Failpoints(dieAt, onDeath);
  const sync = { ...surround(plan, world, points, database, () => true), onProgress: () => undefined };
  try {
    const { changed } = await syncPayouts(sync, { batch_id: null, updated_before: null });
    return { moved: changed, died_at: null };
  } catch (error) {
    if (!points.dead) throw error;
    return { moved: 0, died_at: points.trace.at(-1) ?? '' };
  }
}

/** Exactly what a kill leaves on the disk: the file and its log, as they are now. */
export function copyImage(path: string, next: string): void {
  copyFileSync(path, next);
  if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${next}-wal`);
}

/** The jitter of the code comes from the seed, and its short waits for company end at once. */
export function withoutChance<T>(seed: number, work: () => Promise<T>): Promise<T> {
  return withChance(jitterOf(seed), work);
}

export function jitterOf(seed: number): Chance {
  return new Chance(seed ^ 0x5eed);
}

export async function withChance<T>(chance: Chance, work: () => Promise<T>): Promise<T> {
  const { random } = Math;
  const { setTimeout: realTimeout } = globalThis;
  Math.random = () => Number.parseInt(chance.hex(1), 16) / SEED_LIMIT;
  const atOnce = (work: () => void) => realTimeout(work, 0);
  globalThis.setTimeout = Object.assign(atOnce, {
    __promisify__: realTimeout.__promisify__,
  }) as typeof setTimeout;
  try {
    return await work();
  } finally {
    Math.random = random;
    globalThis.setTimeout = realTimeout;
  }
}
