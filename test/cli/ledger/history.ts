/**
 * A ledger with a long history: thousands of payouts, each led at random through whatever can happen to one, over two
 * months, with entries by hand, tags and other currencies between them. The same seed makes the same history.
 */

import type { NewEntry } from '../../../src/domain/ledger/entry.ts';
import {
  applyReport,
  beginAttempt,
  beginSend,
  type Change,
  doubted,
  hold,
  notExecuted,
  type Occasion,
  type ReportedStatus,
  refused,
  resolve,
} from '../../../src/domain/payout/change.ts';
import { ECHO_FIELDS } from '../../../src/domain/payout/echo.ts';
import type { StoredPayout } from '../../../src/domain/payout/stored-payout.ts';
import type { Chance } from '../../../src/sandbox/chance.ts';
import { type Attempt, beginSends, storeFirstAttempts } from '../../../src/store/attempts.ts';
import type { Database } from '../../../src/store/database.ts';
import { postEntries } from '../../../src/store/ledger.ts';
import { payoutsById, savePayouts } from '../../../src/store/payouts.ts';
import { recordEverything } from '../../../src/store/records.ts';
import { handEntry } from '../../store/ledger-rows.ts';

const ACCOUNTS = ['expenses:payouts', 'expenses:salaries', 'liabilities:vendors', 'assets:loans:staff'];
const TAGS = [null, 'cost_centre=ops', 'cost_centre=ops;project=apollo', 'cost_centre=r-and-d'];
const SENT_TO = { provider_beneficiary_id: 'bene_1', echoes: ECHO_FIELDS };
const START = Date.parse('2026-09-01T06:00:00.000Z');
const DAY_MS = 86_400_000;
const RULES = { time_zone: 'Asia/Kolkata', fees: 'deducted', tax: 'recoverable' } as const;
const GROUP = 500;

