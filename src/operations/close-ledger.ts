/**
 * Closes a provider's accounts through a day, once two things are proven: the available balance is what the provider
 * states, and what the books have in transit is exactly the payouts that were on their way. A difference closes nothing.
 */
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { accountsOfProvider } from '../domain/ledger/account.ts';
import { formatAmount } from '../domain/money/money.ts';
import { recordAudit } from '../store/audit.ts';
import {
  closedThrough,
  currenciesOf,
  insertClosing,
  payoutsInTransitOn,
  type TransitRow,
} from '../store/closings.ts';
import type { Database, Reader, Transaction } from '../store/database.ts';
import { balanceOf } from '../store/ledger-queries.ts';

export interface CloseRequest {
  database: Database;
  actor: Actor;
  /** RFC 3339 UTC. */
  at: string;
  provider: string;
  currency: string;
  /** The last day that counts, `YYYY-MM-DD`. */
  through: string;
  /** What the provider states as available at the end of that day. */
  balance_minor: bigint;
}

export interface CloseReport {
  closed: boolean;
  available_minor: bigint;
  /** Of the in-transit account. */
  in_transit_minor: bigint;
  /** Of the payouts that were in transit, in full. */
  payouts_minor: bigint;
  payouts: TransitRow[];
}

export async function closeLedger(request: CloseRequest): Promise<CloseReport> {
  // One transaction for proof and closing: nothing can be booked between them.
  return request.database.transaction(async (tx) => {
    await refuseClosed(tx, request);
    const report = await prove(tx, request);
    if (report.closed) await store(tx, request, report);
    return report;
  });
}

async function refuseClosed(tx: Transaction, { provider, currency, through }: CloseRequest): Promise<void> {
  const before = await closedThrough(tx, provider, currency);
  if (before === null || before < through) return;
  throw new PayrunError(
    'failed',
    'period_closed',
    `${provider} is closed through ${before} already, which is not before ${through}.`,
    { hint: 'Close a later day; a closing is never taken back.' },
  );
}

async function prove(tx: Transaction, request: CloseRequest): Promise<CloseReport> {
  const { provider, currency, through } = request;
  const accounts = accountsOfProvider(provider);
  const available = await balanceOf(tx, accounts.available, currency, through);
  const inTransit = await balanceOf(tx, accounts.in_transit, currency, through);
  const payouts = await payoutsInTransitOn(tx, provider, currency, through);
  // Each payout counts with its whole amount: one that the books have in transit in part is a difference.
  const sum = payouts.reduce((total, payout) => total + payout.amount_minor, 0n);
  return {
    closed: available === request.balance_minor && inTransit === sum && payouts.every(isWhole),
    available_minor: available,
    in_transit_minor: inTransit,
    payouts_minor: sum,
    payouts,
  };
}

/** Booked as paid on a day before it was booked as sent, a payout stands in transit with the wrong sign until then. */
export function isWhole(payout: TransitRow): boolean {
  return payout.in_transit_minor === payout.amount_minor;
}

async function store(tx: Transaction, request: CloseRequest, report: CloseReport): Promise<void> {
  const { provider, currency, through, at, actor } = request;
  const { available_minor, in_transit_minor, payouts } = report;
  await insertClosing(tx, {
    provider,
    currency,
    through,
    available_minor,
    in_transit_minor,
    payout_count: payouts.length,
    closed_at: at,
    actor: actor.name,
  });
  await recordAudit(tx, {
    at,
    actor,
    action: 'ledger_closed',
    subject_kind: 'provider',
    subject: provider,
    details: {
      through,
      currency,
      available: formatAmount(available_minor, currency),
      in_transit: formatAmount(in_transit_minor, currency),
      payouts_in_transit: payouts.length,
    },
  });
}

/** The currency that is meant where none is named: the only one that the provider's accounts have. */
export async function currencyToClose(
  reader: Reader,
  provider: string,
  named: string | null,
): Promise<string> {
  if (named !== null) return named;
  const [only, ...others] = await currenciesOf(reader, provider);
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined) {
    throw new PayrunError('failed', 'nothing_to_close', `Nothing was ever booked for ${provider}.`, {
      hint: 'Record its opening balance with `payrun ledger record`, or name another provider.',
    });
  }
  throw new PayrunError(
    'usage',
    'currency_unclear',
    `The accounts of ${provider} are kept in ${[only, ...others].join(', ')}.`,
    { hint: 'Say which one to close with --currency; each is closed by itself.' },
  );
}
