/**
 * An approval is a person's word for exactly the rows, amounts and accounts that stand in the ledger at that moment.
 * It is bound to the batch's digest, which is derived anew each time: whatever changed meanwhile voids it.
 */
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import { type ApprovalPolicy, approvalsRequired } from '../domain/payout/approval-policy.ts';
import { approvalsNeeded, samePerson } from '../domain/payout/batch.ts';
import { recordAudit } from '../store/audit.ts';
import {
  approveDrafts,
  type BatchRow,
  insertApproval,
  needsApproval,
  setDigest,
  voidOtherApprovals,
} from '../store/batches.ts';
import type { Database, Transaction } from '../store/database.ts';
import { type BatchContent, currentContent } from './batch-digest.ts';
import { countOf, judgedApprovals } from './valid-approvals.ts';

export interface ApproveBatchDeps {
  database: Database;
  /** RFC 3339 UTC. */
  now: string;
  actor: Actor;
}

export interface ApprovedBatch {
  digest: string;
  /** How many persons approve the batch as it is now. */
  approvals: number;
  required: number;
  warnings: { code: string; message: string }[];
}

export async function approveBatch(
  deps: ApproveBatchDeps,
  batch: BatchRow,
  policy: ApprovalPolicy,
): Promise<ApprovedBatch> {
  if (batch.cancelled_at !== null) {
    throw new PayrunError(
      'failed',
      'batch_cancelled',
      `Batch ${batch.name} was cancelled, so there is nothing to approve.`,
    );
  }
  return deps.database.transaction(async (tx) => {
    const content = await currentContent(tx, batch.id);
    return approve(tx, deps, batch, content, approvalsRequired(policy, content));
  });
}

async function approve(
  tx: Transaction,
  deps: ApproveBatchDeps,
  batch: BatchRow,
  content: BatchContent,
  required: number,
): Promise<ApprovedBatch> {
  if (required > 0 && samePerson(deps.actor.name, batch.imported_by)) throw byImporter(deps, batch);
  const { digest } = content;
  const warnings = await rebind(tx, deps, batch, digest);
  const before = await judgedApprovals(tx, batch, content, required);
  const counted = before.some(
    ({ actor, void_because }) => void_because === null && samePerson(actor, deps.actor.name),
  );
  const open = await needsApproval(tx, batch.id);
  if (!open) {
    warnings.push({
      code: 'nothing_to_approve',
      message: `Batch ${batch.name} has nothing left to send or to try again; its approvals stay as they are.`,
    });
  } else if (!counted) {
    await insertApproval(tx, { batch, digest, actor: deps.actor, at: deps.now });
    await recordApproval(tx, deps, batch, digest);
  }
  const approvals = countOf(before) + (open && !counted ? 1 : 0);
  if (approvals >= approvalsNeeded(required)) await approveDrafts(tx, batch.id, deps.now);
  return { digest, approvals, required, warnings };
}

function byImporter({ actor }: ApproveBatchDeps, batch: BatchRow): PayrunError {
  return new PayrunError(
    'failed',
    'approver_is_importer',
    `${actor.name} imported batch ${batch.name}, so somebody else has to approve it.`,
    {
      hint: 'With [approval] required in payrun.toml, two pairs of eyes see every batch. Another person approves it under their own name.',
    },
  );
}

/** Takes the batch as it is now; approvals of what it was are void. */
async function rebind(
  tx: Transaction,
  deps: ApproveBatchDeps,
  batch: BatchRow,
  digest: string,
): Promise<ApprovedBatch['warnings']> {
  const why = { at: deps.now, reason: 'the batch changed after it was approved' };
  const voided = await voidOtherApprovals(tx, batch.id, digest, why);
  if (digest === batch.digest) return [];
  await setDigest(tx, batch.id, digest);
  const earlier =
    voided === 0
      ? ''
      : `; ${voided === 1 ? 'an earlier approval is' : `${voided} earlier approvals are`} void`;
  const message = `Bank details in batch ${batch.name} changed since it was imported or approved: its digest is now ${digest}${earlier}.`;
  return [{ code: 'digest_changed', message }];
}

async function recordApproval(
  tx: Transaction,
  deps: ApproveBatchDeps,
  batch: BatchRow,
  digest: string,
): Promise<void> {
  await recordAudit(tx, {
    at: deps.now,
    actor: deps.actor,
    action: 'batch_approved',
    subject_kind: 'batch',
    subject: batch.name,
    details: {
      digest,
      rows: Number(batch.row_count),
      amount: formatAmount(batch.amount_minor, batch.currency),
      currency: batch.currency,
    },
  });
}
