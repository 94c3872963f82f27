/**
 * What an account number, or the part of a VPA before the @, makes happen by its last four digits. Every outcome
 * of a payout can so be had on purpose, from a file, without touching the server.
 */

/** How a payout to this beneficiary goes; `refused` is answered at submission, where no payout is made. */
export type Course =
  | { course: 'paid'; slowness: number }
  | { course: 'failed'; failure_reason: string }
  | { course: 'stuck' }
  | { course: 'reversed'; failure_reason: string }
  | { course: 'refused'; code: 'LIMIT_EXCEEDED' | 'INVALID_BENEFICIARY'; message: string };

/** What the penny drop finds; `delay` says when it answers: in the registration, when a payout would settle, or late. */
export interface PennyDrop {
  delay: 'none' | 'settling' | 'long';
  /** Null where the account is good. */
  failure_reason: string | null;
  /** Null where the bank holds the name as registered, in capitals. */
  registered_name: string | null;
}

export interface Ending {
  digits: string;
  /** One sentence, for the README and the help of `sandbox serve`. */
  says: string;
  course: Course;
  penny_drop: PennyDrop;
}

const PAID: Course = { course: 'paid', slowness: 1 };
const GOOD: PennyDrop = { delay: 'none', failure_reason: null, registered_name: null };

/** Any other digits. */
export const USUAL: Ending = {
  digits: '',
  says: 'Any other ending is verified at once and paid.',
  course: PAID,
  penny_drop: GOOD,
};

function failing(digits: string, failureReason: string, says: string): Ending {
  return { digits, says, course: { course: 'failed', failure_reason: failureReason }, penny_drop: GOOD };
}

function dropping(digits: string, drop: Partial<PennyDrop>, says: string): Ending {
  return { digits, says, course: PAID, penny_drop: { ...GOOD, ...drop } };
}

export const ENDINGS: readonly Ending[] = [
  failing('0001', 'ACCOUNT_CLOSED', 'The payout fails: the beneficiary has closed the account.'),
  failing('0002', 'BENEFICIARY_BANK_OFFLINE', "The payout fails: the beneficiary's bank is down."),
  {
    digits: '0003',
    says: 'The payout stays PROCESSING for ever.',
    course: { course: 'stuck' },
    penny_drop: GOOD,
  },
  {
    digits: '0004',
    says: 'The payout becomes SUCCESS, and REVERSED after a further delay.',
    course: { course: 'reversed', failure_reason: 'RETURNED_BY_BENEFICIARY_BANK' },
    penny_drop: GOOD,
  },
  {
    digits: '0005',
    says: 'The payout is refused at submission with 422 LIMIT_EXCEEDED.',
    course: {
      course: 'refused',
      code: 'LIMIT_EXCEEDED',
      message: "The beneficiary's daily limit is used up.",
    },
    penny_drop: GOOD,
  },
  dropping(
    '0006',
    { failure_reason: 'ACCOUNT_INVALID' },
    'The penny drop fails, and a payout is refused with 422 INVALID_BENEFICIARY.',
  ),
  dropping(
    '0007',
    { registered_name: 'SUNRISE TRADERS' },
    'The penny drop finds another name: SUNRISE TRADERS.',
  ),
  dropping(
    '0008',
    { delay: 'long' },
    'The penny drop stays PENDING for ten minutes, then finds the account good.',
  ),
  dropping(
    '0009',
    { delay: 'settling' },
    'The penny drop is PENDING for as long as a payout takes to settle, then VERIFIED.',
  ),
  failing('0010', 'GATEWAY_TECHNICAL_ERROR', 'The payout fails: the provider itself had an error.'),
  {
    digits: '0011',
    says: 'The payout takes ten times as long to become SUCCESS.',
    course: { course: 'paid', slowness: 10 },
    penny_drop: GOOD,
  },
  {
    digits: '0012',
    says: 'The payout is refused at submission with 422 INVALID_BENEFICIARY.',
    course: {
      course: 'refused',
      code: 'INVALID_BENEFICIARY',
      message: 'Payouts to this beneficiary are blocked.',
    },
    penny_drop: GOOD,
  },
];

const BY_DIGITS = new Map(ENDINGS.map((ending) => [ending.digits, ending]));

/** `account` is an account number or a VPA. */
export function endingOf(account: string): Ending {
  const at = account.indexOf('@');
  const local = at < 0 ? account : account.slice(0, at);
  return BY_DIGITS.get(local.slice(-4)) ?? USUAL;
}
