/**
 * Text to minor units, strictly. Number() reads '1e5', '0x10' and ''; parseFloat reads 1 from '1,00,000'. Each
 * of these has paid a wrong amount somewhere, so that whatever is not plain digits is refused with what to write.
 */
import { decimalsOf } from './currency.ts';

export type AmountProblem =
  | 'currency_unknown'
  | 'amount_invalid'
  | 'amount_precision'
  | 'amount_not_positive';

export type ParsedAmount = { ok: true; minor: bigint } | { ok: false; code: AmountProblem; message: string };

const PLAIN = /^(\d+)(?:\.(\d+))?$/;
// 2^63 − 1, the largest integer that the ledger's columns hold.
const LARGEST_MINOR = 9223372036854775807n;

function refuse(code: AmountProblem, message: string): ParsedAmount {
  return { ok: false, code, message };
}

/** Minor units of a decimal string such as `1234.5` in `currency`; zero is good, a sign is not. */
export function parseAmountOrZero(text: string, currency: string): ParsedAmount {
  const decimals = decimalsOf(currency);
  if (decimals === undefined)
    return refuse('currency_unknown', `"${currency}" is no ISO 4217 currency; write for example INR.`);
  const parts = PLAIN.exec(text);
  if (!parts) return refuse('amount_invalid', whyNotPlain(text));
  const whole = parts[1] as string;
  const fraction = parts[2] ?? '';
  if (fraction.length > decimals) {
    return refuse(
      'amount_precision',
      `"${text}" has ${fraction.length} decimals; ${currency} has ${decimals}. Write it with at most ${decimals}.`,
    );
  }
  const minor = BigInt(whole + fraction.padEnd(decimals, '0'));
  if (minor > LARGEST_MINOR) return refuse('amount_invalid', `"${text}" is larger than payrun can hold.`);
  return { ok: true, minor };
}

/** Minor units of a payout's amount: as above, and greater than zero. */
export function parseAmount(text: string, currency: string): ParsedAmount {
  const parsed = parseAmountOrZero(text, currency);
  if (parsed.ok && parsed.minor === 0n) {
    return refuse('amount_not_positive', `"${text}" is not greater than zero.`);
  }
  return parsed;
}

function whyNotPlain(text: string): string {
  if (text === '') return 'The amount is empty; write a number such as 1500.00.';
  if (/^-\d/.test(text)) return `"${text}" is negative; a payout is a positive amount.`;
  if (/^\d+(\.\d+)?[eE][+-]?\d+$/.test(text)) {
    return `"${text}" is in scientific notation, as spreadsheets write it; write all its digits, such as 100000.`;
  }
  if (/^[\d,]+(\.\d+)?$/.test(text) && text.includes(',')) {
    return `"${text}" has grouping commas; write ${text.replaceAll(',', '')}.`;
  }
  if (text.trim() !== text)
    return `"${text}" has spaces around it; write ${JSON.stringify(text.trim())} without them.`;
  return `"${text}" is not a plain decimal number; write digits with a point, such as 1500.00.`;
}
