/** Which rows of a batch must not be sent without a person's word, decided before anything of them leaves. */
import { namesAgree } from '../domain/payout/beneficiary.ts';
import type { HoldReason } from '../domain/payout/payout.ts';
import type { LookAlike } from '../store/batch-checks.ts';
import type { Reader } from '../store/database.ts';
import { foreignRows } from '../store/restores.ts';
import { type HoldCandidate, unverifiedAmong, unverifiedRows } from '../store/submission.ts';

export interface HoldSettings {
  unverified: 'pay' | 'hold';
  /** Payouts that resemble one in another batch, where the configuration holds those. */
  look_alikes: ReadonlyMap<bigint, Pick<LookAlike, 'other_reference' | 'other_batch'>>;
}

export interface Held {
  reason: HoldReason;
  note: string;
}

/** By payout. A failed penny drop holds always; the rest where the configuration says so. */
export async function rowsToHold(
  reader: Reader,
  batchId: bigint,
  provider: string,
  settings: HoldSettings,
): Promise<Map<bigint, Held>> {
  const held = new Map<bigint, Held>();
  for (const [id, { other_reference, other_batch }] of settings.look_alikes) {
    const note = `${other_reference} in batch ${other_batch} pays the same account the same amount`;
    held.set(id, { reason: 'look_alike', note });
  }
  for (const candidate of await unverifiedRows(reader, batchId, provider, settings.unverified === 'hold')) {
    const note = whyUnverified(candidate);
    if (note) held.set(candidate.payout_id, { reason: 'beneficiary_unverified', note });
  }
  for (const row of await foreignRows(reader, batchId, provider)) {
    const note = `the provider has it already as ${row.provider_id}, ${row.status}, sent before this ledger was restored; \`payrun payout sync\` takes it over`;
    held.set(row.payout_id, { reason: 'foreign_reference', note });
  }
  return held;
}

/** Why certain payouts have no account that may be paid, by payout; the rules are those of a first send. */
export async function unverifiedPayouts(
  reader: Reader,
  ids: readonly bigint[],
  provider: string,
  unverified: HoldSettings['unverified'],
): Promise<Map<bigint, string>> {
  const notes = new Map<bigint, string>();
  for (const candidate of await unverifiedAmong(reader, ids, provider, unverified === 'hold')) {
    const note = whyUnverified(candidate);
    if (note) notes.set(candidate.payout_id, note);
  }
  return notes;
}

export function whyFailed(reason: string | null): string {
  return `the penny drop failed: ${reason ?? 'no reason given'}`;
}

function whyUnverified(row: HoldCandidate): string | null {
  switch (row.registration_status) {
    case null:
      return 'the provider has not registered the beneficiary';
    case 'failed':
      return whyFailed(row.failure_reason);
    case 'pending':
      return 'the penny drop has not answered yet';
    case 'verified':
      if (row.registered_name === null || namesAgree(row.our_name, row.registered_name)) return null;
      return `the bank knows the account as ${row.registered_name}`;
  }
}
