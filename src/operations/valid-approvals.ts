/** Which of a batch's approvals count: those that are bound to it as it is now, each person once, the importer never. */
import { PayrunError } from '../domain/errors.ts';
import {
  type ApprovalPolicy,
  approvalsRequired,
  asksForSignatures,
} from '../domain/payout/approval-policy.ts';
import { approvalsNeeded, samePerson } from '../domain/payout/batch.ts';
import { type Approval, approvalsOf, type BatchRow, hasUnsent } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';
import { type BatchContent, currentContent } from './batch-digest.ts';
import { judgeSignature, statedBatch } from './signed-approvals.ts';

export interface JudgedApproval extends Approval {
  /** Whose it is: of a signed one what its statement says, whatever the row beside it does. */
  approver: string;
  /** Of a signed one. */
  expires_at: string | null;
  /** Why it does not count, for a person to read; null where it does. */
  void_because: string | null;
}

export interface ApprovalStanding {
  /** How many persons approve the batch exactly as it is now, and how many have to. */
  approvals: number;
  required: number;
  signed: boolean;
  enough: boolean;
  /** Enough, or nothing of it is left to send: what is only to be followed needs nobody's word any more. */
  may_be_sent: boolean;
}

/** The policy is the configuration's; with none required one approval is enough, and submitting gives it. */
export async function approvalStanding(
  reader: Reader,
  batch: BatchRow,
  policy: ApprovalPolicy,
  now: string,
): Promise<ApprovalStanding> {
  const content = await currentContent(reader, batch.id);
  const required = approvalsRequired(policy, content);
  const approvals = countOf(await judgedApprovals(reader, batch, content, policy, now));
  const enough = approvals >= approvalsNeeded(required);
  const signed = asksForSignatures(policy, required);
  return { approvals, required, signed, enough, may_be_sent: enough || !(await hasUnsent(reader, batch.id)) };
}

/** What keeps a batch, or a new attempt of its payouts, from being sent. */
export function approvalMissing(batch: string, standing: ApprovalStanding): PayrunError {
  const { approvals, required, signed } = standing;
  return new PayrunError(
    'failed',
    'approval_missing',
    `Batch ${batch} has ${approvals} of ${required} ${signed ? 'signed approvals' : 'approvals'} that it needs.`,
    {
      hint: signed
        ? `For a statement that another person signs: payrun batch approve ${batch} --statement --as NAME -o FILE. Why others do not count: payrun batch show ${batch}`
        : `Another person runs: payrun batch approve ${batch}`,
    },
  );
}

/** Every approval that was ever given, in order; one that repeats what its person has said counts once. */
export async function judgedApprovals(
  reader: Reader,
  batch: BatchRow,
  content: BatchContent,
  policy: ApprovalPolicy,
  now: string,
): Promise<JudgedApproval[]> {
  const required = approvalsRequired(policy, content);
  const stated = await statedBatch(reader, batch, content);
  const counted: string[] = [];
  return (await approvalsOf(reader, batch.id)).map((approval) => {
    const signature = asksForSignatures(policy, required)
      ? judgeSignature(approval.signed_statement, policy.keys, stated, now)
      : { approver: null, expires_at: null, void_because: null };
    const approver = signature.approver ?? approval.actor;
    const void_because =
      whyChanged(approval, content) ??
      (required > 0 && samePerson(approver, batch.imported_by)
        ? 'who imported a batch cannot approve it'
        : null) ??
      signature.void_because ??
      (counted.some((other) => samePerson(other, approver)) ? 'the same person approved it before' : null);
    if (void_because === null) counted.push(approver);
    return { ...approval, approver, expires_at: signature.expires_at, void_because };
  });
}

export function countOf(approvals: readonly JudgedApproval[]): number {
  return approvals.filter(({ void_because }) => void_because === null).length;
}

function whyChanged(approval: Approval, content: BatchContent): string | null {
  if (approval.voided_at !== null) return approval.void_reason ?? 'it was voided';
  return approval.digest === content.digest ? null : 'the batch changed after it was approved';
}
