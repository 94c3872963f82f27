/** --chaos, --fault and --seed in words: what they ask for, and what `sandbox serve` says about it. */
import { PayrunError } from '../../domain/errors.ts';
import { SEED_LIMIT } from '../../sandbox/chance.ts';
import {
  FAULT_NAMES,
  FAULT_SETS,
  FAULTS,
  type FaultName,
  isFaultName,
  type Knob,
  type Knobs,
} from '../../sandbox/fault-table.ts';
import { type Input, text } from '../command.ts';
import { parseDuration } from '../config.ts';
import { nearest } from '../output/nearest.ts';

export interface AskedChaos {
  knobs: Knobs;
  seed: number;
}

export function usage(message: string, hint: string): PayrunError {
  return new PayrunError('usage', 'usage', message, { hint });
}

/** Null where no fault is asked for; a single fault beats the set that it is given with. */
export function readChaos(input: Input, randomBytes: () => Uint8Array): AskedChaos | null {
  const set = text(input, 'chaos');
  const given = input.options.fault;
  const seed = text(input, 'seed');
  const single = Array.isArray(given) ? given.map(readFault) : [];
  if (set === undefined && single.length === 0) {
    if (seed === undefined) return null;
    throw usage(
      '--seed has nothing to draw.',
      'Give it with --chaos light, --chaos heavy or --fault NAME=P.',
    );
  }
  const knobs = new Map<FaultName, Knob>(set === 'light' || set === 'heavy' ? FAULT_SETS[set] : []);
  const named = new Set<FaultName>();
  for (const [name, knob] of single) {
    if (named.has(name)) throw usage(`--fault ${name} is given twice.`, 'Give each fault once.');
    named.add(name);
    knobs.set(name, knob);
  }
  return { knobs, seed: seed === undefined ? drawSeed(randomBytes()) : readSeed(seed) };
}

function readFault(given: string): [FaultName, Knob] {
  const parts = /^([^=]*)=([^:]*)(?::(.*))?$/.exec(given);
  const name = parts?.[1] ?? given;
  if (!isFaultName(name)) {
    const guess = nearest(name, FAULT_NAMES);
    throw usage(
      `--fault "${given}": there is no fault "${name}".`,
      guess === undefined ? `There are ${FAULT_NAMES.join(', ')}.` : `Did you mean "${guess}"?`,
    );
  }
  const usual = FAULTS[name].default_ms;
  const probability = parts?.[2] ?? '';
  if (!/^(0|1|0?\.\d{1,9}|0\.0|1\.0+)$/.test(probability)) {
    throw usage(
      `--fault "${given}": "${probability}" is no probability.`,
      `Write a number from 0 (never) to 1 (always): ${name}=0.05.`,
    );
  }
  return [name, { chance: Number(probability), ms: readFaultDuration(given, name, parts?.[3], usual) }];
}

function readFaultDuration(
  given: string,
  name: FaultName,
  duration: string | undefined,
  usual: number | null,
): number {
  if (duration === undefined) return usual ?? 0;
  if (usual === null) throw usage(`--fault "${given}": ${name} has no duration.`, `Write ${name}=0.05.`);
  const ms = parseDuration(duration);
  // Timers take no more than 24 days; a day is beyond any rehearsal.
  if (ms === null || ms > DAY_MS) {
    throw usage(
      `--fault "${given}": "${duration}" is no duration of at most a day.`,
      `Write for example ${name}=0.05:5s.`,
    );
  }
  return ms;
}

const DAY_MS = 86_400_000;

function readSeed(given: string): number {
  if (/^\d{1,10}$/.test(given) && Number(given) < SEED_LIMIT) return Number(given);
  throw usage(`--seed "${given}" is no seed.`, `Write a whole number from 0 to ${SEED_LIMIT - 1}.`);
}

function drawSeed(bytes: Uint8Array): number {
  return bytes.reduce((seed, byte) => seed * 256 + byte, 0);
}

/** Every fault with its sentence, and how likely each is; only how to ask for them where none is. */
export function chaosNotice(chaos: AskedChaos | undefined): string {
  if (!chaos) return 'It makes no faults; --chaos light, --chaos heavy and --fault NAME=P ask for them.\n';
  const lines = FAULT_NAMES.map((name) => {
    const knob = chaos.knobs.get(name);
    const chance = knob && knob.chance > 0 ? String(knob.chance) : '-';
    const time = knob && knob.chance > 0 && FAULTS[name].default_ms !== null ? ` (${knob.ms} ms)` : '';
    return `  ${chance.padEnd(5)}  ${name.padEnd(NAME_WIDTH)}  ${FAULTS[name].says}${time}\n`;
  });
  return (
    `It makes faults, with the probability in front of each; --seed ${chaos.seed} makes the same again:\n` +
    `${lines.join('')}GET /sandbox/log lists what was really executed, GET /sandbox/stats what was asked and answered.\n`
  );
}

const NAME_WIDTH = Math.max(...FAULT_NAMES.map(({ length }) => length));
