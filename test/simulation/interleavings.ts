/**
 * Two processes that each believe to be alone in submitting a batch, step by step in any order. The lock file is taken
 * from under the first, so that nothing but the epoch and the protocol stands between them.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { PayrunError } from '../../src/domain/errors.ts';
import { createRetryBudget } from '../../src/operations/retry-budget.ts';
import type { Submission } from '../../src/operations/submission.ts';
import { submitBatch } from '../../src/operations/submit-batch.ts';
import { syncPayouts } from '../../src/operations/sync-payouts.ts';
import type { Provider, StatusReport } from '../../src/providers/provider.ts';
import { Chance } from '../../src/sandbox/chance.ts';
import type { Database, Transaction } from '../../src/store/database.ts';
import { openLedger } from '../../src/store/ledger-database.ts';
import { holdRunner } from '../../src/store/runner.ts';
import { BENEFICIARY_SQL } from '../operations/seed-sql.ts';
import type { Breach, Crossroads, Lived, Living } from './explorer.ts';
import { mortalDatabase, type Steps } from './failpoints.ts';
import { type Mode, World } from './world.ts';
import { worldProvider } from './world-provider.ts';

const ACTOR = { name: 'anna', os_user: 'anna', host: 'desk' };
const RULES = { time_zone: 'Asia/Kolkata', fees: 'deducted', tax: 'recoverable' } as const;
const AT = '2026-11-17T06:00:00.000Z';
const AMOUNT = 100_000n;

/** A ledger that many batches were paid from answers more slowly; after so many schedules a new one is made. */
const SCHEDULES_PER_LEDGER = 300;

/** The real protocol on a real ledger; each schedule pays a batch of one row. `folder` takes the files. */
export function realProtocol(
  folder: string,
  mode: Mode,
  spoil: (database: Database) => Database = (database) => database,
): Living & { close(): Promise<void> } {
  let ledger: Ledger | undefined;
  let schedules = 0;
  return {
    async run(crossroads, drive) {
      if (schedules % SCHEDULES_PER_LEDGER === 0) {
        await ledger?.close();
        ledger = await newLedger(join(folder, `${schedules}.db`));
      }
      schedules += 1;
      if (ledger === undefined) throw new Error('there is no ledger');
      return liveOnce({ ...ledger, mode, spoil }, BigInt(schedules), crossroads, drive);
    },
    close: async () => ledger?.close(),
  };
}

interface Ledger {
  database: Database;
  witness: SqliteDatabase.Database;
  /** What was paid in the schedules before: each has a world of its own, and they are one provider. */
  former: Map<string, StatusReport>;
  close(): Promise<void>;
}

async function newLedger(path: string): Promise<Ledger> {
  const database = await openLedger(path, AT, { create: true });
  await database.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    await tx.run(
      `insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_at, checked_at)
       values (1, 'nxt', 'ben_1', 'f', 'verified', :at, :at)`,
      { at: AT },
    );
  });
  const witness = new SqliteDatabase(path, { readonly: true });
  const close = async () => {
    witness.close();
    await database.close();
  };
  return { database, witness, former: new Map(), close };
}

async function liveOnce(
  ledger: Omit<Ledger, 'close'> & { mode: Mode; spoil(database: Database): Database },
  id: bigint,
  crossroads: Crossroads,
  drive: (ended: () => boolean) => Promise<number[]>,
): Promise<Lived> {
  const { database, mode, former } = ledger;
  const batch = await addBatch(database, id);
  const world = new World(mode, new Chance(1));
  const breaches = new Set<Breach>();
  const scene: Scene = { ...ledger, world, batch, breaches };
  const ended: (string | null)[] = [];
  const both = [1, 2].map(async (worker) => {
    ended.push(await oneProcess(scene, crossroads.steps(worker)));
  });
  const choices = await drive(() => ended.length === 2);
  await Promise.all(both);
  world.calm = true;
  world.pass(mode.pause_ms);
  await finish(scene);
  for (const breach of await breachesOf(database, world, batch)) breaches.add(breach);
  for (const paid of world.executions) former.set(paid.provider_id, world.report(paid));
  return { choices, replaced: ended.includes('ledger_locked'), breaches: [...breaches] };
}

interface Scene extends Omit<Ledger, 'close'> {
  world: World;
  batch: { id: bigint; name: string; currency: string };
  spoil(database: Database): Database;
  breaches: Set<Breach>;
}

