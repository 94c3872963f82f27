/**
 * Approvals that an approver signed with a key of their own, perhaps on another machine. A signature is judged anew each
 * time it counts: against the keys that the configuration names now, the batch as it is now, and the clock.
 */
import { PayrunError } from '../domain/errors.ts';
import type { ApproverKey } from '../domain/payout/approval-policy.ts';
import {
  type ApprovalStatement,
  readSignedStatement,
  readStatement,
  type SignedStatement,
  type StatedBatch,
  statementText,
  whyNotNow,
  whyNotThis,
} from '../domain/payout/approval-statement.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';
import { ledgerIdentity } from '../store/ledger-identity.ts';
import { isSignedBy } from '../vault/approval-key.ts';
import type { BatchContent } from './batch-digest.ts';

/** The batch as a statement names it. */
export async function statedBatch(
  reader: Reader,
  batch: BatchRow,
  content: BatchContent,
): Promise<StatedBatch> {
  return {
    ledger: await ledgerIdentity(reader),
    batch: batch.name,
    batch_number: batch.id,
    imported_by: batch.imported_by,
    provider: batch.provider,
    digest: content.digest,
    file_sha256: batch.file_sha256,
    rows: BigInt(content.row_count),
    amount_minor: content.amount_minor,
    currency: content.currency,
  };
}

/** The page that an approver is to sign. */
export function statementToSign(statement: ApprovalStatement): string {
  const text = statementText(statement);
  if (text.ok) return text.value;
  throw new PayrunError('failed', 'approval_unstatable', `No statement can be made of it: ${text.problem}.`, {
    hint: 'A name in a statement is one line of letters that are seen as they are.',
  });
}

/** Whose signature it is does not matter yet: the batch and the time are judged by who knows them. */
function whyNotSigned(signed: SignedStatement, keys: readonly ApproverKey[]): string | null {
  const own = keys.filter(({ name }) => name === signed.statement.approver);
  if (own.length === 0) return `the configuration has no key of ${signed.statement.approver}`;
  return own.some((key) => isSignedBy(key.public_key, signed.text, signed.signature))
    ? null
    : `its signature is not ${signed.statement.approver}'s, or what was signed was changed`;
}

export type JudgedSignature =
  | { approver: string; expires_at: string; void_because: string | null }
  | { approver: null; expires_at: null; void_because: string };

/** A stored approval's signed statement, judged as if it came now. */
export function judgeSignature(
  stored: string | null,
  keys: readonly ApproverKey[],
  batch: StatedBatch,
  now: string,
): JudgedSignature {
  if (stored === null) return { approver: null, expires_at: null, void_because: 'it is not signed' };
  const read = readSignedStatement(stored);
  if (!read.ok) return { approver: null, expires_at: null, void_because: read.problem };
  const { approver, expires_at } = read.value.statement;
  return { approver, expires_at, void_because: whyVoid(read.value, keys, batch, now) };
}

/** Why a signed statement is no approval of this batch now, or null. What it is about comes first: that helps most. */
export function whyVoid(
  signed: SignedStatement,
  keys: readonly ApproverKey[],
  batch: StatedBatch,
  now: string,
): string | null {
  return (
    whyNotThis(signed.statement, batch) ?? whyNotSigned(signed, keys) ?? whyNotNow(signed.statement, now)
  );
}

/** `file` is the name that the user knows it by. */
export function requireSigned(text: string, file: string): SignedStatement {
  const read = readSignedStatement(text);
  if (read.ok) return read.value;
  throw unreadable(file, 'signed approval', read.problem);
}

export function requireStatement(text: string, file: string): ApprovalStatement {
  const read = readStatement(text);
  if (read.ok) return read.value;
  throw unreadable(file, 'statement of an approval', read.problem);
}

function unreadable(file: string, what: string, problem: string): PayrunError {
  return new PayrunError('refused_file', 'approval_unreadable', `${file} is no ${what}: ${problem}.`, {
    hint: 'Pass it on as it was written: no mail program, editor or version control may change a byte of it.',
  });
}

/** `wanted` is the batch that was to be approved. */
export function approvalVoid(
  file: string,
  statement: ApprovalStatement,
  reason: string,
  wanted: string = statement.batch,
): PayrunError {
  const { approver, batch } = statement;
  return new PayrunError(
    'refused_file',
    'approval_void',
    `The approval of ${batch} by ${approver} in ${file} does not count: ${reason}.`,
    {
      hint: `For a new statement to sign: payrun batch approve ${wanted} --statement --as '${approver}' -o FILE`,
    },
  );
}
