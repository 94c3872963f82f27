/**
 * Every fault that the sandbox can be asked for, with the sentence that the README and `sandbox serve` show, and the
 * two sets. A fault changes answers and their timing; what the sandbox executed stays true in its books and its log.
 */

/** The calls that a fault can befall; what is not under /api/ has none. */
export type CallKind = 'token' | 'register' | 'send' | 'status' | 'list' | 'other';

export const FAULT_NAMES = [
  'error-before',
  'error-after',
  'reset-before',
  'reset-after',
  'hang-before',
  'hang-after',
  'late',
  'forget',
  'limit-seconds',
  'limit-date',
  'limit-garbage',
  'limit-huge',
  'limit-missing',
  'limit-zero',
  'limit-fraction',
  'limit-negative',
  'limit-past',
  'limit-twice',
  'truncate',
  'html',
  'empty',
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
  'token-expiry',
  'return',
  'webhook-duplicate',
  'webhook-late',
  'webhook-reorder',
  'webhook-amount',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export interface Fault {
  /** One sentence. */
  says: string;
  /** Which calls; empty where it befalls an accepted payout or an event. */
  on: readonly CallKind[];
  /** Null where the fault has no duration; otherwise what it is unless it is given. */
  default_ms: number | null;
}

const EVERY: readonly CallKind[] = ['token', 'register', 'send', 'status', 'list', 'other'];
const WITH_TOKEN: readonly CallKind[] = ['register', 'send', 'status', 'list', 'other'];
const WITH_PAYOUTS: readonly CallKind[] = ['send', 'status', 'list'];

function every(says: string, default_ms: number | null = null): Fault {
  return { says, on: EVERY, default_ms };
}

function onPayouts(says: string): Fault {
  return { says, on: WITH_PAYOUTS, default_ms: null };
}

function elsewhere(says: string, default_ms: number | null = null): Fault {
  return { says, on: [], default_ms };
}

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  'error-before': every('500 or 503, and nothing was done.'),
  'error-after': every('500 or 503, and everything was done.'),
  'reset-before': every('The connection is reset, and nothing was done.'),
  'reset-after': every('The connection is reset, and everything was done.'),
  'hang-before': every('No answer until the client gives up or the time is over; nothing was done.', 30_000),
  'hang-after': every(
    'No answer until the client gives up or the time is over; everything was done.',
    30_000,
  ),
  late: {
    says: 'The payout is accepted and answered 500 or hung up on; status, look-up and list do not know it until the time is over, and a repeat meets 500 or a reset meanwhile.',
    on: ['send'],
    default_ms: 2_000,
  },
  forget: elsewhere(
    'The reference is forgotten after the time: looking it up finds nothing, and sent again it is PAID AGAIN.',
    60_000,
  ),
  'limit-seconds': every('429 with Retry-After in seconds; nothing was done.'),
  'limit-date': every('429 with Retry-After as an HTTP date; nothing was done.'),
  'limit-garbage': every('429 with a Retry-After that means nothing; nothing was done.'),
  'limit-huge': every('429 with a Retry-After of ten years; nothing was done.'),
  'limit-missing': every('429 without Retry-After; nothing was done.'),
  'limit-zero': every('429 with a Retry-After of 0; nothing was done.'),
  'limit-fraction': every('429 with a Retry-After of 0.5; nothing was done.'),
  'limit-negative': every('429 with a Retry-After of -5; nothing was done.'),
  'limit-past': every('429 with a Retry-After of an hour ago; nothing was done.'),
  'limit-twice': every('429 with two headers Retry-After, of 1 and of 2; nothing was done.'),
  truncate: every('The answer ends in the middle, with its length told or not; everything was done.'),
  html: every("A proxy's HTML page with 200, 404, 422 or 502; whether anything was done is drawn."),
  empty: every('200 with an empty body; whether anything was done is drawn.'),
  'content-type': every('The right answer under the wrong content type.'),
  regress: onPayouts('A payout that is final reads PROCESSING in this one answer.'),
  'unknown-status': onPayouts('A payout has a status word that the contract does not know.'),
  'echo-paisa': onPayouts('A payout has an amount one paisa off.'),
  'echo-hundredfold': onPayouts('A payout has a hundred times its amount.'),
  'echo-beneficiary': onPayouts("A payout has another beneficiary's id."),
  'echo-reference': onPayouts('A payout has another reference.'),
  'echo-no-amount': onPayouts('A payout has no amount.'),
  'echo-currency': onPayouts('A payout is in USD.'),
  'echo-text': onPayouts('A payout has its amount as text.'),
  'token-expiry': {
    says: 'The token of the call expires: 401, from now on.',
    on: WITH_TOKEN,
    default_ms: null,
  },
  return: elsewhere('A payout that would have been paid for good is returned after it was paid.'),
  'webhook-duplicate': elsewhere('An event is sent twice.'),
  'webhook-late': elsewhere('An event is sent after the time.', 2_000),
  'webhook-reorder': elsewhere('An event is sent after the next one, at the latest after the time.', 2_000),
  'webhook-amount': elsewhere('An event states an amount one paisa off.'),
};

export interface Knob {
  /** From 0, never, to 1, always. */
  chance: number;
  /** Counts where the fault has a duration. */
  ms: number;
}

export type Knobs = ReadonlyMap<FaultName, Knob>;

function set(chances: readonly (readonly [FaultName, number, number?])[]): Knobs {
  return new Map(
    chances.map(([name, chance, ms]) => [name, { chance, ms: ms ?? FAULTS[name].default_ms ?? 0 }]),
  );
}

// A bad day at a good provider: about one call in twenty-five goes wrong, and everything is settled by asking.
const LIGHT = set([
  ['error-before', 0.01],
  ['error-after', 0.005],
  ['reset-before', 0.005],
  ['reset-after', 0.005],
  ['late', 0.005],
  ['limit-seconds', 0.005],
  ['truncate', 0.005],
  ['token-expiry', 0.002],
  ['return', 0.01],
  ['webhook-duplicate', 0.05],
  ['webhook-late', 0.05],
]);

// Everything at once, about one call in three. Wrong echoes are rare, since each leaves a payout to a person. Neither
// set forgets references, which makes paying twice possible, or asks for a wait of ten years.
const HEAVY = set([
  ['error-before', 0.04],
  ['error-after', 0.04],
  ['reset-before', 0.03],
  ['reset-after', 0.03],
  ['hang-before', 0.01, 2_000],
  ['hang-after', 0.01, 2_000],
  ['late', 0.04],
  ['limit-seconds', 0.01],
  ['limit-date', 0.01],
  ['limit-garbage', 0.01],
  ['limit-missing', 0.01],
  ['truncate', 0.03],
  ['html', 0.02],
  ['empty', 0.02],
  ['content-type', 0.01],
  ['regress', 0.03],
  ['unknown-status', 0.02],
  ['echo-paisa', 0.003],
  ['echo-hundredfold', 0.003],
  ['echo-beneficiary', 0.003],
  ['echo-reference', 0.003],
  ['echo-no-amount', 0.003],
  // Sixteen calls share a token: more, and the second one expires before all have been repeated.
  ['token-expiry', 0.003],
  ['return', 0.05],
  ['webhook-duplicate', 0.2],
  ['webhook-late', 0.2],
  ['webhook-reorder', 0.2],
]);

export const FAULT_SETS = { light: LIGHT, heavy: HEAVY } as const;
export type FaultSetName = keyof typeof FAULT_SETS;

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name);
}
