/**
 * Names of accounts: segments joined by colons, the first of which is the account's class. The name is the account's
 * identity in files, output and exports, so that whatever is not spelled exactly by the rule is refused, and a new
 * name that is nearly an old one is pointed out.
 */

export const ACCOUNT_CLASSES = ['assets', 'liabilities', 'equity', 'income', 'expenses'] as const;
export type AccountClass = (typeof ACCOUNT_CLASSES)[number];

// Long enough for five segments of twenty characters; short enough for a line of a report.
export const ACCOUNT_NAME_MAX = 120;
const ACCOUNT_NAME = /^(assets|liabilities|equity|income|expenses)(:[a-z0-9][A-Za-z0-9_-]*)+$/;

export function isAccountName(name: string): boolean {
  return name.length <= ACCOUNT_NAME_MAX && ACCOUNT_NAME.test(name);
}

/** The class of a name, or undefined where the name is no account's. */
export function accountClass(name: string): AccountClass | undefined {
  if (!isAccountName(name)) return undefined;
  return ACCOUNT_CLASSES.find((each) => name.startsWith(`${each}:`));
}

/** Why a text is no account's name, in words that say what to write; null where it is one. */
export function accountNameProblem(name: string): string | null {
  if (isAccountName(name)) return null;
  if (name === '') return 'The account is empty; write for example expenses:rent.';
  if (name.length > ACCOUNT_NAME_MAX)
    return `"${name.slice(0, 40)}…" has ${name.length} characters; an account's name has at most ${ACCOUNT_NAME_MAX}.`;
  const [first = '', ...rest] = name.split(':');
  if (!ACCOUNT_CLASSES.some((each) => each === first)) {
    return `"${name}" does not start with a class; write one of ${ACCOUNT_CLASSES.join(', ')} before the first colon.`;
  }
  if (rest.length === 0) return `"${name}" is a class and no account; write for example ${first}:bank.`;
  return `"${name}" is no account's name; each part starts with a small letter or a digit and has only letters, digits, _ and -.`;
}

export interface ProviderAccounts {
  available: string;
  in_transit: string;
  fees: string;
  tax: string;
  fees_payable: string;
}

const known = new Map<string, ProviderAccounts>();

/** The accounts that payrun posts to for a provider. */
export function accountsOfProvider(provider: string): ProviderAccounts {
  const before = known.get(provider);
  if (before) return before;
  const accounts: ProviderAccounts = {
    available: `assets:providers:${provider}:available`,
    in_transit: `assets:providers:${provider}:in-transit`,
    fees: `expenses:fees:${provider}`,
    tax: `assets:tax-recoverable:${provider}`,
    fees_payable: `liabilities:fees-payable:${provider}`,
  };
  known.set(provider, accounts);
  return accounts;
}

/** The existing account that a new one may have been meant to be: the same but for case, `-` and `_`, or one slip of a finger. */
export function similarAccount(name: string, existing: Iterable<string>): string | undefined {
  const plain = plainSpelling(name);
  let nearest: string | undefined;
  for (const other of existing) {
    if (other === name) return undefined;
    // Accounts are often numbered; `loans:l1` and `loans:l2` are two accounts and no slip.
    if (
      nearest === undefined &&
      (plainSpelling(other) === plain ||
        (lettersOf(other) !== lettersOf(name) && isOneSlip(name, other) && !isCode(name, other)))
    ) {
      nearest = other;
    }
  }
  return nearest;
}

export interface DoubtfulAccount {
  account: string;
  /** The existing account that it is nearly the name of. */
  similar: string;
}

/** Those new accounts of a file that may be others misspelt: an existing one, or one that stands before it in the file. */
export function doubtfulAccounts(used: Iterable<string>, existing: Iterable<string>): DoubtfulAccount[] {
  const known = new Set(existing);
  const doubtful: DoubtfulAccount[] = [];
  for (const account of new Set(used)) {
    if (known.has(account)) continue;
    const similar = similarAccount(account, known);
    if (similar !== undefined) doubtful.push({ account, similar });
    known.add(account);
  }
  return doubtful;
}

export function doubtSentence({ account, similar }: DoubtfulAccount): string {
  return `${account} is a new account, and nearly the name of ${similar}.`;
}

function plainSpelling(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}

function lettersOf(name: string): string {
  return name.replaceAll(/\d/g, '');
}

// `bank:a` and `bank:b`, `vendor-eu` and `vendor-us` are codes; a word of four letters and more has a neighbour by a slip only.
const CODE_LENGTH = 3;
const WORD_END = /[:_-]/;

/** Whether the one part in which two names differ is too short to be a word with a slip in it. */
function isCode(left: string, right: string): boolean {
  const [parts, others] = [left.split(WORD_END), right.split(WORD_END)];
  if (parts.length !== others.length) return false;
  return parts.every((part, index) => {
    const other = others[index] ?? '';
    return part === other || Math.max(part.length, other.length) <= CODE_LENGTH;
  });
}

/** One character more, less, or other, or two neighbours exchanged. */
function isOneSlip(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  const restOf = (text: string, from: number) => text.slice(start + from);
  return (
    restOf(left, 1) === restOf(right, 1) ||
    restOf(left, 1) === restOf(right, 0) ||
    restOf(left, 0) === restOf(right, 1) ||
    (left[start] === right[start + 1] &&
      left[start + 1] === right[start] &&
      restOf(left, 2) === restOf(right, 2))
  );
}
