/**
 * The intents of a group of payouts, committed before any of it leaves: state, entry, the attempt with its bytes, and
 * the send that is about to be made. An attempt that was stored before keeps its bytes.
 */
import { Bug } from '../domain/errors.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { beginAttempt, beginSend, hold } from '../domain/payout/change.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import {
  type Attempt,
  beginSends,
  currentAttempts,
  endAttempt,
  storeAttempts,
  storeFirstAttempts,
  unansweredSends,
} from '../store/attempts.ts';
import { registrationsBy } from '../store/beneficiaries.ts';
import type { Transaction } from '../store/database.ts';
import { postEntries } from '../store/ledger.ts';
import { saveChanges, savePayouts } from '../store/payouts.ts';
import { assertStillRunner } from '../store/runner.ts';
import { whyFailed } from './hold-rules.ts';
import type { NextPayouts } from './payout-queue.ts';
import type { Bookkeeping, Sendable } from './submission.ts';

/** State, entry, attempt with its bytes, and the send that is about to be made, for each of a group. */
export async function claimPayouts(
  tx: Transaction,
  books: Bookkeeping,
  next: NextPayouts,
  limit: number,
): Promise<Sendable[]> {
  const at = books.now();
  const occasion = { at, actor: books.actor.name, rules: books.rules };
  await assertStillRunner(tx, books.runner);
  const { payable: stored, accounts } = await nextPayable(tx, books, next, { limit, at });
  if (stored.length === 0) return [];
  const fitting = await withFittingAttempts(tx, books, stored, { accounts, at });
  const changes: { before: StoredPayout; after: StoredPayout }[] = [];
  const entries: NewEntry[] = [];
  for (const before of stored) {
    const change = beginSend(fitting.get(before.id) ?? before, occasion);
    changes.push({ before, after: change.payout });
    entries.push(...change.entries);
  }
  await saveChanges(tx, changes);
  const attempts = await storeNewAttempts(tx, books, changes, { accounts, at });
  await postEntries(tx, entries);
  return beginAll(
    tx,
    changes.map(({ after }) => after),
    attempts,
    at,
  );
}

/** What a provider calls the accounts that are to be paid, by beneficiary. */
type Accounts = ReadonlyMap<bigint, string>;

/**
 * The next payouts whose account the provider knows and has not found to be bad: others may have changed accounts or
 * asked about them since the run began. What is not registered waits for the next run, which registers it.
 */
async function nextPayable(
  tx: Transaction,
  books: Bookkeeping,
  next: NextPayouts,
  { limit, at }: { limit: number; at: string },
): Promise<{ payable: StoredPayout[]; accounts: Accounts }> {
  const occasion = { at, actor: books.actor.name, rules: books.rules };
  for (;;) {
    const payouts = await next(tx, limit);
    const ids = [...new Set(payouts.map((payout) => payout.beneficiary_id))];
    const registered = await registrationsBy(tx, ids, books.provider.name);
    const accounts = new Map<bigint, string>();
    const payable: StoredPayout[] = [];
    const held: StoredPayout[] = [];
    for (const payout of payouts) {
      const known = registered.get(payout.beneficiary_id);
      if (known === undefined) continue;
      const { provider_beneficiary_id: account, status, failure_reason } = known;
      if (account === null || (status === 'failed' && payout.released_at === null)) {
        held.push(hold(payout, 'beneficiary_unverified', whyFailed(failure_reason), occasion).payout);
        continue;
      }
      accounts.set(payout.beneficiary_id, account);
      payable.push(payout);
    }
    await savePayouts(tx, held);
    if (payable.length > 0 || payouts.length === 0) return { payable, accounts };
  }
}

/**
 * An attempt that was stored and provably never executed keeps its bytes, and they name the account of that day. Where
 * the beneficiary has another account since, the payout gets a new attempt with a reference of its own. Answers those
 * that do, by id, as they are not stored yet.
 */
