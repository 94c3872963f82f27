/**
 * One day at the desk, in which everything happens that people can do, and any command may die at any step. A command
 * that died is given again, as a person would; what it had done already it may refuse to do twice.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Chance } from '../../src/sandbox/chance.ts';
import type { Finding } from './auditor.ts';
import * as command from './commands.ts';
import { type Command, Desk } from './desk.ts';
import { FAST, type Mutant, withoutChance } from './run.ts';
import type { Fate, Mode, SendFault } from './world.ts';

const FAULTS: Readonly<Record<string, readonly SendFault[]>> = {
  'day-4': ['refused'],
  'day-5': ['lost_answer'],
  'day-6': ['wrong_echo'],
  'day-9': ['late'],
  'day-2.r2': ['lost_answer'],
};
const FATES: Readonly<Record<string, Fate>> = { 'day-2': 'failed', 'day-3': 'returned' };

export const DAY: Mode = {
  name: 'a day',
  fault: (turn, _chance, reference) => FAULTS[reference]?.[turn] ?? 'none',
  fate: (_chance, reference) => FATES[reference] ?? 'success',
  duplicate: 'conflict',
  deaf: 0,
  pause_ms: 5_000,
};

interface Turn {
  command: Command;
  /** What it is refused with, where it has to be. */
  refused?: string;
  /** How long the world goes on afterwards. */
  then_ms?: number;
}

const PEOPLE = Array.from(
  { length: 4 },
  (_, index) => `b-${index},Person ${index},${50100000000 + index},HDFC0000001`,
);
const PAYOUTS = Array.from({ length: 9 }, (_, index) => `day-${index + 1},b-${index % 4},${100 + index}.50`);
const MORE = ['next-1,b-1,77.00', 'next-2,b-2,78.00'];
const HOUR_MS = 3_600_000;
const inOrder = (count: number) => Array.from({ length: count }, (_, index) => index);
const twiceAndBackwards = (count: number) => [...inOrder(count).reverse(), ...inOrder(count)];

export const TURNS: readonly Turn[] = [
  { command: command.importPeople(PEOPLE) },
  { command: command.importPayouts('day', PAYOUTS) },
  { command: command.submit('day'), refused: 'approval_missing' },
  { command: command.approve('day', 'anna'), refused: 'approver_is_importer' },
  { command: command.approve('day', 'bert') },
  { command: command.cancel('day-8') },
  { command: command.submit('day', { first: 2, look_alikes: ['day-7'] }) },
  { command: command.submit('day', { look_alikes: ['day-7'] }), then_ms: 10_000 },
  { command: command.verifyPeople },
  { command: command.receive((count) => [0, 0, ...inOrder(Math.min(3, count))]) },
  { command: command.receive((count) => [count - 1], true) },
  { command: command.applyEvents },
  { command: command.sync },
  { command: command.importPayouts('next', MORE) },
  { command: command.approve('next', 'bert') },
  { command: command.cancelAll('next') },
  { command: command.release('day-7') },
  { command: command.submit('day'), then_ms: 10_000 },
  { command: command.resolve('day-6', 'paid'), then_ms: 3 * HOUR_MS },
  { command: command.sync },
  { command: command.retry(), then_ms: 10_000 },
  { command: command.receive(twiceAndBackwards) },
  { command: command.applyEvents },
  { command: command.sync },
  { command: command.reconcileReport },
  { command: command.withdrawReport },
  { command: command.reinstateReport },
  { command: command.importPeople(['b-0,Person 0,60100000000,HDFC0000001'], true) },
  { command: command.rotate },
  { command: command.backup('backup.db') },
];

/** At which step a command dies; `again` counts how often it had died before. */
export interface Death {
  turn: number;
  again: number;
  step: number | string;
}

