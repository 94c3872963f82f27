/**
 * Decides which fault befalls which request, payout and event, all from one seed. At most one fault befalls a
 * request; of several that come up one is drawn. What is decided here lives as long as the process: after a restart
 * every accepted payout is known again.
 */
import { type Answer, refusal } from './answer.ts';
import { Chance } from './chance.ts';
import type { Course } from './endings.ts';
import { type CallKind, FAULT_NAMES, FAULTS, type FaultName, type Knob, type Knobs } from './fault-table.ts';
import { CUT, type Exchange, type Faults, GO_ON, type Verdict, wait } from './faults.ts';
import {
  EMPTY_ANSWER,
  htmlPage,
  mislabelled,
  PAYOUT_SPOILS,
  spoilPayout,
  withoutPayouts,
} from './spoiled-answer.ts';
import type { EventFate } from './webhooks.ts';

export interface ChaosOptions {
  knobs: Knobs;
  seed: number;
  latency_ms: number;
  now: () => Date;
  /** Whether a payout was accepted under this reference and is still known. */
  knows: (reference: string) => boolean;
}

interface Plan {
  kind: CallKind | null;
  reference: string | null;
  fault: FaultName | null;
  phase: 'before' | 'after';
  knob: Knob;
  /** What else this exchange has to draw. */
  chance: Chance;
}

// Without a fault there is nothing to time.
const NO_KNOB: Knob = { chance: 0, ms: 0 };
const TEN_YEARS_S = 10 * 365 * 86_400;
const RETURNED: Course = { course: 'reversed', failure_reason: 'RETURNED_BY_BENEFICIARY_BANK' };
const EITHER_PHASE: ReadonlySet<FaultName> = new Set(['html', 'empty']);
const AFTER: ReadonlySet<FaultName> = new Set<FaultName>([
  'error-after',
  'reset-after',
  'hang-after',
  'truncate',
  'content-type',
  'regress',
  'unknown-status',
  'echo-paisa',
  'echo-hundredfold',
  'echo-beneficiary',
  'echo-reference',
  'echo-no-amount',
  'echo-currency',
  'echo-text',
]);

export class Chaos implements Faults {
  readonly #options: ChaosOptions;
  readonly #requests: Chance;
  readonly #payouts: Chance;
  readonly #events: Chance;
  readonly #plans = new WeakMap<Exchange, Plan>();
  /** References that nobody can see yet, until an instant in milliseconds. */
  readonly #hidden = new Map<string, number>();
  /** When references are forgotten. */
  readonly #forgotten = new Map<string, number>();
  readonly #expired = new Set<string>();
  readonly #counts: Partial<Record<FaultName, number>> = {};

  constructor(options: ChaosOptions) {
    this.#options = options;
    const seed = new Chance(options.seed);
    this.#requests = seed.fork();
    this.#payouts = seed.fork();
    this.#events = seed.fork();
  }

