/**
 * Amounts as reports write them: with a decimal comma, with groups of digits, in minor units, with a sign or with a word
 * of direction. Each of these is read only where the profile declares it; whatever else stands there is an error.
 */
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import type { Profile } from './profile.ts';
import { excerpt } from './read-csv.ts';

export type ReadAmount = ReturnType<typeof parseAmountOrZero>;

/** Without a sign and without words. */
export function readAmount(written: string, currency: string, profile: Profile): ReadAmount {
  const value = ungrouped(withoutMarks(written, profile), profile);
  if (value === null)
    return refused(`"${excerpt(written)}" has its digits grouped in a way that amounts are not.`);
  if (profile.units === 'minor') {
    if (/^\d{1,18}$/.test(value)) return { ok: true, minor: BigInt(value) };
    return refused(`"${excerpt(written)}" is no whole number of minor units.`);
  }
  if (profile.decimal_mark === '.') return parseAmountOrZero(value, currency);
  if (value.includes('.'))
    return refused(`"${excerpt(written)}" has a point where the profile declares a comma.`);
  return parseAmountOrZero(value.replace(',', '.'), currency);
}

/** With a minus, as the profile writes it. */
export function readSigned(written: string, currency: string, profile: Profile): ReadAmount {
  const positive = withoutMinus(written, profile.negative);
  if (positive === null) return readAmount(written, currency, profile);
  const read = readAmount(positive, currency, profile);
  return read.ok ? { ...read, minor: -read.minor } : read;
}

/** `1,000.00 Cr`, `Dr 1,000.00`: the amount with the way that the word beside it says, null where there is none. */
export function readWorded(
  written: string,
  currency: string,
  profile: Profile,
): { amount: ReadAmount; way: 'debit' | 'credit' | null } {
  const upper = written.toUpperCase();
  for (const [word, way] of profile.directionOf) {
    const rest = upper.endsWith(word)
      ? written.slice(0, -word.length)
      : upper.startsWith(word)
        ? written.slice(word.length)
        : null;
    if (rest !== null) return { amount: readAmount(rest.trim(), currency, profile), way };
  }
  return { amount: readSigned(written, currency, profile), way: null };
}

function refused(message: string): ReadAmount {
  return { ok: false, code: 'amount_invalid', message };
}

function withoutMinus(value: string, negative: Profile['negative']): string | null {
  switch (negative) {
    case 'leading':
      return value.startsWith('-') ? value.slice(1) : null;
    case 'trailing':
      return value.endsWith('-') ? value.slice(0, -1) : null;
    case 'parentheses':
      return value.startsWith('(') && value.endsWith(')') ? value.slice(1, -1) : null;
  }
}

function withoutMarks(value: string, { currency_marks: marks }: Profile): string {
  for (const mark of marks) {
    if (value.startsWith(mark)) return value.slice(mark.length).trimStart();
    if (value.endsWith(mark)) return value.slice(0, -mark.length).trimEnd();
  }
  return value;
}

// Groups of three, or of two before the last three; a mixture of both in one number is neither.
const WESTERN = /^\d{1,3}(?:G\d{3})+$/;
const INDIAN = /^\d{1,2}(?:G\d{2})*G\d{3}$/;

/** Without the marks between groups of digits; null where they do not stand as they are written in amounts. */
function ungrouped(value: string, profile: Profile): string | null {
  const { grouping, groups, decimal_mark: decimalMark } = profile;
  if (grouping === undefined || !value.includes(grouping)) return value;
  const [whole = '', ...rest] = value.split(decimalMark);
  if (rest.some((part) => part.includes(grouping))) return null;
  const digits = whole.replaceAll(grouping, 'G');
  const western = groups !== 'indian' && WESTERN.test(digits);
  if (!western && !(groups !== 'western' && INDIAN.test(digits))) return null;
  return [digits.replaceAll('G', ''), ...rest].join(decimalMark);
}
