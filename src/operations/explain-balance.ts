/**
 * The provider's balance beside the ledger's, and whether payouts under way can explain the difference. The ledger
 * takes an amount off when its attempt is stored, the provider when it accepts; fees are known to the ledger only
 * once they are stated. So the provider may still have what is in transit, and may already have taken the fees of it.
 */
import { accountsOfProvider } from '../domain/ledger/account.ts';
import { formatAmount } from '../domain/money/money.ts';
import { estimateFees } from '../domain/payout/fee-estimate.ts';
import { isRail, type Rail, type RailRules } from '../domain/payout/rail.ts';
import type { Reader } from '../store/database.ts';
import { balanceOf } from '../store/ledger-queries.ts';
import {
  handEntriesOn,
  type InFlightPayout,
  payoutsInFlight,
  payoutsWithoutFee,
} from '../store/provider-standing.ts';

// As many as one looks through; `payrun payout list --state pending,unknown` has them all.
const IN_FLIGHT_LISTED = 20;

export interface BalanceQuestion {
  provider: string;
  rails: RailRules;
  fees: 'deducted' | 'invoiced';
  available_minor: bigint;
  currency: string;
}

export interface ExplainedBalance {
  ledger_available_minor: bigint;
  /** Provider's less ledger's. */
  difference_minor: bigint;
  in_transit_minor: bigint;
  explained: boolean;
  /** How many payouts are in transit, and those that have been for longest. */
  in_flight_count: bigint;
  in_flight: InFlightPayout[];
  /** In words, what explains the difference or what may be missing. */
  note: string | null;
}

export async function explainBalance(reader: Reader, question: BalanceQuestion): Promise<ExplainedBalance> {
  const { provider, currency } = question;
  const accounts = accountsOfProvider(provider);
  const ledgerAvailable = await balanceOf(reader, accounts.available, currency);
  const inTransit = await balanceOf(reader, accounts.in_transit, currency);
  const flying = await payoutsInFlight(reader, provider, currency, IN_FLIGHT_LISTED);
  const difference = question.available_minor - ledgerAvailable;
  const charged = question.fees === 'deducted' ? await unstatedFees(reader, question) : 0n;
  const explained = difference >= -charged && difference <= (inTransit > 0n ? inTransit : 0n);
  return {
    ledger_available_minor: ledgerAvailable,
    difference_minor: difference,
    in_transit_minor: inTransit,
    explained,
    in_flight_count: flying.count,
    in_flight: flying.payouts,
    note:
      difference === 0n
        ? null
        : explained
          ? explanation(difference, inTransit, flying, currency)
          : await suspicion(reader, accounts.available, difference, currency),
  };
}

/** Fees and tax that the provider may have taken already and has not stated yet, by the configured rates. */
async function unstatedFees(reader: Reader, { provider, rails }: BalanceQuestion): Promise<bigint> {
  const counts = new Map<Rail, number>();
  for (const { rail, count } of await payoutsWithoutFee(reader, provider)) {
    if (isRail(rail) && rails[rail].fee_minor !== null) counts.set(rail, Number(count));
  }
  const { fee_minor, tax_minor } = estimateFees(counts, rails);
  return (fee_minor ?? 0n) + (tax_minor ?? 0n);
}

function explanation(
  difference: bigint,
  inTransit: bigint,
  flying: { count: bigint; payouts: InFlightPayout[] },
  currency: string,
): string {
  const alone = flying.payouts.find((payout) => payout.amount_minor === difference);
  if (difference === inTransit && flying.count > 0n)
    return `It is exactly what is in transit: the provider has deducted none of ${flying.count === 1n ? 'it' : `these ${flying.count} payouts`} yet. Ask with \`payrun payout sync\`.`;
  if (alone !== undefined)
    return `It is exactly the amount of ${alone.reference_id}, which the provider has not deducted yet. Ask with \`payrun payout sync\`.`;
  return difference > 0n
    ? `Payouts in transit (${formatAmount(inTransit, currency)} ${currency}) can explain it: the provider may not have deducted them yet. Ask with \`payrun payout sync\`.`
    : 'Fees and tax of payouts that the provider has not stated yet can explain it. Ask with `payrun payout sync`.';
}

async function suspicion(
  reader: Reader,
  account: string,
  difference: bigint,
  currency: string,
): Promise<string> {
  if (!(await handEntriesOn(reader, account))) {
    return `The ledger starts at zero and no opening balance was recorded on ${account}: record it with \`payrun ledger record\`, against equity:opening-balances.`;
  }
  return difference < 0n
    ? `The provider has ${formatAmount(-difference, currency)} ${currency} less than the books: look for fees, transfers or payouts that the ledger does not know, with \`payrun reconcile\`.`
    : `The provider has ${formatAmount(difference, currency)} ${currency} more than the books and all that is in transit: look for a deposit that was not recorded, or a return, with \`payrun payout sync\`.`;
}