/** What is passed in a day at least; one that no command passes any more fails the test. */
export const DAY_FAILPOINTS: readonly string[] = [
  'transaction: before it begins',
  'transaction: begun',
  'transaction: before it commits',
  'transaction: committed',
  ...[
    'accounts',
    'account_days',
    'approvals',
    'attempt_accounts',
    'attempts',
    'audit_events',
    'batches',
    'beneficiaries',
    'break_events',
    'breaks',
    'chain',
    'former_accounts',
    'journal_entries',
    'matches',
    'payouts',
    'postings',
    'reconciliations',
    'registrations',
    'sends',
    'statement_lines',
    'statement_rows',
    'statement_withdrawals',
    'statements',
    'status_events',
    'sync_marks',
    'vault_keys',
    'webhooks',
  ].map((table) => `write: ${table}`),
  ...['balance', 'list', 'look-up', 'register', 'report', 'submit'].flatMap((call) => [
    `${call}: before the call`,
    `${call}: before the answer`,
  ]),
  'register: known to the provider',
  'submit: executed',
];

export interface DayLived {
  findings: Finding[];
  /** The steps of each command, at its first try. */
  traces: string[][];
  died_at: string[];
}

/** What a command that died may be refused with when it is given again: it had done its work. */
const DONE_ALREADY: ReadonlySet<string> = new Set([
  'payout_state',
  'batch_cancelled',
  'batch_sent',
  'batch_unknown',
  'statement_withdrawn',
  'statement_not_withdrawn',
  'backup_exists',
]);

export class Days {
  readonly #folder = mkdtempSync(join(FAST, 'payrun-days-'));
  #lives = 0;

  async live(seed: number, deaths: readonly Death[], mutant?: Mutant): Promise<DayLived> {
    this.#lives += 1;
    const folder = join(this.#folder, `day-${this.#lives}`);
    mkdirSync(folder);
    try {
      return await withoutChance(seed, () => liveDay(new Desk(folder, DAY, seed), deaths, mutant));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function liveDay(desk: Desk, deaths: readonly Death[], mutant?: Mutant): Promise<DayLived> {
  const lived: DayLived = { findings: desk.findings, traces: [], died_at: [] };
  await desk.begin();
  for (const [index, turn] of TURNS.entries()) {
    for (let again = 0; ; again += 1) {
      const step = deaths.find((death) => death.turn === index && death.again === again)?.step ?? null;
      const ended = await desk.run(turn.command, step, mutant ? { mutant } : {});
      if (again === 0) lived.traces.push(ended.trace);
      if (desk.findings.length > 0) return lived;
      if (ended.outcome === 'died') {
        lived.died_at.push(ended.at);
        desk.world.pass(1_000);
        continue;
      }
      const code = ended.outcome === 'refused' ? ended.code : undefined;
      if (code !== turn.refused && !(again > 0 && code !== undefined && DONE_ALREADY.has(code)))
        desk.findings.push({
          crime: 'unfinished',
          what: `${turn.command.name} (${index}) ended with ${code ?? 'nothing'}`,
        });
      break;
    }
    desk.world.pass(turn.then_ms ?? 1_000);
  }
  await finishDay(desk);
  return lived;
}

async function finishDay(desk: Desk): Promise<void> {
  for (const each of [command.submit('day'), command.sync, command.sync, command.sync]) {
    await desk.run(each);
    desk.world.pass(HOUR_MS);
  }
  if (desk.findings.length === 0) await desk.auditAtTheEnd();
}

/** A death in every command, each at another step in each life, and another one in the command that is given again. */
export function deathsOfLife(life: number, traces: readonly (readonly string[])[], chance: Chance): Death[] {
  const draw = (limit: number) => 1 + (Number.parseInt(chance.hex(1), 16) % limit);
  return traces.flatMap((trace, turn): Death[] => {
    if (trace.length === 0) return [];
    const first = { turn, again: 0, step: 1 + (life % trace.length) };
    return [first, { turn, again: 1, step: draw(trace.length) }];
  });
}
