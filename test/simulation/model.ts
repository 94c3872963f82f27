/**
 * What a person can know of a desk without looking into the ledger: which rows were taken in and what was approved or
 * cancelled. fast-check draws commands, deaths and the provider's moods; after each command every invariant is looked at
 * (auditor.ts), the model's own rules with them.
 */
import type fc from 'fast-check';
import type { Command, Desk, Ended } from './desk.ts';
import type { Fate, Mode, SendFault } from './world.ts';

/** How the provider is at present; the commands of the model change it. */
export interface Mood {
  fault: SendFault;
  fate: Fate;
  /** How many of a hundred questions get no answer. */
  deaf: number;
}

export const CALM: Readonly<Mood> = { fault: 'none', fate: 'success', deaf: 0 };

export function moodyMode(mood: Mood): Mode {
  return {
    name: 'moody',
    fault: (turn) => (turn < 2 ? mood.fault : 'none'),
    fate: () => mood.fate,
    duplicate: 'conflict',
    get deaf() {
      return mood.deaf;
    },
    pause_ms: 0,
  };
}

export interface Batch {
  rows: string[];
  approved: boolean;
  /** References that were cancelled, for good. */
  cancelled: Set<string>;
}

export interface Model {
  batches: Map<string, Batch>;
  /** A backup that still has all rows, and the name of its file. */
  backup: string | null;
  files: number;
}

/** What is done to a desk: the real thing that fast-check drives. */
export interface Real {
  desk: Desk;
  mood: Mood;
}

export class ModelCommand implements fc.AsyncCommand<Model, Real> {
  readonly #label: string;
  readonly #ready: (model: Model) => boolean;
  readonly #act: (model: Model, real: Real) => Promise<void>;

  constructor(
    label: string,
    ready: (model: Model) => boolean,
    act: (model: Model, real: Real) => Promise<void>,
  ) {
    this.#label = label;
    this.#ready = ready;
    this.#act = act;
  }

  check(model: Readonly<Model>): boolean {
    return this.#ready(model);
  }

  async run(model: Model, real: Real): Promise<void> {
    await this.#act(model, real);
    real.desk.findings.push(...againstTheModel(model, real));
    if (real.desk.findings.length > 0) throw new Error(textOf(real.desk));
  }

  toString(): string {
    return this.#label;
  }
}

export function textOf({ findings }: Desk): string {
  return findings.map(({ crime, what }) => `${crime}: ${what}`).join('\n');
}

/** Nothing is paid that nobody approved, nothing that was cancelled, and no row is more or less than was taken in. */
function againstTheModel(model: Model, { desk }: Real): Desk['findings'] {
  const findings: Desk['findings'] = [];
  const batches = [...model.batches.values()];
  const rows = batches.reduce((sum, batch) => sum + batch.rows.length, 0);
  if (desk.rows !== rows) findings.push({ crime: 'lost_payout', what: `${desk.rows} rows of ${rows}` });
  for (const { reference } of desk.world.executions) {
    const reference_id = reference.replace(/\.r\d+$/, '');
    const asked = batches.some(
      (each) => each.rows.includes(reference_id) && each.approved && !each.cancelled.has(reference_id),
    );
    if (!asked) findings.push({ crime: 'payment_nobody_asked_for', what: reference });
  }
  return findings;
}

/** Runs a command that may end in these ways; a death is always one. */
export async function ends(
  real: Real,
  command: Command,
  refusals: readonly string[],
  dieAt: number | null = null,
): Promise<Ended> {
  const ended = await real.desk.run(command, dieAt);
  expectRefusal(real, command.name, ended, refusals);
  return ended;
}

export function expectRefusal(real: Real, name: string, ended: Ended, refusals: readonly string[]): void {
  if (ended.outcome === 'refused' && !refusals.includes(ended.code))
    real.desk.findings.push({ crime: 'unfinished', what: `${name} was refused with ${ended.code}` });
}
