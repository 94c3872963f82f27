/**
 * One row of a payout file, read strictly: every value is taken as it stands or refused with what to write. Nothing
 * is trimmed, rounded or guessed, and everything that is wrong with a row is said at once.
 */
import type { RowError } from '../errors.ts';
import { accountNameProblem } from '../ledger/account.ts';
import { readTags } from '../ledger/tags.ts';
import { formatAmount } from '../money/money.ts';
import { parseAmount } from '../money/parse-amount.ts';
import { hasLineBreak } from '../plain-text.ts';
import { maskCell } from '../private-text.ts';
import { isReference, referenceOfRow } from './payout.ts';
import {
  type DestinationKind,
  defaultRail,
  isRail,
  RAILS,
  type Rail,
  type RailRules,
  railReaches,
  withinLimits,
} from './rail.ts';

export const PAYOUT_COLUMNS = {
  required: ['beneficiary_ref', 'amount'],
  optional: ['reference_id', 'currency', 'rail', 'narration', 'account', 'purpose', 'tags'],
} as const;

export const DEFAULT_CURRENCY = 'INR';
/** Every rail that payrun knows is an Indian one, and no provider's request names a currency: 100 USD would go out as ₹100. */
export const RAIL_CURRENCY = 'INR';

// As long as the wire contract lets a narration be; it is sent unchanged, so that nothing may be cut.
export const TEXT_MAX = 100;

/** A row's values by column; empty where the file has no such column or nothing in it. */
export interface PayoutCells {
  beneficiary_ref: string;
  amount: string;
  reference_id: string;
  currency: string;
  rail: string;
  narration: string;
  account: string;
  purpose: string;
  tags: string;
}

export interface KnownBeneficiary {
  id: bigint;
  beneficiary_ref: string;
  destination_kind: DestinationKind;
  fingerprint: string;
}

export interface PayoutRow {
  row_no: number;
  line: number;
  reference_id: string;
  beneficiary: KnownBeneficiary;
  amount_minor: bigint;
  currency: string;
  rail: Rail;
  narration: string | null;
  purpose: string | null;
  account: string;
  /** The canonical text of domain/ledger/tags.ts. */
  tags: string | null;
}

export interface RowRules {
  batch: string;
  rails: RailRules;
  /** The booking account of a row that names none. */
  account: string;
  /** The batch's one currency: that of its first row. */
  currency: string;
  /** By reference in lower case. */
  beneficiaries: ReadonlyMap<string, KnownBeneficiary>;
}

export type Problem = Omit<RowError, 'line'>;

/** The row, or null where `problems` says what is wrong with it. */
export function readPayoutRow(
  cells: PayoutCells,
  place: { row_no: number; line: number },
  rules: RowRules,
  problems: Problem[],
): PayoutRow | null {
  const before = problems.length;
  const beneficiary = findBeneficiary(cells.beneficiary_ref, rules, problems);
  const currency = cells.currency === '' ? DEFAULT_CURRENCY : cells.currency;
  const parsed = parseAmount(cells.amount, currency);
  if (!parsed.ok) {
    const column = parsed.code === 'currency_unknown' ? 'currency' : 'amount';
    problems.push(problem(column, parsed.code, parsed.message, cells[column]));
  } else if (currency !== rules.currency) {
    problems.push(mixedCurrency(currency, rules.currency));
  } else if (currency !== RAIL_CURRENCY) {
    const message = `"${currency}" cannot be paid: the rails ${RAILS.join(', ')} carry ${RAIL_CURRENCY} only.`;
    problems.push(problem('currency', 'rail_unfit', message, currency));
  }
  const referenceId =
    cells.reference_id === '' ? referenceOfRow(rules.batch, place.row_no) : cells.reference_id;
  if (cells.reference_id !== '' && !isReference(cells.reference_id))
    problems.push(badReference(cells.reference_id));
  checkText('narration', cells.narration, problems);
  checkText('purpose', cells.purpose, problems);
  if (cells.account !== '') checkAccount(cells.account, problems);
  const tags = readTags(cells.tags);
  if ('problem' in tags) problems.push(problem('tags', 'tag_invalid', tags.problem, cells.tags));
  const rail = chooseRail(cells.rail, beneficiary, parsed.ok ? parsed.minor : null, rules, problems);
  if (problems.length > before || !beneficiary || !parsed.ok || rail === null || 'problem' in tags)
    return null;
  return {
    row_no: place.row_no,
    line: place.line,
    reference_id: referenceId,
    beneficiary,
    amount_minor: parsed.minor,
    currency,
    rail,
    narration: cells.narration === '' ? null : cells.narration,
    purpose: cells.purpose === '' ? null : cells.purpose,
    account: cells.account === '' ? rules.account : cells.account,
    tags: tags.tags,
  };
}

/** Why a booking account cannot be used, or null. What payrun keeps itself is nobody's to book on. */
export function bookingAccountProblem(account: string): string | null {
  const misspelled = accountNameProblem(account);
  if (misspelled !== null) return misspelled;
  if (account.startsWith('assets:providers:')) {
    return `"${account}" is kept by payrun itself; name the account that the payout is for, such as expenses:payouts.`;
  }
  return null;
}

/** Where columns have slipped, any cell may hold an account number or an address: messages and logs get it masked. */
export function problem(column: string, code: string, message: string, value: string): Problem {
  const masked = maskCell(value);
  if (masked === value) return { column, code, message, value: short(value) };
  const shown = message.replaceAll(value, masked).replaceAll(short(value), short(masked));
  return { column, code, message: shown, value: short(masked) };
}

