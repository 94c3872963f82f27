/**
 * Who is paid: which details are good, and whether two spellings are one name. Details are checked strictly and never
 * mended; a message says what to write, and holds no account number.
 */
import type { RowError } from '../errors.ts';
import { forbiddenCharacter, hasLineBreak, startsLikeFormula } from '../plain-text.ts';
import { REFERENCE_PATTERN } from './payout.ts';
import type { DestinationKind } from './rail.ts';

export const BENEFICIARY_COLUMNS = {
  required: ['beneficiary_ref', 'name'],
  optional: ['account_number', 'ifsc', 'vpa', 'bank_name', 'account_type', 'email', 'phone'],
} as const;

export type BeneficiaryColumn =
  | (typeof BENEFICIARY_COLUMNS.required)[number]
  | (typeof BENEFICIARY_COLUMNS.optional)[number];

/** A row as the file states it; empty text where the cell or the column is. */
export type BeneficiaryRow = Readonly<Record<BeneficiaryColumn, string>>;

export interface Beneficiary {
  beneficiary_ref: string;
  name: string;
  destination_kind: DestinationKind;
  account_number: string | null;
  ifsc: string | null;
  vpa: string | null;
  bank_name: string | null;
  account_type: 'savings' | 'current' | null;
  email: string | null;
  phone: string | null;
}

/** Columns whose values are shown masked only, also in errors. */
export const PRIVATE_COLUMNS: ReadonlySet<string> = new Set(['account_number', 'vpa', 'email', 'phone']);

