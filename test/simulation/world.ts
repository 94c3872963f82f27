/**
 * The provider of the simulation and its truth: what really happened to money, in a log that is only added to and
 * that no process of payrun can touch. It outlives every process; its faults follow a script or a seed.
 */

import type { ProviderState } from '../../src/domain/payout/payout.ts';
import type { StatusReport } from '../../src/providers/provider.ts';
import type { Chance } from '../../src/sandbox/chance.ts';

export type SendFault =
  | 'none'
  | 'lost_answer' // executed, and the answer never comes
  | 'error_after' // executed, then a 500
  | 'error_before' // a 500, and nothing was executed
  | 'reset' // the connection goes before anything is executed
  | 'doubled' // executed, and repeated by something on the way: the answer is that of the repeat
  | 'late' // no answer, and executed two seconds later
  | 'hidden' // executed, no answer, and look-ups find nothing for two seconds
  | 'forgotten' // executed, no answer, and look-ups by reference never find it
  | 'no_funds'
  | 'refused'
  | 'rate_limited'
  | 'credentials'
  | 'never_sent'
  | 'bad_request'
  | 'wrong_echo'; // executed as asked; whatever is stated of it names another amount

export type Fate = 'success' | 'at_once' | 'failed' | 'returned' | 'stuck' | 'regress' | 'odd_word';

export interface Mode {
  name: string;
  /** The fault of the n-th send of a reference, from 0. */
  fault(turn: number, chance: Chance, reference: string): SendFault;
  fate(chance: Chance, reference: string): Fate;
  /** How a second send of a known reference is answered. */
  duplicate: 'conflict' | 'same_answer';
  /** How many of a hundred questions get no answer, until the world calms down. */
  deaf: number;
  /** How long the world stands still between two processes. */
  pause_ms: number;
  /** What a penny drop finds; verified where it is left out. */
  penny_drop?(account: string): 'verified' | 'failed' | 'pending';
}

export type TruthEvent =
  | { kind: 'sent'; reference: string; body: string; stored_first: boolean; at_ms: number; fault: SendFault }
  | { kind: 'executed'; reference: string; provider_id: string; amount_minor: bigint }
  | { kind: 'refused'; reference: string }
  /** The ledger knows nothing more of what came after its backup. */
  | { kind: 'restored' }
  | { kind: 'called_malformed'; reference: string }
  | { kind: 'misstated'; reference: string };

export interface Execution {
  provider_id: string;
  reference: string;
  beneficiary: string;
  amount_minor: bigint;
  fate: Fate;
  created_ms: number;
  visible_ms: number;
  misstated: boolean;
}

export const FEE_MINOR = 350n;
export const TAX_MINOR = 63n;
export const WINDOW_MS = 24 * 3_600_000;

const SECOND = 1_000;
const PHASES: Readonly<Record<Fate, readonly (readonly [after_ms: number, status: string])[]>> = {
  success: [
    [0, 'PROCESSING'],
    [5 * SECOND, 'SUCCESS'],
  ],
  at_once: [[0, 'SUCCESS']],
  failed: [
    [0, 'PROCESSING'],
    [5 * SECOND, 'FAILED'],
  ],
  returned: [
    [0, 'PROCESSING'],
    [5 * SECOND, 'SUCCESS'],
    [7_200 * SECOND, 'REVERSED'],
  ],
  stuck: [
    [0, 'PROCESSING'],
    [10_800 * SECOND, 'SUCCESS'],
  ],
  regress: [
    [0, 'SUCCESS'],
    [1 * SECOND, 'PROCESSING'],
    [3_600 * SECOND, 'SUCCESS'],
  ],
  odd_word: [
    [0, 'ON_ITS_WAY'],
    [5 * SECOND, 'SUCCESS'],
  ],
};

const STATES: Readonly<Record<string, ProviderState>> = {
  PROCESSING: 'in_flight',
  SUCCESS: 'success',
  FAILED: 'failed',
  REVERSED: 'reversed',
};

export class World {
  log: TruthEvent[] = [];
  executions: Execution[] = [];
  mode: Mode;
  readonly chance: Chance;
  calm = false;
  #now_ms = Date.parse('2026-11-20T06:00:00.000Z');
  #turns = new Map<string, number>();
  #late: { due_ms: number; reference: string; amount_minor: bigint; beneficiary: string }[] = [];
  /** By account, what the provider calls it. */
  beneficiaries = new Map<string, string>();

  constructor(mode: Mode, chance: Chance) {
    this.mode = mode;
    this.chance = chance;
  }

  /** The same world as it is at this instant; what happens in one of the two from now on, the other knows nothing of. */
  copy(): World {
    const copy = new World(this.mode, this.chance.copy());
    copy.log = [...this.log];
    copy.executions = [...this.executions];
    copy.calm = this.calm;
    copy.beneficiaries = new Map(this.beneficiaries);
    copy.#now_ms = this.#now_ms;
    copy.#turns = new Map(this.#turns);
    copy.#late = [...this.#late];
    return copy;
  }

