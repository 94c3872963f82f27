/** Colour for people at a terminal, and nobody else. It only underlines what the words say already. */
import type { GlobalFlags } from '../global-flags.ts';
import type { Output, World } from '../world.ts';

export type Tone = 'bold' | 'red' | 'yellow' | 'green' | 'dim';

const CODES: Readonly<Record<Tone, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
};

export type Paint = (tone: Tone, text: string) => string;

export const plain: Paint = (_tone, text) => text;
const painted: Paint = (tone, text) => `\u001b[${CODES[tone][0]}m${text}\u001b[${CODES[tone][1]}m`;

/** The flag beats the environment; NO_COLOR beats FORCE_COLOR, as commander has it for help. */
export function paintFor(stream: Output, flags: Pick<GlobalFlags, 'color'>, world: World): Paint {
  const { NO_COLOR, FORCE_COLOR, TERM } = world.env;
  if (!flags.color || NO_COLOR || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return plain;
  if (FORCE_COLOR) return painted;
  return stream.isTTY && TERM !== 'dumb' ? painted : plain;
}

const TONES: Readonly<Record<string, Tone>> = {
  paid: 'green',
  verified: 'green',
  yes: 'green',
  resolved: 'green',
  closed: 'green',
  failed: 'red',
  no: 'red',
  unknown: 'yellow',
  held: 'yellow',
  returned: 'yellow',
  pending: 'yellow',
  open: 'yellow',
};

const STATE_KEYS = new Set(['state', 'status', 'ok', 'check']);

/** The tone of a state's word in a column of states; other columns may hold the same word by chance. */
export function toneOf(key: string, word: string): Tone | undefined {
  return STATE_KEYS.has(key) && Object.hasOwn(TONES, word) ? TONES[word] : undefined;
}