  /** How often each fault has happened. */
  counts(): Readonly<Partial<Record<FaultName, number>>> {
    return { ...this.#counts };
  }

  async before(exchange: Exchange): Promise<Verdict> {
    const plan = this.#plan(exchange);
    this.#plans.set(exchange, plan);
    await wait(this.#options.latency_ms, exchange.gone);
    if (plan.kind === null) return GO_ON;
    if (plan.kind !== 'token' && exchange.authorization && this.#expired.has(exchange.authorization))
      return expiredToken();
    // Between acceptance and being seen a repeat must neither pay again nor learn that the first one is there.
    if (plan.kind === 'send' && plan.reference !== null && this.#isHidden(plan.reference)) {
      return plan.chance.pick([CUT, serverError(plan.chance)]);
    }
    if (plan.fault === 'late') return this.#hide(plan);
    return plan.fault !== null && plan.phase === 'before' ? this.#fail(plan.fault, plan, exchange) : GO_ON;
  }

  async after(exchange: Exchange, answer: Answer): Promise<Verdict> {
    const plan = this.#plans.get(exchange);
    if (!plan || plan.kind === null) return GO_ON;
    if (plan.fault === 'late') return this.#acceptLate(plan, answer);
    const seen = this.#veiled(plan.kind, answer);
    const verdict =
      plan.fault !== null && plan.phase === 'after'
        ? await this.#spoil(plan.fault, plan, exchange, seen)
        : GO_ON;
    return verdict.act === 'go_on' && seen !== answer ? { act: 'answer', answer: seen } : verdict;
  }

  /** What becomes of a payout that is being accepted; drawn in the order of acceptance. */
  courseOf(reference: string, planned: Course): Course {
    const chance = this.#payouts.fork();
    this.#forgotten.delete(reference);
    const forget = this.#options.knobs.get('forget');
    const forgets = chance.hits(forget?.chance ?? 0);
    if (forget && forgets) {
      this.#forgotten.set(reference, this.#nowMs() + forget.ms);
      this.#count('forget');
    }
    const returns = chance.hits(this.#options.knobs.get('return')?.chance ?? 0);
    if (!returns || planned.course !== 'paid') return planned;
    this.#count('return');
    return RETURNED;
  }

  hasForgotten(reference: string): boolean {
    const at = this.#forgotten.get(reference);
    return at !== undefined && at <= this.#nowMs();
  }

  /** How the event of a payout goes out; drawn in the order of changes. */
  eventFate(reference: string): EventFate {
    const chance = this.#events.fork();
    const drawn = (name: FaultName): Knob | undefined => {
      const knob = this.#options.knobs.get(name);
      if (!knob || !chance.hits(knob.chance)) return undefined;
      this.#count(name);
      return knob;
    };
    const copies = drawn('webhook-duplicate') ? 2 : 1;
    const late = drawn('webhook-late')?.ms ?? 0;
    const overtaken = drawn('webhook-reorder')?.ms ?? null;
    // Nobody is told of what nobody can see.
    const hidden = Math.max(0, (this.#hidden.get(reference) ?? 0) - this.#nowMs());
    const off_minor = drawn('webhook-amount') ? 1n : 0n;
    return { copies, delay_ms: Math.max(late, hidden), overtaken_ms: overtaken, off_minor };
  }

  #nowMs(): number {
    return this.#options.now().getTime();
  }

  #count(name: FaultName): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + 1;
  }

  #plan(exchange: Exchange): Plan {
    const chance = this.#requests.fork();
    const kind = kindOf(exchange);
    const reference = kind === 'send' ? referenceIn(exchange.body) : null;
    const plan: Plan = { kind, reference, fault: null, phase: 'before', knob: NO_KNOB, chance };
    if (kind === null) return plan;
    const up: FaultName[] = [];
    for (const name of FAULT_NAMES) {
      const knob = this.#options.knobs.get(name);
      if (knob && FAULTS[name].on.includes(kind) && chance.hits(knob.chance)) up.push(name);
    }
    const [first, ...others] = up;
    if (first === undefined) return plan;
    const fault = chance.pick([first, ...others]);
    const isAfter = EITHER_PHASE.has(fault) ? chance.hits(0.5) : AFTER.has(fault);
    const knob = this.#options.knobs.get(fault) ?? NO_KNOB;
    return { ...plan, fault, knob, phase: isAfter ? 'after' : 'before' };
  }

  /** Before anything was done. */
  async #fail(fault: FaultName, plan: Plan, exchange: Exchange): Promise<Verdict> {
    this.#count(fault);
    if (fault === 'token-expiry') {
      if (exchange.authorization) this.#expired.add(exchange.authorization);
      return expiredToken();
    }
    if (fault === 'hang-before') await wait(plan.knob.ms, exchange.gone);
    if (fault === 'hang-before' || fault === 'reset-before') return CUT;
    if (fault === 'html') return { act: 'answer', answer: htmlPage(plan.chance) };
    if (fault === 'empty') return { act: 'answer', answer: EMPTY_ANSWER };
    return fault === 'error-before' ? serverError(plan.chance) : rateLimited(fault, this.#nowMs());
  }

  /** After everything was done. */
  async #spoil(fault: FaultName, plan: Plan, exchange: Exchange, answer: Answer): Promise<Verdict> {
    const spoil = PAYOUT_SPOILS[fault];
    if (spoil) {
      const spoiled = spoilPayout(answer, spoil, plan.chance);
      if (!spoiled) return GO_ON;
      this.#count(fault);
      return { act: 'answer', answer: spoiled };
    }
    this.#count(fault);
    if (fault === 'hang-after') await wait(plan.knob.ms, exchange.gone);
    if (fault === 'hang-after' || fault === 'reset-after') return CUT;
    if (fault === 'truncate') return { act: 'truncate', answer, length_told: plan.chance.hits(0.5) };
    if (fault === 'html') return { act: 'answer', answer: htmlPage(plan.chance) };
    if (fault === 'empty') return { act: 'answer', answer: EMPTY_ANSWER };
    return fault === 'content-type'
      ? { act: 'answer', answer: mislabelled(answer) }
      : serverError(plan.chance);
  }

  /** Hidden before it is handled: nobody can look between acceptance and this. */
  #hide(plan: Plan): Verdict {
    if (plan.reference === null || this.#options.knows(plan.reference)) plan.fault = null;
    else this.#hidden.set(plan.reference, this.#nowMs() + plan.knob.ms);
    return GO_ON;
  }

  #acceptLate(plan: Plan, answer: Answer): Verdict {
    if (answer.status !== 202) {
      if (plan.reference !== null) this.#hidden.delete(plan.reference);
      return GO_ON;
    }
    this.#count('late');
    return plan.chance.pick([CUT, serverError(plan.chance)]);
  }

  #isHidden(reference: string): boolean {
    const until = this.#hidden.get(reference);
    if (until === undefined) return false;
    if (this.#nowMs() < until) return true;
    this.#hidden.delete(reference);
    return false;
  }

  #veiled(kind: CallKind, answer: Answer): Answer {
    if (this.#hidden.size === 0 || (kind !== 'status' && kind !== 'list')) return answer;
    const veiled = withoutPayouts(answer, (reference) => this.#isHidden(reference));
    if (veiled === 'none') return refusal(404, 'NOT_FOUND', 'There is no such payout.');
    return veiled ?? answer;
  }
}

const API = '/api/v1/';

function kindOf({ method, path }: Exchange): CallKind | null {
  if (!path.startsWith(API)) return null;
  const rest = path.slice(API.length);
  if (rest === 'auth/token') return 'token';
  if (rest === 'beneficiaries') return 'register';
  if (rest === 'payouts') return method === 'POST' ? 'send' : 'list';
  return rest.startsWith('payouts/') ? 'status' : 'other';
}

function referenceIn(body: string): string | null {
  try {
    const { reference_id } = JSON.parse(body) as { reference_id?: unknown };
    return typeof reference_id === 'string' ? reference_id : null;
  } catch {
    return null;
  }
}

function expiredToken(): Verdict {
  return {
    act: 'answer',
    answer: refusal(401, 'UNAUTHENTICATED', 'The access token is missing, unknown or expired.'),
  };
}

function serverError(chance: Chance): Verdict {
  const status = chance.pick([500, 503]);
  return { act: 'answer', answer: refusal(status, 'INTERNAL', 'Something went wrong.') };
}

function rateLimited(fault: FaultName, nowMs: number): Verdict {
  const answer = refusal(429, 'RATE_LIMITED', 'There are too many requests.');
  const words: Partial<Record<FaultName, string | readonly string[]>> = {
    'limit-seconds': '1',
    // A date has whole seconds: two of them are at least one whole second from now.
    'limit-date': new Date(nowMs + 2000).toUTCString(),
    'limit-garbage': 'soon',
    'limit-huge': String(TEN_YEARS_S),
    'limit-zero': '0',
    'limit-fraction': '0.5',
    'limit-negative': '-5',
    'limit-past': new Date(nowMs - 3_600_000).toUTCString(),
    'limit-twice': ['1', '2'],
  };
  const word = words[fault];
  return {
    act: 'answer',
    answer: word === undefined ? answer : { ...answer, headers: { 'Retry-After': word } },
  };
}