  /** The same for two instants between which nothing happened here but that time went on. */
  mark(): string {
    const late = this.#late.map(({ due_ms, reference }) => `${due_ms} ${reference}`);
    const turns = [...this.#turns].map(([reference, turn]) => `${reference} ${turn}`);
    const { log, executions, beneficiaries, calm } = this;
    return [
      log.length,
      executions.length,
      beneficiaries.size,
      calm,
      this.chance.copy().hex(1),
      ...turns,
      ...late,
    ].join(';');
  }

  /** Time moves a little whenever somebody looks at it, so that no two instants are the same. */
  now(): string {
    this.pass(1);
    return new Date(this.#now_ms).toISOString();
  }

  pass(ms: number): void {
    const end = this.#now_ms + Math.max(0, Math.round(ms));
    // Each at its own time, also within a long jump: a reference is known from when it was executed.
    for (;;) {
      const next = this.#late.reduce(
        (first, late, index) => (late.due_ms < (this.#late[first]?.due_ms ?? end + 1) ? index : first),
        -1,
      );
      const late = this.#late[next];
      if (late === undefined || late.due_ms > end) break;
      this.#late.splice(next, 1);
      this.#now_ms = Math.max(this.#now_ms, late.due_ms);
      this.execute(late.reference, late.amount_minor, 'late', late.beneficiary);
    }
    this.#now_ms = end;
  }

  nextFault(reference: string): SendFault {
    const turn = this.#turns.get(reference) ?? 0;
    this.#turns.set(reference, turn + 1);
    // Faults stop some time, or nothing could be asked of how it ends.
    return turn > 4 || this.calm ? 'none' : this.mode.fault(turn, this.chance, reference);
  }

  deaf(): boolean {
    return !this.calm && this.mode.deaf > 0 && this.chance.hits(this.mode.deaf / 100);
  }

  executeLater(reference: string, amount_minor: bigint, beneficiary: string): void {
    this.#late.push({ due_ms: this.#now_ms + 2 * SECOND, reference, amount_minor, beneficiary });
  }

  get now_ms(): number {
    return this.#now_ms;
  }

  /** The same account again has the name that it had. */
  register(account: string): string {
    const known = this.beneficiaries.get(account) ?? `ben_${this.beneficiaries.size + 1}`;
    this.beneficiaries.set(account, known);
    return known;
  }

  pennyDrop(beneficiary: string): 'verified' | 'failed' | 'pending' {
    const account = [...this.beneficiaries].find(([, name]) => name === beneficiary)?.[0] ?? '';
    return this.mode.penny_drop?.(account) ?? 'verified';
  }

  /** A reference that is known is not executed again, for as long as it is known. */
  execute(reference: string, amount_minor: bigint, fault: SendFault, beneficiary: string): Execution {
    const known = this.known(reference);
    if (known) return known;
    const execution: Execution = {
      provider_id: `po_${this.executions.length + 1}_${reference}`,
      reference,
      beneficiary,
      amount_minor,
      fate: this.mode.fate(this.chance, reference),
      created_ms: this.#now_ms,
      visible_ms:
        fault === 'hidden'
          ? this.#now_ms + 2 * SECOND
          : fault === 'forgotten'
            ? Number.POSITIVE_INFINITY
            : this.#now_ms,
      misstated: fault === 'wrong_echo',
    };
    this.executions.push(execution);
    this.log.push({ kind: 'executed', reference, provider_id: execution.provider_id, amount_minor });
    if (execution.misstated) this.log.push({ kind: 'misstated', reference });
    return execution;
  }

  /** Whether the reference is still trusted to be known. */
  known(reference: string): Execution | undefined {
    return this.executions.findLast(
      (each) => each.reference === reference && this.#now_ms - each.created_ms < WINDOW_MS,
    );
  }

  find(reference: string): Execution | undefined {
    return this.executions.find((each) => each.reference === reference && each.visible_ms <= this.#now_ms);
  }

  /** Each status that an execution has had so far, with the instant from which it had it. */
  history(execution: Execution): { status: string; at_ms: number }[] {
    return PHASES[execution.fate]
      .map(([after, status]) => ({ status, at_ms: execution.created_ms + after }))
      .filter(({ at_ms }) => at_ms <= this.#now_ms);
  }

  statusOf(execution: Execution): string {
    const age = this.#now_ms - execution.created_ms;
    return PHASES[execution.fate].findLast(([after]) => after <= age)?.[1] ?? 'PROCESSING';
  }

  /** When its status changed last, as the provider states it. */
  changedAt(execution: Execution): string {
    const age = this.#now_ms - execution.created_ms;
    const after = PHASES[execution.fate].findLast(([each]) => each <= age)?.[0] ?? 0;
    return new Date(execution.created_ms + after).toISOString();
  }

  report(execution: Execution): StatusReport {
    const status = this.statusOf(execution);
    const ended = status === 'SUCCESS' || status === 'REVERSED';
    const changedAt = this.changedAt(execution);
    return {
      provider_id: execution.provider_id,
      provider_reference: execution.reference,
      provider_beneficiary_id: execution.beneficiary,
      amount_minor: execution.amount_minor + (execution.misstated ? 1n : 0n),
      currency: 'INR',
      state: STATES[status] ?? 'unknown_word',
      status,
      utr: ended ? `UTR-${execution.provider_id}` : null,
      fee_minor: ended ? FEE_MINOR : null,
      tax_minor: ended ? TAX_MINOR : null,
      failure_reason: status === 'FAILED' ? 'the account is closed' : null,
      failure_code: status === 'FAILED' ? 'beneficiary_account' : null,
      created_at: new Date(execution.created_ms).toISOString(),
      completed_at: ended || status === 'FAILED' ? changedAt : null,
      reversed_at: status === 'REVERSED' ? changedAt : null,
      updated_at: changedAt,
    };
  }
}
