/**
 * Money is an integer of minor units and a currency. Decimal text exists only at the edges: files, wire, output.
 */
import { Bug } from '../errors.ts';
import { decimalsOf } from './currency.ts';

export interface Money {
  minor: bigint;
  currency: string;
}

/** `-123450n, 'INR'` → `-1234.50`; always with all of the currency's decimals, so that columns line up and diffs are quiet. */
export function formatAmount(minor: bigint, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === undefined) throw new Bug(`No decimals known for currency ${currency}.`);
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** For people: `₹`-free, grouped the Indian way for INR (`12,34,567.00`) and by thousands elsewhere. Never parsed back. */
export function formatGrouped(minor: bigint, currency: string): string {
  return groupDigits(formatAmount(minor, currency), currency);
}

/** The same of an amount that is text already. */
export function groupDigits(plain: string, currency: string): string {
  const [whole = '', fraction] = plain.replace('-', '').split('.');
  const head =
    currency === 'INR' ? whole.replace(/\B(?=(\d{2})*\d{3}$)/g, ',') : whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${plain.startsWith('-') ? '-' : ''}${head}${fraction === undefined ? '' : `.${fraction}`}`;
}

export function sumMinor(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