async function withFittingAttempts(
  tx: Transaction,
  books: Bookkeeping,
  payouts: readonly StoredPayout[],
  { accounts, at }: { accounts: Accounts; at: string },
): Promise<Map<bigint, StoredPayout>> {
  const fitting = new Map<bigint, StoredPayout>();
  const again = payouts.filter((payout) => payout.attempt_no > 0);
  if (again.length === 0) return fitting;
  const stored = await currentAttempts(
    tx,
    again.map((payout) => payout.id),
  );
  for (const payout of again) {
    const attempt = stored.get(payout.id);
    const beneficiary = accounts.get(payout.beneficiary_id);
    if (attempt === undefined || attempt.provider_beneficiary_id === beneficiary) continue;
    await endAttempt(tx, payout, at);
    const occasion = { at, actor: books.actor.name, rules: books.rules };
    fitting.set(payout.id, beginAttempt(payout, occasion).payout);
  }
  return fitting;
}

/** Answers the attempts that are stored now, by payout: the new ones, and with their old bytes those of earlier days. */
async function storeNewAttempts(
  tx: Transaction,
  books: Bookkeeping,
  changes: readonly { before: StoredPayout; after: StoredPayout }[],
  { accounts, at }: { accounts: Accounts; at: string },
): Promise<Map<bigint, Attempt>> {
  const payouts = changes.map(({ after }) => after);
  const attempts: Attempt[] = payouts.map((payout) => {
    const reference = payout.provider_reference ?? payout.reference_id;
    const beneficiary = accounts.get(payout.beneficiary_id);
    if (beneficiary === undefined) throw new Bug(`${reference} has no account that it could be sent to.`);
    return {
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      provider: payout.provider,
      provider_reference: reference,
      provider_beneficiary_id: beneficiary,
      body: books.provider.compose({
        provider_reference: reference,
        provider_beneficiary_id: beneficiary,
        amount_minor: payout.amount_minor,
        currency: payout.currency,
        rail: payout.rail,
        narration: payout.narration,
      }),
      stored_at: at,
    };
  });
  // A payout that never had an attempt has none to keep and no send that could be unanswered.
  const never = new Set(changes.flatMap(({ before }) => (before.attempt_no === 0 ? [before.id] : [])));
  const [first, others] = [
    attempts.filter((attempt) => never.has(attempt.payout_id)),
    attempts.filter((attempt) => !never.has(attempt.payout_id)),
  ];
  await storeFirstAttempts(tx, first);
  const stored = new Map(first.map((attempt) => [attempt.payout_id, attempt]));
  if (others.length === 0) return stored;
  await storeAttempts(tx, others);
  const kept = await currentAttempts(
    tx,
    others.map((attempt) => attempt.payout_id),
  );
  return new Map([...stored, ...kept]);
}

/** The sends of payouts whose attempts are stored, with the stored bytes. Also for the repeat of a doubtful one. */
export async function prepareSends(
  tx: Transaction,
  payouts: readonly StoredPayout[],
  at: string,
): Promise<Sendable[]> {
  const ids = payouts.map((payout) => payout.id);
  return beginAll(tx, payouts, await currentAttempts(tx, ids), at);
}

async function beginAll(
  tx: Transaction,
  payouts: readonly StoredPayout[],
  attempts: ReadonlyMap<bigint, Attempt>,
  at: string,
): Promise<Sendable[]> {
  const unanswered = await unansweredSends(
    tx,
    payouts.map((payout) => payout.id),
  );
  const sends = await beginSends(
    tx,
    payouts.map((payout) => ({
      payout_id: payout.id,
      attempt_no: payout.attempt_no,
      kind: 'submit' as const,
    })),
    at,
  );
  return payouts.flatMap((payout, index) => {
    const attempt = attempts.get(payout.id);
    const send_id = sends[index];
    if (!attempt || send_id === undefined) return [];
    return [
      {
        payout_id: payout.id,
        reference_id: payout.reference_id,
        attempt_no: payout.attempt_no,
        provider_reference: attempt.provider_reference,
        body: attempt.body,
        amount_minor: payout.amount_minor,
        stored_at: attempt.stored_at,
        send_id,
        earlier_unanswered: (unanswered.get(payout.id)?.count ?? 0) > 0,
      },
    ];
  });
}
