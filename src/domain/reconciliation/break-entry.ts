/**
 * The journal entry that a person has booked with the explanation of a break, by a named rule. Only differences that
 * nothing else books can be: what a payout has become is told by the payout's own decisions, and a second door to the
 * same accounts would book it twice. Amounts are the break's, as the person saw them.
 */
import { Bug } from '../errors.ts';
import { accountsOfProvider, isAccountName } from '../ledger/account.ts';
import type { Posting } from '../ledger/entry.ts';
import { feeEntries, feeReturnedEntries } from '../ledger/payout-entries.ts';
import type { BreakKind } from './break.ts';
import type { BreakRecord } from './carry.ts';
import { chargesIn } from './charges.ts';

export const BOOK_RULES = ['write-off', 'fee', 'return'] as const;
export type BookRule = (typeof BOOK_RULES)[number];

export interface BookTerms {
  rule: BookRule;
  /** Where what is written off goes, and what comes back unexpectedly. */
  write_off_account: string;
  /** Where payouts are booked, of breaks that are about none of ours. */
  payout_account: string;
  fees: 'deducted' | 'invoiced';
  tax: 'recoverable' | 'expense';
}

type Booked = Pick<
  BreakRecord,
  'kind' | 'subject' | 'ledger_value' | 'statement_value' | 'difference_minor' | 'currency'
>;

const FITS: Readonly<Record<BookRule, readonly BreakKind[]>> = {
  'write-off': ['amount_differs', 'missing_in_ledger', 'duplicate_on_statement', 'fee_differs'],
  fee: ['fee_differs', 'amount_differs', 'missing_in_ledger'],
  return: ['missing_in_ledger', 'amount_differs', 'duplicate_on_statement'],
};

/** `bookingAccount` is the payout's, or null. Answers the postings, or why there are none, as the rest of a sentence. */
export function postingsOfBreak(
  found: Booked,
  provider: string,
  bookingAccount: string | null,
  terms: BookTerms,
): { postings: Posting[] } | { problem: string } {
  const { kind, difference_minor, currency } = found;
  if (!FITS[terms.rule].includes(kind))
    return { problem: `is ${kind}, which ${whyUnfit(kind, terms.rule, provider)}` };
  if (difference_minor === null || currency === null || difference_minor === 0n)
    return { problem: 'has no difference of money' };
  if (!hasMoved(found)) return { problem: 'is about a line that moved no money' };
  if (terms.rule === 'fee' && kind === 'fee_differs')
    return { postings: chargePostings(found, provider, terms) };
  if (found.subject.startsWith('balance:'))
    return { problem: 'is about a balance, which an entry by hand puts right (`ledger record`)' };
  const { available, fees } = moneyAccounts(provider);
  if (terms.rule === 'return' && difference_minor > 0n)
    return { problem: 'says that more left and not that anything came back' };
  const other =
    terms.rule === 'fee'
      ? fees
      : terms.rule === 'return'
        ? (bookingAccount ?? terms.payout_account)
        : terms.write_off_account;
  return {
    postings: [
      { account: other, amount_minor: difference_minor, currency },
      { account: available, amount_minor: -difference_minor, currency },
    ],
  };
}

/** Of a provider, or of an account of the books whose own statement it is. */
function moneyAccounts(name: string): { available: string; fees: string } {
  if (!isAccountName(name)) return accountsOfProvider(name);
  return { available: name, fees: `expenses:fees${name.slice(name.indexOf(':'))}` };
}

function whyUnfit(kind: BreakKind, rule: BookRule, provider: string): string {
  switch (kind) {
    case 'missing_on_statement':
      if (isAccountName(provider)) return 'is taken back with `ledger reverse` where it never happened';
      return 'is settled with `payout sync` or `payout resolve`, which book it';
    case 'in_transit_overdue':
    case 'status_differs':
      return 'is settled with `payout sync` or `payout resolve`, which book it';
    case 'currency_differs':
    case 'utr_differs':
    case 'ambiguous':
      return 'no entry settles';
    case 'amount_differs':
    case 'missing_in_ledger':
    case 'duplicate_on_statement':
    case 'fee_differs':
      return `the rule ${rule} does not book`;
  }
}

/** The amounts of a pair differ by money where the line says that the money left; what failed has moved none. */
function hasMoved({ kind, subject }: Booked): boolean {
  return kind !== 'amount_differs' || /^(line|entry|balance):|:success$/.test(subject);
}

/** Fee and tax apart, to the accounts that the provider's statements of them go to. */
function chargePostings(
  { ledger_value, statement_value, currency }: Booked,
  provider: string,
  { fees, tax }: BookTerms,
): Posting[] {
  const [ours, theirs] = [ledger_value, statement_value].map((text) => chargesIn(text ?? '', currency ?? ''));
  if (!ours || !theirs || currency === null)
    throw new Bug(`"${ledger_value}" and "${statement_value}" are no fees.`);
  return (['fee_minor', 'tax_minor'] as const).flatMap((part) => {
    const more = theirs[part] - ours[part];
    const none = { provider, currency, fee_minor: null, tax_minor: null, fees, tax };
    const entries =
      more > 0n ? feeEntries({ ...none, [part]: more }) : feeReturnedEntries({ ...none, [part]: -more });
    return entries.flatMap(({ postings }) => postings);
  });
}
