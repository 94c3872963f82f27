/** How a provider can behave: one fault at a time, scripts of two, and storms of everything. */
import type { Fate, Mode, SendFault } from './world.ts';

const FATES = ['success', 'at_once', 'failed', 'returned', 'stuck', 'regress', 'odd_word'] as const;
const FAULTS = [
  'none',
  'lost_answer',
  'error_after',
  'error_before',
  'reset',
  'doubled',
  'late',
  'hidden',
  'no_funds',
  'refused',
  'rate_limited',
  'credentials',
  'never_sent',
  'bad_request',
  'wrong_echo',
] as const satisfies readonly SendFault[];

const THIRTY_HOURS_MS = 30 * 3_600_000;

function scripted(name: string, faults: readonly SendFault[], changes: Partial<Mode> = {}): Mode {
  return {
    name,
    fault: (turn) => faults[turn] ?? 'none',
    fate: () => 'success',
    duplicate: 'conflict',
    deaf: 0,
    pause_ms: 5_000,
    ...changes,
  };
}

const fated = (fate: Fate): Mode => scripted(`ends ${fate}`, [], { fate: () => fate });

export const STORM: Mode = {
  name: 'storm',
  fault: (turn, chance) => (turn < 2 ? chance.pick([...FAULTS]) : 'none'),
  fate: (chance) => chance.pick([...FATES]),
  duplicate: 'conflict',
  deaf: 20,
  pause_ms: 5_000,
};

/** What the simulated world can do, each by its name. */
export const MODES: readonly Mode[] = [
  ...FAULTS.map((fault) => scripted(fault, [fault])),
  ...FATES.filter((fate) => fate !== 'success').map(fated),
  scripted('executed late, repeat refused', ['late', 'refused']),
  scripted('executed unseen, repeat refused', ['hidden', 'refused']),
  scripted('executed late, repeat without funds', ['late', 'no_funds']),
  scripted('lost answer, the same answer for a duplicate', ['hidden'], { duplicate: 'same_answer' }),
  scripted('forgotten after a day', ['forgotten'], { pause_ms: THIRTY_HOURS_MS }),
  scripted('lost answer, deaf to questions', ['lost_answer'], { deaf: 50 }),
  STORM,
  { ...STORM, name: 'storm, the same answer for a duplicate', duplicate: 'same_answer' },
];

export function modeNamed(name: string): Mode {
  const mode = MODES.find((each) => each.name === name);
  if (!mode) throw new Error(`There is no mode ${name}.`);
  return mode;
}