async function addBatch(database: Database, id: bigint): Promise<Scene['batch']> {
  const name = `pay-${id}`;
  await database.transaction(async (tx) => {
    await tx.run(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256,
         content_sha256, account, imported_at, imported_by)
       values (:id, :name, 'nxt', 'INR', 1, :amount, 'd', 'f.csv', 's', 'c', 'expenses:payouts', :at, 'tester')`,
      { id, name, amount: AMOUNT, at: AT },
    );
    await tx.run(
      `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail,
         account, provider, state, created_at, updated_at)
       values (:id, :name, :id, 1, 2, 1, :amount, 'INR', 'IMPS', 'expenses:payouts', 'nxt', 'approved', :at, :at)`,
      { id, name, amount: AMOUNT, at: AT },
    );
  });
  return { id, name, currency: 'INR' };
}

/** `payrun batch submit` in one of the processes; answers the code of the error that ended it, or null. */
async function oneProcess(scene: Scene, steps: Steps): Promise<string | null> {
  const { world } = scene;
  // Somebody has deleted the lock file, or a file system has forgotten it.
  rmSync(`${scene.database.path}.lock`, { force: true });
  const owned = fenced(scene, mortalDatabase(scene.database, steps));
  const owner = { pid: 1, actor: ACTOR, command: 'batch submit', since: world.now() };
  const runner = await holdRunner(owned.database, owner);
  owned.epoch = runner.epoch;
  try {
    await submitBatch(submissionOf(scene, scene.spoil(owned.database), steps, runner), scene.batch, {
      first: null,
      holds: { unverified: 'pay', look_alikes: new Map() },
      register: async () => null,
    });
    return null;
  } catch (error) {
    if (error instanceof PayrunError) return error.code;
    throw error;
  } finally {
    runner.release();
  }
}

function submissionOf(
  scene: Scene,
  database: Database,
  steps: Steps,
  runner: Submission['runner'],
): Submission {
  const { world } = scene;
  const stored = scene.witness.prepare(
    `select 1 from attempts a join sends s on s.payout_id = a.payout_id and s.attempt_no = a.attempt_no
     where a.provider_reference = ? and a.body = ? and s.kind = 'submit' and s.outcome is null limit 1`,
  );
  const provider = worldProvider(world, steps, (request) =>
    Boolean(stored.get(request.provider_reference, request.body)),
  );
  const status: Provider['status'] = async (id, mayStart) => {
    const report = scene.former.get(id);
    return report ? { outcome: 'found', report } : provider.status(id, mayStart);
  };
  return {
    database,
    provider: { ...provider, status },
    runner,
    actor: ACTOR,
    rules: RULES,
    concurrency: 1,
    on_low_balance: 'stop',
    budget: createRetryBudget(() => Date.parse(world.now())),
    now: () => world.now(),
    sleep: async (ms) => world.pass(ms),
    stop: new AbortController().signal,
    onWarning: () => undefined,
    onProgress: () => undefined,
  };
}

/** Sees to it that nothing is written by one who is no longer the owner. */
function fenced(scene: Scene, database: Database): { epoch: bigint | null; database: Database } {
  const owned = { epoch: null as bigint | null, database };
  const transaction: Database['transaction'] = (work) =>
    database.transaction(async (tx) => {
      let wrote = false;
      const result = await work({
        ...tx,
        run: (sql, params) => {
          wrote = true;
          return tx.run(sql, params);
        },
        runMany: (sql, rows) => {
          const all = [...rows];
          wrote ||= all.length > 0;
          return tx.runMany(sql, all);
        },
        insertMany: (table, columns, rows, same) => {
          wrote = true;
          return tx.insertMany(table, columns, rows, same);
        },
      });
      if (wrote && owned.epoch !== null && (await epochNow(tx)) !== owned.epoch)
        scene.breaches.add('written_by_a_stale_owner');
      return result;
    });
  owned.database = { ...database, path: database.path, transaction };
  return owned;
}

async function epochNow(tx: Transaction): Promise<bigint | undefined> {
  return (await tx.get<{ epoch: bigint }>('select epoch from runners where id = 1'))?.epoch;
}

/** The next start, with nobody beside it, and then the questions until nothing is open. */
async function finish(scene: Scene): Promise<void> {
  const free: Steps = { pass: async () => undefined, hit: () => undefined, alive: () => undefined };
  const { database, world } = scene;
  await oneProcess({ ...scene, spoil: (each) => each }, free);
  world.pass(10_000);
  const runner = { epoch: 0n, release: () => undefined };
  await syncPayouts(
    { ...submissionOf(scene, database, free, runner), onProgress: () => undefined },
    { batch_id: scene.batch.id, updated_before: null },
  );
}

async function breachesOf(database: Database, world: World, batch: Scene['batch']): Promise<Breach[]> {
  const breaches: Breach[] = [];
  if (world.executions.length > 1) breaches.push('paid_twice');
  const sent = world.log.flatMap((event) => (event.kind === 'sent' ? [event] : []));
  if (sent.some((event) => !event.stored_first)) breaches.push('sent_before_stored');
  if (new Set(sent.map((event) => `${event.reference} ${event.body}`)).size > 1) breaches.push('other_bytes');
  const payout = await database.get<{ state: string; fee_minor: bigint | null; tax_minor: bigint | null }>(
    'select state, fee_minor, tax_minor from payouts where id = :id',
    { id: batch.id },
  );
  if (payout?.state !== 'paid') breaches.push('not_paid');
  const sums = await database.all<{ name: string; sum: bigint }>(
    `select a.name, sum(p.amount_minor) as sum from postings p join accounts a on a.id = p.account_id
       join journal_entries e on e.id = p.entry_id
     where e.payout_id = :id and a.name in ('assets:providers:nxt:available', 'assets:providers:nxt:in-transit',
       'expenses:payouts') group by a.name`,
    { id: batch.id },
  );
  const of = (name: string) => sums.find((each) => each.name.endsWith(name))?.sum ?? 0n;
  const charged = (payout?.fee_minor ?? 0n) + (payout?.tax_minor ?? 0n);
  if (of('available') !== -AMOUNT - charged || of('in-transit') !== 0n || of('payouts') !== AMOUNT)
    breaches.push('unbalanced');
  return breaches;
}
