/** What the model can do. Each is drawn with what it needs; one that makes no sense at the moment is passed over. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { PayrunError } from '../../src/domain/errors.ts';
import { restoreLedger } from '../../src/operations/restore-ledger.ts';
import { verifyLedger } from '../../src/operations/verify-ledger.ts';
import type { Database } from '../../src/store/database.ts';
import * as commands from './commands.ts';
import { type Command, KEY } from './desk.ts';
import { CALM, ends, expectRefusal, type Model, ModelCommand, type Mood, type Real } from './model.ts';
import type { Mutant } from './run.ts';

export const PEOPLE = ['b-0,Asha Rao,50100000000,HDFC0000001', 'b-1,Bina Das,50100000001,HDFC0000001'];
const HOUR_MS = 3_600_000;

const always = () => true;
const any = (model: Model) => model.batches.size > 0;
const nameAt = (model: Model, index: number) => [...model.batches.keys()][index % model.batches.size] ?? '';

/** A row of any batch, by number. */
function rowAt(model: Model, index: number): { reference: string; batch: string } {
  const rows = [...model.batches].flatMap(([batch, { rows }]) =>
    rows.map((reference) => ({ reference, batch })),
  );
  return rows[index % rows.length] ?? { reference: '', batch: '' };
}

function make(
  label: string,
  ready: (model: Model) => boolean,
  act: (model: Model, real: Real) => Promise<unknown>,
): ModelCommand {
  return new ModelCommand(label, ready, async (model, real) => {
    await act(model, real);
  });
}

/** One that no batch of the model bears: a name that is free again in the ledger stands for two batches here. */
function newName(model: Model, name: string): string {
  return model.batches.has(`${name}x`) ? newName(model, `${name}x`) : `${name}x`;
}

export function importRows(name: string, count: number): string[] {
  return linesOf(Array.from({ length: count }, (_, row) => `${name}-${row + 1}`));
}

function linesOf(references: readonly string[]): string[] {
  return references.map((reference, row) => `${reference},b-${row % 2},${100 + row}.50`);
}

function importNew(count: number, dieAt: number | null): ModelCommand {
  return make(`importCsv(${count}, ${dieAt})`, always, async (model, real) => {
    const name = `batch${model.batches.size}`;
    const before = real.desk.rows;
    await ends(real, commands.importPayouts(name, importRows(name, count)), [], dieAt);
    if (real.desk.rows === before) return;
    model.batches.set(name, {
      rows: importRows(name, count).map((row) => row.split(',')[0] ?? ''),
      approved: false,
      cancelled: new Set(),
    });
    model.backup = null;
  });
}

const SENT_BEFORE = ['approval_missing', 'batch_cancelled', 'batch_unknown'];

function submitting(model: Model, index: number, more: commands.SubmitSettings = {}): Command {
  return commands.submit(nameAt(model, index), more);
}

function approving(by: string, index: number): ModelCommand {
  return make(`approve(${index}) by ${by}`, any, async (model, real) => {
    const name = nameAt(model, index);
    const self = by === 'anna';
    const ended = await ends(
      real,
      commands.approve(name, by),
      self
        ? ['approver_is_importer', 'batch_cancelled', 'batch_unknown']
        : ['batch_cancelled', 'batch_unknown'],
    );
    if (ended.outcome !== 'done') return;
    if (self)
      real.desk.findings.push({
        crime: 'payment_nobody_asked_for',
        what: `${name} was approved by its importer`,
      });
    const batch = model.batches.get(name);
    if (batch) batch.approved = true;
  });
}

function cancelRow(index: number): ModelCommand {
  return make(`cancelPayout(${index})`, any, async (model, real) => {
    const { reference, batch } = rowAt(model, index);
    const ended = await ends(real, commands.cancel(reference), ['payout_state']);
    if (ended.outcome === 'done') model.batches.get(batch)?.cancelled.add(reference);
  });
}

