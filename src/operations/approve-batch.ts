/**
 * An approval is a person's word for exactly the rows, amounts and accounts that stand in the ledger at that moment.
 * It is bound to the batch's digest, which is derived anew each time: whatever changed meanwhile voids it.
 */
import { hash } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import {
  type ApprovalPolicy,
  approvalsRequired,
  asksForSignatures,
} from '../domain/payout/approval-policy.ts';
import { approvalsNeeded, samePerson } from '../domain/payout/batch.ts';
import { recordAudit } from '../store/audit.ts';
import {
  approvalsOf,
  approveDrafts,
  type BatchRow,
  insertApproval,
  needsApproval,
  setDigest,
  voidOtherApprovals,
} from '../store/batches.ts';
import type { Database, Transaction } from '../store/database.ts';
import { type BatchContent, currentContent } from './batch-digest.ts';
import { approvalVoid, requireSigned, statedBatch, whyVoid } from './signed-approvals.ts';
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

/** The word of whoever runs the command; where keys are configured, only a signature is one. */
export async function approveBatch(
  deps: ApproveBatchDeps,
  batch: BatchRow,
  policy: ApprovalPolicy,
): Promise<ApprovedBatch> {
  refuseCancelled(batch);
  return deps.database.transaction(async (tx) => {
    const content = await currentContent(tx, batch.id);
    if (asksForSignatures(policy, approvalsRequired(policy, content))) throw unsigned(batch);
    return approve(tx, deps, { batch, content, policy }, null);
  });
}

/** The word of whoever signed it, taken in by whoever runs the command. `file` is what the user calls it. */
export async function approveSigned(
  deps: ApproveBatchDeps,
  batch: BatchRow,
  policy: ApprovalPolicy,
  file: { name: string; text: string },
): Promise<ApprovedBatch> {
  refuseCancelled(batch);
  const signed = requireSigned(file.text, file.name);
  return deps.database.transaction(async (tx) => {
    const content = await currentContent(tx, batch.id);
    const stated = await statedBatch(tx, batch, content);
    const reason =
      whyVoid(signed, policy.keys, stated, deps.now) ?? (await whyVoidedBefore(tx, batch, file.text));
    if (reason !== null) throw approvalVoid(file.name, signed.statement, reason, batch.name);
    const actor = { ...deps.actor, name: signed.statement.approver };
    return approve(
      tx,
      { ...deps, actor },
      { batch, content, policy },
      { text: file.text, taken_in_by: deps.actor.name },
    );
  });
}

/** What a change has voided once is void, also where the change was taken back. */
async function whyVoidedBefore(tx: Transaction, batch: BatchRow, text: string): Promise<string | null> {
  const same = (await approvalsOf(tx, batch.id)).find(
    (approval) => approval.signed_statement === text && approval.voided_at !== null,
  );
  return same === undefined ? null : `it was voided at ${same.voided_at}: ${same.void_reason}`;
}

function refuseCancelled(batch: BatchRow): void {
  if (batch.cancelled_at === null) return;
  throw new PayrunError(
    'failed',
    'batch_cancelled',
    `Batch ${batch.name} was cancelled, so there is nothing to approve.`,
  );
}

function unsigned(batch: BatchRow): PayrunError {
  return new PayrunError(
    'failed',
    'approval_unsigned',
    `payrun.toml has [[approval.keys]], so that only signed approvals of ${batch.name} count.`,
    {
      hint: `payrun batch approve ${batch.name} --statement --as NAME -o FILE writes what NAME signs with --sign FILE --key KEY.`,
    },
  );
}

interface ToApprove {
  batch: BatchRow;
  content: BatchContent;
  policy: ApprovalPolicy;
}

async function approve(
  tx: Transaction,
  deps: ApproveBatchDeps,
  { batch, content, policy }: ToApprove,
  signature: { text: string; taken_in_by: string } | null,
): Promise<ApprovedBatch> {
  const required = approvalsRequired(policy, content);
  if (required > 0 && samePerson(deps.actor.name, batch.imported_by)) throw byImporter(deps, batch);
  const { digest } = content;
  const warnings = await rebind(tx, deps, batch, digest);
  const before = await judgedApprovals(tx, batch, content, policy, deps.now);
  const counted = before.some(
    ({ approver, void_because }) => void_because === null && samePerson(approver, deps.actor.name),
  );
  // A later signature of the same person may be good for longer, and is kept beside the first.
  const known =
    signature === null ? counted : before.some((each) => each.signed_statement === signature.text);
  const open = await needsApproval(tx, batch.id);
  if (!open) {
    warnings.push({
      code: 'nothing_to_approve',
      message: `Batch ${batch.name} has nothing left to send or to try again; its approvals stay as they are.`,
    });
  } else {
    if (counted) warnings.push(repeated(deps, batch));
    if (!known) {
      const { actor, now: at } = deps;
      await insertApproval(tx, { batch, digest, actor, at, signed_statement: signature?.text ?? null });
      await recordApproval(tx, deps, batch, digest, signature);
    }
  }
  const approvals = countOf(before) + (open && !counted ? 1 : 0);
  if (approvals >= approvalsNeeded(required)) await approveDrafts(tx, batch.id, deps.now);
  return { digest, approvals, required, warnings };
}

function repeated({ actor }: ApproveBatchDeps, batch: BatchRow): ApprovedBatch['warnings'][number] {
  return {
    code: 'approval_repeated',
    message: `${actor.name} has approved batch ${batch.name} as it is already, and counts once.`,
  };
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
  signature: { text: string; taken_in_by: string } | null,
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
      ...(signature === null
        ? {}
        : {
            signed_statement_sha256: hash('sha256', signature.text, 'hex'),
            taken_in_by: signature.taken_in_by,
          }),
    },
  });
}