/** Payouts 1 … count of a batch, approved and not sent. */
export async function insertApproved(database: Database, count: number, chance: Chance): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run(
      `insert into beneficiaries (id, beneficiary_ref, name, destination_kind, account_sealed, account_masked, fingerprint, ifsc, row_fingerprint, created_at, updated_at)
       values (1, 'b-1', 'Asha', 'bank_account', 'x', '••••1234', 'f', 'HDFC0000001', 'r', 't', 't')`,
    );
    await tx.run(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256, account, imported_at, imported_by)
       values (1, 'long', 'nxt', 'INR', ${count}, 1, 'd', 'f.csv', 's', 'c', 'expenses:payouts', 't', 'anna')`,
    );
    await tx.runMany(
      `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, tags, provider, state, created_at, updated_at)
       values (:id, :ref, 1, :id, :id, 1, :amount, 'INR', 'IMPS', :account, :tags, 'nxt', 'approved', 't', 't')`,
      Array.from({ length: count }, (_, index) => ({
        id: index + 1,
        ref: `long-${index + 1}`,
        amount: 100 + below(chance, 9_000_000),
        account: pick(chance, ACCOUNTS),
        tags: pick(chance, TAGS),
      })),
    );
    await recordEverything(tx);
  });
}

/** A whole number from 0 up to, and without, `limit`. */
function below(chance: Chance, limit: number): number {
  return Number.parseInt(chance.hex(1), 16) % limit;
}

function pick<T>(chance: Chance, of: readonly T[]): T {
  return of[below(chance, of.length)] as T;
}

function occasionAt(ms: number): Occasion {
  return { at: new Date(ms).toISOString(), actor: 'anna', rules: RULES };
}

function report(
  payout: StoredPayout,
  state: ReportedStatus['state'],
  at: string,
  chance: Chance,
): ReportedStatus {
  const final = state !== 'in_flight';
  return {
    provider_reference: payout.provider_reference ?? payout.reference_id,
    provider_beneficiary_id: 'bene_1',
    provider_id: `pout_${payout.id}_${payout.attempt_no}`,
    amount_minor: payout.amount_minor,
    currency: 'INR',
    state,
    status: state.toUpperCase(),
    utr: state === 'success' || state === 'reversed' ? `UTR${payout.id}` : null,
    fee_minor: final && below(chance, 5) > 0 ? BigInt(100 + below(chance, 900)) : null,
    tax_minor: final && below(chance, 3) > 0 ? BigInt(below(chance, 160)) : null,
    failure_reason: state === 'failed' ? 'ACCOUNT; "CLOSED", or so' : null,
    failure_code: state === 'failed' ? 'beneficiary_account' : null,
    created_at: null,
    completed_at: state === 'reversed' ? null : at,
    reversed_at: state === 'reversed' ? at : null,
    updated_at: at,
  };
}

/** What happens next to a payout, as the states allow; null where this one is left as it is. */
function next(payout: StoredPayout, ms: number, chance: Chance): Change | null {
  const occasion = occasionAt(ms);
  const hear = (state: ReportedStatus['state']) =>
    applyReport(payout, report(payout, state, occasion.at, chance), SENT_TO, true, occasion);
  switch (payout.state) {
    case 'approved':
      return beginSend(payout, occasion);
    case 'submitting':
    case 'unknown': {
      const roll = below(chance, 20);
      if (roll < 11) return hear(pick(chance, ['in_flight', 'in_flight', 'success', 'failed']));
      if (roll < 13) return refused(payout, 'other', 'no', occasion);
      if (roll < 15) return notExecuted(payout, occasion);
      if (roll < 18) return doubted(payout, occasion);
      return hold(payout, 'not_found_in_window', 'asked for too long', occasion);
    }
    case 'pending':
      return hear(pick(chance, ['success', 'success', 'success', 'failed', 'reversed']));
    case 'held':
      if (payout.attempt_no === 0 || below(chance, 3) === 0) return null;
      return resolve(
        payout,
        { as: pick(chance, ['paid', 'failed', 'returned']), utr: null, on: null },
        occasion,
      );
    case 'paid':
      // A contradiction holds it, so that a person may take back that it was paid.
      return below(chance, 6) === 0 ? hear(pick(chance, ['reversed', 'failed'])) : null;
    case 'failed':
    case 'returned':
      return below(chance, 3) === 0 ? beginAttempt(payout, occasion) : null;
    default:
      return null;
  }
}

export interface History {
  /** In the order in which they happened. */
  entries: NewEntry[];
  payouts: StoredPayout[];
}

/** Leads every payout through its life; its entries in the order of time, those by hand among them. */
export async function live(database: Database, count: number, chance: Chance): Promise<History> {
  const ids = Array.from({ length: count }, (_, index) => BigInt(index + 1));
  const stored = await payoutsById(database, ids);
  const timed: { ms: number; entry: NewEntry }[] = [];
  const payouts: StoredPayout[] = [];
  for (const id of ids) {
    let payout = stored.get(id) as StoredPayout;
    let ms = START + below(chance, 45) * DAY_MS + below(chance, DAY_MS);
    for (let step = 0; step < 12; step += 1) {
      const change = below(chance, 40) === 0 && step > 0 ? null : next(payout, ms, chance);
      if (change === null) break;
      payout = change.payout;
      for (const entry of change.entries) timed.push({ ms, entry });
      ms += below(chance, 3 * DAY_MS);
    }
    payouts.push(payout);
  }
  timed.sort((left, right) => left.ms - right.ms);
  return { entries: [...byHand(), ...timed.map(({ entry }) => entry)], payouts };
}

/** An opening balance, fundings, an invoice in yen and one in dinars; a description that means something in the formats. */
function byHand(): NewEntry[] {
  const available = 'assets:providers:nxt:available';
  return [
    handEntry('OB-1', available, 'equity:opening-balances', 10_000_000_000n, { booked_on: '2026-08-31' }),
    handEntry('FUND; 1, "x"', available, 'assets:bank:hdfc', 500_000_001n, { booked_on: '2026-09-15' }),
    handEntry('FX-1', 'x', 'y', 1n, {
      booked_on: '2026-09-20',
      description: 'invoice; "quoted" back\\slash | bar',
      tags: 'cost_centre=ops',
      postings: [
        { account: 'expenses:software', amount_minor: 12_000n, currency: 'JPY' },
        { account: 'liabilities:vendors', amount_minor: -12_000n, currency: 'JPY' },
        { account: 'expenses:software', amount_minor: 1_001n, currency: 'KWD' },
        { account: 'liabilities:vendors', amount_minor: -1_001n, currency: 'KWD' },
      ],
    }),
  ];
}

export async function post(database: Database, entries: readonly NewEntry[]): Promise<void> {
  for (let from = 0; from < entries.length; from += GROUP)
    await database.transaction((tx) => postEntries(tx, entries.slice(from, from + GROUP)));
}

export async function settle(database: Database, payouts: readonly StoredPayout[]): Promise<void> {
  await database.transaction(async (tx) => {
    // What is on its way out has an attempt and a send without an answer.
    const leaving = payouts.filter((payout) => payout.state === 'submitting');
    await storeFirstAttempts(tx, leaving.map(attemptOf));
    await beginSends(
      tx,
      leaving.map(({ id, attempt_no }) => ({ payout_id: id, attempt_no, kind: 'submit' as const })),
      new Date(START).toISOString(),
    );
    await savePayouts(
      tx,
      payouts.map((payout) =>
        payout.state === 'submitting' ? { ...payout, provider_reference: payout.reference_id } : payout,
      ),
    );
  });
}

function attemptOf(payout: StoredPayout): Attempt {
  return {
    payout_id: payout.id,
    attempt_no: payout.attempt_no,
    provider: payout.provider,
    provider_reference: payout.reference_id,
    provider_beneficiary_id: 'ben_1',
    body: '{}',
    stored_at: new Date(START).toISOString(),
  };
}