function cancelWhole(index: number): ModelCommand {
  return make(`cancelBatch(${index})`, any, async (model, real) => {
    const name = nameAt(model, index);
    const before = new Set(real.desk.world.executions.map(({ reference }) => reference));
    const ended = await ends(real, commands.cancelAll(name), ['batch_sent', 'batch_unknown']);
    const batch = model.batches.get(name);
    // What was on its way by then stays; what was not is never paid.
    const unsent = await unsentRows(real, name);
    if (ended.outcome === 'done')
      for (const reference of unsent) if (!before.has(reference)) batch?.cancelled.add(reference);
  });
}

async function unsentRows(real: Real, batch: string): Promise<string[]> {
  const cancelled: string[] = [];
  await real.desk.run({
    name: 'payout list',
    async run({ database }) {
      const rows = await database.all<{ reference_id: string }>(
        `select p.reference_id from payouts p join batches b on b.id = p.batch_id
         where b.name = :batch and p.state = 'cancelled'`,
        { batch },
      );
      cancelled.push(...rows.map(({ reference_id }) => reference_id));
    },
  });
  return cancelled;
}

function moodOf(label: string, change: Partial<Mood>): ModelCommand {
  return make(label, always, async (_model, { mood }) => {
    Object.assign(mood, CALM, change);
  });
}

/** A second process while the first stands still at a step of its submission. */
function secondProcess(index: number, at: number): ModelCommand {
  return make(`secondProcess(${index}, ${at})`, any, async (model, real) => {
    const command = submitting(model, index);
    const pause = {
      at,
      meanwhile: async () => {
        const second = await real.desk.beside(command);
        if (second.outcome !== 'refused' || second.code !== 'ledger_locked')
          real.desk.findings.push({
            crime: 'unfinished',
            what: `a second submitter ended with ${second.outcome}`,
          });
        for (const other of [commands.sync, commands.receive((count) => [count - 1])])
          expectRefusal(real, other.name, await real.desk.beside(other), []);
      },
    };
    expectRefusal(real, command.name, await real.desk.run(command, null, { pause }), SENT_BEFORE);
  });
}

/** The same, and the lock file was deleted: the second takes over, the first is told so when it goes on. */
function takeover(index: number, at: number): ModelCommand {
  return make(`takeover(${index}, ${at})`, any, async (model, real) => {
    const command = submitting(model, index);
    const pause = {
      at,
      meanwhile: async () => {
        rmSync(`${real.desk.path}.lock`);
        expectRefusal(real, command.name, await real.desk.beside(command), SENT_BEFORE);
      },
    };
    expectRefusal(real, command.name, await real.desk.run(command, null, { pause }), [
      'ledger_locked',
      ...SENT_BEFORE,
    ]);
  });
}

/** The nth transaction meets a full disk: before it begins, or in its commit, of which nobody knows. */
function fullDisk(index: number, at: number, inCommit: boolean): ModelCommand {
  return make(`diskFull(${index}, ${at}, ${inCommit})`, any, async (model, real) => {
    const mutant: Mutant = { name: 'a full disk', database: (database) => filling(database, at, inCommit) };
    const ended = await real.desk.run(submitting(model, index), null, { mutant });
    expectRefusal(real, 'batch submit', ended, ['ledger_io', ...SENT_BEFORE]);
  });
}

function filling(database: Database, at: number, inCommit: boolean): Database {
  let turn = 0;
  return {
    ...database,
    path: database.path,
    all: (sql, params) => database.all(sql, params),
    get: (sql, params) => database.get(sql, params),
    async transaction(work) {
      turn += 1;
      if (turn === at && inCommit) await database.transaction(work);
      if (turn >= at) throw new PayrunError('failed', 'ledger_io', 'The disk is full.');
      return database.transaction(work);
    },
  };
}

