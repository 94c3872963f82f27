/**
 * A ledger that somebody copied by hand, and put back, knows nothing of what was sent since, and nobody has told it that
 * it was restored. For a while the provider knows each reference again and refuses it; a ledger that has sent nothing for
 * long asks about a few of those that it believes unsent, before it sends them. One that is known marks the ledger as
 * restored, and the list is compared as after `ledger restore`.
 */

import { providerReference } from '../domain/payout/payout.ts';
import type { StoredPayout } from '../domain/payout/stored-payout.ts';
import { recordAudit } from '../store/audit.ts';
import { neverSent } from '../store/payouts.ts';
import { HAND_COPY, insertRestore, lastSentAt } from '../store/restores.ts';
import { assertStillRunner } from '../store/runner.ts';
import { askPatiently } from './ask-patiently.ts';
import { refuseUnchecked } from './compare-restored.ts';
import type { Submission } from './submission.ts';

/** Of a batch that is sent in the order of its rows, the first was sent first, whoever sent it. */
export async function refuseOlderCopy(submission: Submission, batchId: bigint): Promise<void> {
  if (!(await hasRestedLong(submission))) return;
  const payouts = await neverSent(submission.database, batchId);
  await refuseKnown(
    submission,
    payouts.map(({ reference_id }) => providerReference(reference_id, 1)),
  );
}

/** The same for the attempts that are about to begin. */
export async function refuseOlderCopyOf(
  submission: Submission,
  payouts: readonly StoredPayout[],
): Promise<void> {
  if (!(await hasRestedLong(submission))) return;
  const some = [payouts[0], payouts[payouts.length >> 1], payouts.at(-1)];
  const next = some.flatMap((payout) =>
    payout ? [providerReference(payout.reference_id, payout.attempt_no + 1)] : [],
  );
  await refuseKnown(submission, next);
}

/** Half of the window: a run that begins then ends before what is unknown to it may be forgotten. */
async function hasRestedLong({ database, provider, now }: Submission): Promise<boolean> {
  const last = await lastSentAt(database);
  if (last === null) return false;
  return Date.parse(now()) - Date.parse(last) > provider.capabilities.idempotency_window_ms / 2;
}

async function refuseKnown(submission: Submission, references: readonly string[]): Promise<void> {
  const { database, provider, runner, actor, now } = submission;
  for (const reference of new Set(references)) {
    const found = await askPatiently(submission, (mayStart) => provider.lookUp(reference, mayStart));
    if (found.outcome !== 'found') continue;
    const at = now();
    await database.transaction(async (tx) => {
      // Who was replaced while it asked finds what the other has sent meanwhile, which says nothing of the ledger.
      await assertStillRunner(tx, runner);
      const because = { restored_at: at, actor: actor.name, backup_file: HAND_COPY };
      const sent_until = await insertRestore(tx, because);
      await recordAudit(tx, {
        at,
        actor,
        action: 'older_copy_found',
        subject_kind: 'provider',
        subject: provider.name,
        details: { known: reference, provider_id: found.report.provider_id, sent_until },
      });
    });
    await refuseUnchecked(database, provider.name);
  }
}
