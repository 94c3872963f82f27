/**
 * Amounts as reports write them: with a decimal comma, with groups of digits, in minor units, with a sign. Each of these
 * is read only where the profile declares it; whatever else stands there is an error.
 */
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import type { Field, Profile } from './profile.ts';
import { excerpt } from './read-csv.ts';

/** A sign stands only in the column of amounts, and only where the profile says what it means. */
export function readAmount(
  field: Field,
  value: string,
  currency: string,
  profile: Profile,
): ReturnType<typeof parseAmountOrZero> {
  const negative = field === 'amount' && profile.sign !== 'unsigned' && value.startsWith('-');
  const read = amountOf(negative ? value.slice(1) : value, currency, profile);
  return negative && read.ok ? { ...read, minor: -read.minor } : read;
}

function amountOf(written: string, currency: string, profile: Profile): ReturnType<typeof parseAmountOrZero> {
  const value = ungrouped(written, profile.grouping, profile.decimal_mark);
  if (value === null) {
    const message = `"${excerpt(written)}" has its digits grouped in a way that amounts are not.`;
    return { ok: false, code: 'amount_invalid', message };
  }
  if (profile.units === 'minor') {
    if (/^\d{1,18}$/.test(value)) return { ok: true, minor: BigInt(value) };
    const message = `"${excerpt(value)}" is no whole number of minor units.`;
    return { ok: false, code: 'amount_invalid', message };
  }
  if (profile.decimal_mark === '.') return parseAmountOrZero(value, currency);
  return parseAmountOrZero(value.includes('.') ? value : value.replace(',', '.'), currency);
}

const GROUPED = /^(\d{1,3})((?:G\d{2,3})*)(G\d{3})?$/;

/** Without the marks between groups of digits; null where they do not stand as they are written in amounts. */
function ungrouped(value: string, grouping: string | undefined, decimalMark: string): string | null {
  if (grouping === undefined || !value.includes(grouping)) return value;
  const [whole = '', ...rest] = value.split(decimalMark);
  const digits = whole.replaceAll(grouping, 'G');
  const groups = GROUPED.exec(digits);
  // Both 12,34,567 and 1,234,567 are written; the last group has three digits in either.
  if (!groups || !/G\d{3}$/.test(digits) || rest.some((part) => part.includes(grouping))) return null;
  return [digits.replaceAll('G', ''), ...rest].join(decimalMark);
}