function restoreNow(old: boolean): ModelCommand {
  return make(
    old ? 'restoreOld' : 'backupAndRestore',
    (model) => !old || model.backup !== null,
    async (model, real) => {
      const { desk, mood } = real;
      const name = old ? (model.backup ?? '') : `backup-${model.files++}.db`;
      if (!old) await ends(real, commands.backup(name), []);
      await restoreLedger({
        ledger: desk.path,
        backup: join(desk.folder, name),
        actor: { name: 'anna', os_user: 'anna', host: 'desk' },
        now: desk.world.now(),
        key: KEY,
        randomBytes: desk.randomBytes,
        dry_run: false,
      });
      desk.restored();
      // What came late comes before the lists are compared.
      Object.assign(mood, CALM);
      desk.world.pass(10_000);
      for (const batch of model.batches.keys()) {
        const early = await desk.beside(commands.submit(batch));
        expectRefusal(real, 'batch submit', early, ['restore_unchecked', ...SENT_BEFORE]);
      }
      // What README tells a person to do where the backup is older than the registrations: without them nothing of what
      // was sent can be taken over, and it stays known as foreign.
      await desk.beside(commands.verifyPeople);
      await ends(real, commands.sync, []);
      // What was cancelled since the backup was made is forgotten with everything else that was decided since.
      for (const [name, batch] of model.batches) batch.cancelled = new Set(await unsentRows(real, name));
    },
  );
}

function takeBackup(): ModelCommand {
  return make('backup', always, async (model, real) => {
    const name = `backup-${model.files++}.db`;
    const ended = await ends(real, commands.backup(name), []);
    if (ended.outcome === 'done') model.backup = name;
  });
}

const verify: Command = {
  name: 'ledger verify',
  async run({ desk, database }) {
    for (const problem of (await verifyLedger(database)).problems)
      desk.findings.push({ crime: 'unbalanced_entries', what: problem.message });
    for (const problem of await database.integrityProblems('full'))
      desk.findings.push({ crime: 'damaged_file', what: problem });
  },
};

const index = fc.nat({ max: 8 });
const step = fc.integer({ min: 1, max: 70 });
const run = (label: string, command: () => Command, refusals: readonly string[] = []) =>
  fc.constant(make(label, always, (_model, real) => ends(real, command(), refusals)));
const pass = (label: string, ms: number) =>
  fc.constant(make(label, always, async (_model, { desk }) => desk.world.pass(ms)));
const setMood = (label: string, change: Partial<Mood>) => fc.constant(moodOf(label, change));

