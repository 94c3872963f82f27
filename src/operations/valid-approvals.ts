/** Which of a batch's approvals count: those that are bound to it as it is now, each person once, the importer never. */
import { PayrunError } from '../domain/errors.ts';
import { type ApprovalPolicy, approvalsRequired } from '../domain/payout/approval-policy.ts';
import { approvalsNeeded, samePerson } from '../domain/payout/batch.ts';
import { type Approval, approvalsOf, type BatchRow, hasUnsent } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';
import { type BatchContent, currentContent } from './batch-digest.ts';

export interface JudgedApproval extends Approval {
  /** Why it does not count, for a person to read; null where it does. */
  void_because: string | null;
}

export interface ApprovalStanding {
  /** How many persons approve the batch exactly as it is now, and how many have to. */
  approvals: number;
  required: number;
  enough: boolean;
  /** Enough, or nothing of it is left to send: what is only to be followed needs nobody's word any more. */
  may_be_sent: boolean;
}

/** The policy is the configuration's; with none required one approval is enough, and submitting gives it. */
export async function approvalStanding(
  reader: Reader,
  batch: BatchRow,
  policy: ApprovalPolicy,
): Promise<ApprovalStanding> {
  const content = await currentContent(reader, batch.id);
  const required = approvalsRequired(policy, content);
  const approvals = countOf(await judgedApprovals(reader, batch, content, required));
  const enough = approvals >= approvalsNeeded(required);
  return { approvals, required, enough, may_be_sent: enough || !(await hasUnsent(reader, batch.id)) };
}

/** What keeps a batch, or a new attempt of its payouts, from being sent. */
export function approvalMissing(batch: string, { approvals, required }: ApprovalStanding): PayrunError {
  return new PayrunError(
    'failed',
    'approval_missing',
    `Batch ${batch} has ${approvals} of ${required} approvals that it needs.`,
    { hint: `Another person runs: payrun batch approve ${batch}` },
  );
}

/** Every approval that was ever given, in order; one that repeats what its person has said counts once. */
export async function judgedApprovals(
  reader: Reader,
  batch: BatchRow,
  content: Pick<BatchContent, 'digest'>,
  required: number,
): Promise<JudgedApproval[]> {
  const counted: string[] = [];
  return (await approvalsOf(reader, batch.id)).map((approval) => {
    const void_because = whyVoid(approval, batch, content, required, counted);
    if (void_because === null) counted.push(approval.actor);
    return { ...approval, void_because };
  });
}

export function countOf(approvals: readonly JudgedApproval[]): number {
  return approvals.filter(({ void_because }) => void_because === null).length;
}

function whyVoid(
  approval: Approval,
  batch: BatchRow,
  content: Pick<BatchContent, 'digest'>,
  required: number,
  counted: readonly string[],
): string | null {
  if (approval.voided_at !== null) return approval.void_reason ?? 'voided';
  if (approval.digest !== content.digest) return 'the batch changed after it was approved';
  if (required > 0 && samePerson(approval.actor, batch.imported_by))
    return 'who imported a batch cannot approve it';
  if (counted.some((actor) => samePerson(actor, approval.actor))) return 'the same person approved it before';
  return null;
}