function short(value: string): string {
  return value.length <= 60 ? value : `${value.slice(0, 57)}…`;
}

function findBeneficiary(ref: string, rules: RowRules, problems: Problem[]): KnownBeneficiary | undefined {
  const found = rules.beneficiaries.get(ref) ?? rules.beneficiaries.get(ref.toLowerCase());
  if (found?.beneficiary_ref === ref) return found;
  const message =
    ref === ''
      ? 'The beneficiary is empty; write its beneficiary_ref.'
      : found
        ? `There is no beneficiary "${short(ref)}"; did you mean "${found.beneficiary_ref}"?`
        : `There is no beneficiary "${short(ref)}"; import it with \`payrun beneficiary import\` first.`;
  problems.push(problem('beneficiary_ref', 'beneficiary_unknown', message, ref));
  return undefined;
}

function mixedCurrency(currency: string, expected: string): Problem {
  const message = `The row is in ${currency}, the batch in ${expected}; a batch has one currency.`;
  return problem('currency', 'currency_mixed', message, currency);
}

function badReference(reference: string): Problem {
  const message = /\.r\d+$/i.test(reference)
    ? `"${short(reference)}" ends like the reference of a later attempt (.r2, .r3 …); choose another ending.`
    : `"${short(reference)}" is no reference; write 1 to 40 letters, digits, _ . or -, the first a letter or a digit.`;
  return problem('reference_id', 'reference_invalid', message, reference);
}

function checkText(column: 'narration' | 'purpose', value: string, problems: Problem[]): void {
  // A character outside the first plane counts as one, as it does in the wire contract.
  if (value.length > TEXT_MAX && [...value].length > TEXT_MAX) {
    const message = `The ${column} has ${[...value].length} characters; at most ${TEXT_MAX} can be sent.`;
    problems.push(problem(column, 'text_too_long', message, value));
  }
  if (hasLineBreak(value)) {
    problems.push(
      problem(column, 'text_forbidden', `The ${column} has a line break in it; write it on one line.`, value),
    );
  }
}

function checkAccount(account: string, problems: Problem[]): void {
  const message = bookingAccountProblem(account);
  if (message !== null) problems.push(problem('account', 'account_invalid', message, account));
}

function chooseRail(
  stated: string,
  beneficiary: KnownBeneficiary | undefined,
  amountMinor: bigint | null,
  rules: RowRules,
  problems: Problem[],
): Rail | null {
  if (stated !== '' && !isRail(stated)) {
    const upper = stated.trim().toUpperCase();
    const write = isRail(upper) ? `write ${upper}` : `write one of ${RAILS.join(', ')}`;
    problems.push(problem('rail', 'rail_unknown', `There is no rail "${short(stated)}"; ${write}.`, stated));
    return null;
  }
  if (!beneficiary || amountMinor === null) return null;
  if (stated === '') {
    const rail = defaultRail(amountMinor, beneficiary.destination_kind, rules.rails);
    if (rail === null)
      problems.push(
        problem(
          'amount',
          'rail_limit',
          noRail(amountMinor, beneficiary, rules),
          formatAmount(amountMinor, RAIL_CURRENCY),
        ),
      );
    return rail;
  }
  if (!isRail(stated)) return null;
  const unfit = railProblem(stated, beneficiary.destination_kind, amountMinor, rules.rails);
  if (unfit) problems.push(problem('rail', unfit.code, unfit.message, stated));
  return stated;
}

function noRail(
  amountMinor: bigint,
  { destination_kind, beneficiary_ref }: KnownBeneficiary,
  { rails }: RowRules,
): string {
  const amount = formatAmount(amountMinor, RAIL_CURRENCY);
  if (destination_kind === 'vpa') {
    return `UPI is the only rail to the VPA of ${beneficiary_ref}, and it does not take ${amount} (${limitsOf('UPI', rails)}).`;
  }
  return `No rail that is chosen by itself takes ${amount}: IMPS ${limitsOf('IMPS', rails)}, RTGS ${limitsOf('RTGS', rails)}; name one in a column "rail".`;
}

/** Whether a rail can carry this, under the limits as they are now; null where it can. */
export function railProblem(
  rail: Rail,
  destination: DestinationKind,
  amountMinor: bigint,
  rails: RailRules,
): { code: 'rail_unfit' | 'rail_limit'; message: string } | null {
  if (!railReaches(rail, destination)) {
    const reached =
      destination === 'vpa'
        ? 'A VPA is reached by UPI only'
        : 'A bank account is reached by IMPS, NEFT or RTGS';
    return { code: 'rail_unfit', message: `${reached}, not by ${rail}.` };
  }
  if (withinLimits(amountMinor, rails[rail])) return null;
  return {
    code: 'rail_limit',
    message: `${rail} does not take ${formatAmount(amountMinor, RAIL_CURRENCY)} (${limitsOf(rail, rails)}).`,
  };
}

function limitsOf(rail: Rail, rails: RailRules): string {
  const { min_minor, max_minor } = rails[rail];
  const limits = [
    ...(min_minor === null ? [] : [`from ${formatAmount(min_minor, RAIL_CURRENCY)}`]),
    ...(max_minor === null ? [] : [`up to ${formatAmount(max_minor, RAIL_CURRENCY)}`]),
  ];
  return limits.length === 0 ? 'without limits' : limits.join(' ');
}