export const MODEL_COMMANDS: readonly fc.Arbitrary<ModelCommand>[] = [
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.option(fc.integer({ min: 1, max: 9 })))
    .map(([count, dieAt]) => importNew(count, dieAt)),
  index.map((at) =>
    make(`importSameAgain(${at})`, any, async (model, real) => {
      const name = nameAt(model, at);
      const rows = model.batches.get(name)?.rows ?? [];
      const before = real.desk.rows;
      const anew = newName(model, name);
      const again = commands.importPayouts(anew, linesOf(rows));
      await ends(real, again, ['file_known', 'file_refused']);
      // What was cancelled whole may come again.
      if (real.desk.rows === before) return;
      model.batches.set(anew, { rows, approved: false, cancelled: new Set() });
      model.backup = null;
    }),
  ),
  index.map((at) => approving('bert', at)),
  index.map((at) => approving('anna', at)),
  index.map((at) =>
    make(`submit(${at})`, any, (model, real) => ends(real, submitting(model, at), SENT_BEFORE)),
  ),
  fc
    .tuple(index, fc.integer({ min: 1, max: 2 }))
    .map(([at, first]) =>
      make(`submitFirst(${at}, ${first})`, any, (model, real) =>
        ends(real, submitting(model, at, { first }), SENT_BEFORE),
      ),
    ),
  fc
    .tuple(index, step)
    .map(([at, dieAt]) =>
      make(`crash(${at}, ${dieAt})`, any, (model, real) =>
        ends(real, submitting(model, at), SENT_BEFORE, dieAt),
      ),
    ),
  fc.constant(
    make('restart', any, async (model, real) => {
      for (const name of model.batches.keys()) await ends(real, commands.submit(name), SENT_BEFORE);
    }),
  ),
  fc.tuple(index, fc.integer({ min: 3, max: 25 })).map(([at, pause]) => secondProcess(at, pause)),
  fc.tuple(index, fc.integer({ min: 3, max: 25 })).map(([at, pause]) => takeover(at, pause)),
  run('sync', () => commands.sync),
  step.map((dieAt) =>
    make(`syncCrash(${dieAt})`, always, (_model, real) => ends(real, commands.sync, [], dieAt)),
  ),
  run('webhooks', () => commands.receive((count) => Array.from({ length: count }, (_, at) => at))),
  run('webhooksAgainAndBackwards', () =>
    commands.receive((count) => Array.from({ length: 2 * count }, (_, at) => (2 * count - at) % count)),
  ),
  run('webhooksForged', () => commands.receive((count) => [0, count - 1], true)),
  run('webhooksApplied', () => commands.applyEvents),
  step.map((dieAt) =>
    make(`webhooksCrash(${dieAt})`, always, (_model, real) => ends(real, commands.applyEvents, [], dieAt)),
  ),
  run('reconcile', () => commands.reconcileReport, ['report_incomplete', 'file_refused']),
  setMood('tokenExpires', { fault: 'credentials' }),
  setMood('acceptsLate', { fault: 'late' }),
  setMood('outage', { fault: 'never_sent', deaf: 100 }),
  setMood('halfDeaf', { deaf: 40 }),
  setMood('losesAnswers', { fault: 'lost_answer' }),
  setMood('errsAfterwards', { fault: 'error_after' }),
  setMood('refuses', { fault: 'refused' }),
  setMood('hasNoFunds', { fault: 'no_funds' }),
  setMood('answersOfAnother', { fault: 'wrong_echo' }),
  setMood('doubles', { fault: 'doubled' }),
  setMood('hides', { fault: 'hidden' }),
  setMood('fails', { fate: 'failed' }),
  setMood('returns', { fate: 'returned' }),
  setMood('isWell', {}),
  pass('seconds', 6_000),
  pass('hours', 3 * HOUR_MS),
  pass('clockJump', 30 * HOUR_MS),
  index.map((at) =>
    make(`wrongClock(${at})`, any, async (model, real) => {
      const ended = await real.desk.run(submitting(model, at), null, { skew_ms: HOUR_MS });
      expectRefusal(real, 'batch submit', ended, ['clock_differs', ...SENT_BEFORE]);
    }),
  ),
  fc
    .tuple(index, fc.integer({ min: 1, max: 9 }), fc.boolean())
    .map(([at, turn, commit]) => fullDisk(at, turn, commit)),
  index.map(cancelRow),
  index.map(cancelWhole),
  fc
    .tuple(index, fc.constantFrom('paid' as const, 'failed' as const, 'returned' as const))
    .map(([at, as]) =>
      make(`resolve(${at}, ${as})`, any, (model, real) =>
        ends(real, commands.resolve(rowAt(model, at).reference, as), ['payout_state']),
      ),
    ),
  index.map((at) =>
    make(`release(${at})`, any, (model, real) =>
      ends(real, commands.release(rowAt(model, at).reference), ['payout_state']),
    ),
  ),
  fc
    .tuple(index, fc.option(step))
    .map(([at, dieAt]) =>
      make(`retry(${at}, ${dieAt})`, any, (model, real) =>
        ends(
          real,
          commands.retry(rowAt(model, at).reference),
          ['payout_state', 'retry_unproven', 'restore_unchecked'],
          dieAt,
        ),
      ),
    ),
  run('keyRotate', () => commands.rotate),
  fc
    .integer({ min: 1, max: 25 })
    .map((dieAt) =>
      make(`keyRotateCrash(${dieAt})`, always, (_model, real) => ends(real, commands.rotate, [], dieAt)),
    ),
  fc.constant(takeBackup()),
  fc.constant(restoreNow(false)),
  fc.constant(restoreNow(true)),
  run('verifyPeople', () => commands.verifyPeople),
  run('verify', () => verify),
];