const NAME_LIMIT = 120;
// As wide as Indian banks and the larger payout providers allow.
const ACCOUNT_NUMBER = /^[A-Za-z0-9]{5,35}$/;
// Four letters of the bank, a zero, six of the branch: real branch codes hold letters too (YESB00VSBN0).
const IFSC = /^[A-Z]{4}0[A-Z0-9]{6}$/;
/** Meant as one; no account number starts so. */
const NEARLY_IFSC = /^[A-Za-z]{4}[0Oo][A-Za-z0-9]{3,9}$/;
const VPA = /^[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,64}$/;
const EMAIL = /^[^\s@,;<>"]{1,64}@[^\s@,;<>"]+\.[^\s@,;<>".]{2,}$/;
const EMAIL_LIMIT = 254;
const PHONE = /^\+?[0-9][0-9 ()-]{5,19}$/;
/** `1.23457E+15`, `1,23457E+15`, `123456789012.0`: a number that was an account number before it met a spreadsheet. */
const MADE_A_NUMBER = /^\d([.,]\d+)?[eE]\+?\d{1,3}$|^\d+\.0+$/;

export type CheckedBeneficiary = { ok: true; beneficiary: Beneficiary } | { ok: false; errors: RowError[] };

/** Every mistake of one row, or the beneficiary that it describes. */
export function checkBeneficiary(row: BeneficiaryRow, line: number): CheckedBeneficiary {
  const errors: RowError[] = [];
  const check = (column: BeneficiaryColumn, problem: Problem | null) => {
    if (problem)
      errors.push({ line, column, code: problem.code, message: problem.message, value: row[column] });
  };
  check('beneficiary_ref', refProblem(row.beneficiary_ref));
  check(
    'name',
    row.name.trim() === '' ? { code: 'value_missing', message: 'The name is empty.' } : textProblem(row.name),
  );
  if (row.bank_name !== '') check('bank_name', textProblem(row.bank_name));
  if (row.email !== '') check('email', emailProblem(row.email));
  if (row.phone !== '' && !PHONE.test(row.phone)) {
    check('phone', {
      code: 'phone_invalid',
      message: 'This is no phone number; write digits, such as +919800000000.',
    });
  }
  const accountType = readAccountType(row.account_type);
  if (accountType === undefined) {
    check('account_type', {
      code: 'account_type_unknown',
      message: 'The account type is savings or current, in lower case.',
    });
  }
  const kind = destinationOf(row);
  if (kind === undefined) {
    check(row.vpa === '' ? 'account_number' : 'vpa', destinationProblem(row));
  } else if (kind === 'vpa') {
    check(
      'vpa',
      VPA.test(row.vpa)
        ? null
        : { code: 'vpa_invalid', message: 'This is no UPI address; it has the form name@bank.' },
    );
  } else {
    check('account_number', accountProblem(row.account_number));
    check('ifsc', ifscProblem(row.ifsc));
  }
  if (errors.length > 0 || kind === undefined || accountType === undefined) return { ok: false, errors };
  return { ok: true, beneficiary: describe(row, kind, accountType) };
}

interface Problem {
  code: string;
  message: string;
}

function describe(
  row: BeneficiaryRow,
  kind: DestinationKind,
  accountType: Beneficiary['account_type'],
): Beneficiary {
  const stated = (column: BeneficiaryColumn) => (row[column] === '' ? null : row[column]);
  return {
    beneficiary_ref: row.beneficiary_ref,
    name: row.name,
    destination_kind: kind,
    account_number: stated('account_number'),
    ifsc: stated('ifsc'),
    vpa: stated('vpa'),
    bank_name: stated('bank_name'),
    account_type: accountType,
    email: stated('email'),
    phone: stated('phone'),
  };
}

function refProblem(ref: string): Problem | null {
  if (ref === '') return { code: 'reference_invalid', message: 'The beneficiary_ref is empty.' };
  if (REFERENCE_PATTERN.test(ref)) return null;
  return {
    code: 'reference_invalid',
    message: `"${ref.slice(0, 60)}" is no beneficiary_ref; write 1 to 40 letters, digits, "_", "." or "-", starting with a letter or digit.`,
  };
}

/** A name or a bank's name: any script, one line, nothing that a spreadsheet would run. */
function textProblem(value: string): Problem | null {
  if (value.length > NAME_LIMIT) {
    return {
      code: 'text_too_long',
      message: `The text has ${value.length} characters; at most ${NAME_LIMIT} are taken.`,
    };
  }
  const forbidden = forbiddenCharacter(value);
  if (forbidden !== null)
    return {
      code: 'text_forbidden',
      message: `The text holds the character ${forbidden}, which cannot be seen; delete it.`,
    };
  if (hasLineBreak(value))
    return { code: 'text_forbidden', message: 'The text goes over several lines; write it on one.' };
  if (startsLikeFormula(value)) {
    return {
      code: 'text_forbidden',
      message: `The text starts with "${value.slice(0, 1)}", which spreadsheets take for a formula; delete it.`,
    };
  }
  return null;
}

function destinationOf(row: BeneficiaryRow): DestinationKind | undefined {
  const bank = row.account_number !== '' || row.ifsc !== '';
  if (bank === (row.vpa !== '')) return undefined;
  return bank ? 'bank_account' : 'vpa';
}

function destinationProblem(row: BeneficiaryRow): Problem {
  if (row.vpa === '')
    return {
      code: 'destination_missing',
      message: 'The row names no account; write account_number and ifsc, or vpa.',
    };
  return {
    code: 'destination_ambiguous',
    message: 'The row names a bank account and a VPA; keep the one that is to be paid.',
  };
}

function accountProblem(account: string): Problem | null {
  if (account === '')
    return { code: 'account_number_invalid', message: 'The account_number is empty beside an ifsc.' };
  if (MADE_A_NUMBER.test(account)) {
    return {
      code: 'account_number_damaged',
      message:
        'A spreadsheet has turned this account number into a number and lost its digits; take it from the source again, with the column formatted as text.',
    };
  }
  if (ACCOUNT_NUMBER.test(account)) return null;
  const plain = account.replace(/[\s-]/g, '');
  const message =
    plain !== account && ACCOUNT_NUMBER.test(plain)
      ? 'The account number has spaces or hyphens in it; write its digits and letters only.'
      : 'This is no account number; write its 5 to 35 digits and letters only.';
  return { code: 'account_number_invalid', message: message };
}

function ifscProblem(ifsc: string): Problem | null {
  if (IFSC.test(ifsc)) return null;
  if (ifsc === '') return { code: 'ifsc_invalid', message: 'The ifsc is empty beside an account_number.' };
  const better = ifsc.trim().toUpperCase();
  if (IFSC.test(better))
    return { code: 'ifsc_invalid', message: `"${ifsc}" is written otherwise; write ${better}.` };
  if (NEARLY_IFSC.test(ifsc)) {
    const why =
      ifsc.length === 11
        ? 'has a letter O where the fifth character is a zero'
        : `has ${ifsc.length} characters`;
    return {
      code: 'ifsc_invalid',
      message: `"${ifsc}" ${why}; an IFSC has eleven, such as HDFC0000001.`,
    };
  }
  // Another value is not repeated: where columns have slipped, it is an account number.
  return {
    code: 'ifsc_invalid',
    message:
      'This is no IFSC; it has four capitals, a zero, and six capitals or digits, such as HDFC0000001.',
  };
}

function emailProblem(email: string): Problem | null {
  if (email.length <= EMAIL_LIMIT && EMAIL.test(email)) return null;
  return { code: 'email_invalid', message: 'This is no e-mail address; it has the form name@example.com.' };
}

function readAccountType(text: string): 'savings' | 'current' | null | undefined {
  if (text === '') return null;
  return text === 'savings' || text === 'current' ? text : undefined;
}

const HONORIFICS = new Set(['mr', 'mrs', 'ms', 'miss', 'dr', 'shri', 'smt']);
/** Banks and customers shorten these as they like. */
const WORDS: Readonly<Record<string, string>> = { pvt: 'private', ltd: 'limited', co: 'company', '&': 'and' };

/**
 * Whether the bank's name for an account is the one we know: case, spacing, dots, accents, honorifics and the order
 * of words do not count. Initials for names do: "R Sharma" may be anybody.
 */
export function namesAgree(ours: string, registered: string): boolean {
  const spellings = spellingsOf(ours);
  return spellingsOf(registered).some((each) => spellings.includes(each));
}

/** With and without the honorific, words sorted and run together; two names agree where any spelling is the same. */
function spellingsOf(name: string): string[] {
  const words = wordsOf(name);
  const [first, ...rest] = words;
  const bare = first !== undefined && HONORIFICS.has(first) && rest.length > 0 ? rest : words;
  const spellings = [words, bare].flatMap((each) => [[...each].sort().join(' '), each.join('')]);
  return spellings.filter((each) => each !== '');
}

function wordsOf(name: string): string[] {
  return name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/^\s*m\s*\/\s*s\b\.?/, ' ')
    .replace(/['’`]/g, '')
    .replace(/&/g, ' & ')
    .split(/[\s.,/()-]+/)
    .filter((word) => word !== '')
    .map((word) => WORDS[word] ?? word);
}
