/**
 * What a payout has cost, as statement and ledger say it. A statement has it in columns, or on rows of their own, which
 * are then what moved; a ledger has it from the provider, or the provider's rates say what it has to be. Charges are
 * computed and named as such: an amount that is larger by exactly what the rates say is explained, and no tolerance.
 */
import { formatAmount } from '../money/money.ts';
import { parseAmountOrZero } from '../money/parse-amount.ts';
import { type Charges, chargesByRate } from '../payout/fee-estimate.ts';
import type { RailRules } from '../payout/rail.ts';
import type { Explained, FoundBreak, Terms } from './break.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { StatementLine } from './statement-line.ts';

// Rates are configured in rupees, as the rails are India's.
const RATE_CURRENCY = 'INR';

interface Part {
  name: 'fee' | 'tax';
  ours: bigint;
  theirs: bigint;
  by_rate: boolean;
  line: StatementLine;
}

/** `stated` are the lines of the attempt, the last word first; `rows` those of its fee and tax alone. */
export function chargeDifference(
  attempt: LedgerAttempt,
  stated: readonly StatementLine[],
  rows: readonly StatementLine[],
  rates: RailRules | null,
): FoundBreak[] {
  // What failed or came back may have cost nothing; only the provider can tell.
  const byRate = attempt.paid && !attempt.returned ? ratesFor(attempt, rates) : null;
  const parts: Part[] = [];
  for (const name of ['fee', 'tax'] as const) {
    const key = `${name}_minor` as const;
    const theirs = statedCharge(name, stated, rows, attempt.currency);
    const ours = attempt[key] ?? byRate?.[key] ?? null;
    if (theirs !== null && ours !== null && theirs.minor !== ours)
      parts.push({ name, ours, theirs: theirs.minor, by_rate: attempt[key] === null, line: theirs.line });
  }
  const [first] = parts;
  if (!first) return [];
  const { currency } = attempt;
  const byRateAlone = parts.every((part) => part.by_rate) ? BY_RATE : '';
  return [
    {
      kind: 'fee_differs',
      subject: `payout:${attempt.payout_id}.${attempt.attempt_no}`,
      attempt,
      line: first.line,
      ledger: `${chargesText(parts, 'ours', currency)}${byRateAlone}`,
      statement: chargesText(parts, 'theirs', currency),
      difference_minor: parts.reduce((sum, part) => sum + part.theirs - part.ours, 0n),
      currency,
      effects: [],
    },
  ];
}

const BY_RATE = ' by the rate';

/** A bare amount where only the fee differs, which is nearly always; named parts otherwise. */
function chargesText(parts: readonly Part[], side: 'ours' | 'theirs', currency: string): string {
  const [first] = parts;
  return first && parts.length === 1 && first.name === 'fee'
    ? formatAmount(first[side], currency)
    : parts.map((part) => `${part.name} ${formatAmount(part[side], currency)}`).join(', ');
}

/** The amounts in a side of a fee_differs, as it was written above; what is not named is zero. Null where it is none. */
export function chargesIn(text: string, currency: string): { fee_minor: bigint; tax_minor: bigint } | null {
  const charges = { fee_minor: 0n, tax_minor: 0n };
  for (const part of text.replace(BY_RATE, '').split(', ')) {
    const [, name = 'fee', sign, written = ''] = /^(?:(fee|tax) )?(-?)([\d.]+)$/.exec(part) ?? [];
    const amount = parseAmountOrZero(written, currency);
    if (!amount.ok) return null;
    charges[name === 'tax' ? 'tax_minor' : 'fee_minor'] = sign === '-' ? -amount.minor : amount.minor;
  }
  return charges;
}

/** What a charge is on the statement: of rows of their own the sum, give-backs included; else the last word in a column. */
function statedCharge(
  name: 'fee' | 'tax',
  stated: readonly StatementLine[],
  rows: readonly StatementLine[],
  currency: string,
): { minor: bigint; line: StatementLine } | null {
  const own = rows.filter((row) => row.kind === name && row.currency === currency);
  const [row] = own;
  if (row) return { minor: own.reduce((sum, each) => sum + each.amount_minor, 0n), line: row };
  const key = `${name}_minor` as const;
  // A fee that is given back is stated by the reversal, not by the success.
  const line = stated.find((each) => each[key] !== null && each.currency === currency);
  const minor = line?.[key] ?? null;
  return line && minor !== null ? { minor, line } : null;
}

/** Why a line may state another amount than its attempt: the line has the charges in it, or the terms tolerate it. */
export function explanationOf(
  attempt: LedgerAttempt,
  line: StatementLine,
  chargedApart: boolean,
  terms: Terms,
): Explained['by'] | null {
  const difference = line.amount_minor - attempt.amount_minor;
  if (line.currency !== attempt.currency || difference === 0n) return null;
  // What stands on rows of its own is not in the line's amount either.
  if (chargedApart) return isTolerated(difference, line.currency, terms) ? 'tolerance' : null;
  return explanationOfMany([attempt], line, difference, terms);
}

/** The same for one line about many payouts of its currency; `difference` is statement less ledger. */
export function explanationOfMany(
  attempts: readonly LedgerAttempt[],
  line: StatementLine,
  difference: bigint,
  terms: Terms,
): Explained['by'] | null {
  // What the line states beside its amount is not in its amount.
  if (line.fee_minor === null && line.tax_minor === null) {
    const charges = attempts.map((attempt) => totalCharges(attempt, terms.rates));
    const sum = charges.reduce<bigint | null>(
      (all, each) => (all === null || each === null ? null : all + each),
      0n,
    );
    if (sum !== null && sum > 0n && difference === sum) return 'charges';
  }
  return isTolerated(difference, line.currency, terms) ? 'tolerance' : null;
}

/** Fee and tax as the ledger has them, else as the rates say; null where there is no rate to compute with. */
function totalCharges(attempt: LedgerAttempt, rates: RailRules | null): bigint | null {
  const byRate = ratesFor(attempt, rates);
  if (byRate === null) return null;
  return (attempt.fee_minor ?? byRate.fee_minor) + (attempt.tax_minor ?? byRate.tax_minor ?? 0n);
}

function ratesFor(attempt: LedgerAttempt, rates: RailRules | null): Charges | null {
  if (rates === null || attempt.rail === null || attempt.currency !== RATE_CURRENCY) return null;
  return chargesByRate(rates[attempt.rail]);
}

function isTolerated(difference: bigint, currency: string, { tolerance }: Terms): boolean {
  const most = tolerance.get(currency) ?? 0n;
  return difference !== 0n && difference <= most && difference >= -most;
}
