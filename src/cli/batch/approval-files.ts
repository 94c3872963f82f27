/** Statements and signatures as files: written beside the ledger, signed anywhere, checked with the configuration alone. */

import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import { PayrunError } from '../../domain/errors.ts';
import { formatAmount, formatGrouped } from '../../domain/money/money.ts';
import { approvalsRequired } from '../../domain/payout/approval-policy.ts';
import {
  type ApprovalStatement,
  LARGEST_STATEMENT_BYTES,
  LONGEST_VALIDITY_MS,
  signedText,
  whyNotNow,
} from '../../domain/payout/approval-statement.ts';
import { approvalsNeeded, samePerson } from '../../domain/payout/batch.ts';
import { currentContent } from '../../operations/batch-digest.ts';
import {
  approvalVoid,
  requireSigned,
  requireStatement,
  statedBatch,
  statementToSign,
  whyVoid,
} from '../../operations/signed-approvals.ts';
import { readSigner } from '../../vault/approval-key.ts';
import type { Context, Data, Outcome } from '../command.ts';
import { parseDuration } from '../config.ts';
import { EXIT } from '../exit-codes.ts';
import { readInputFile } from '../input-file.ts';
import { counted } from '../output/counted.ts';
import { nearest } from '../output/nearest.ts';
import { findBatch } from './find-batch.ts';

const DEFAULT_VALIDITY = '7d';

export async function writeStatement(
  context: Context,
  batchName: string,
  validFor = DEFAULT_VALIDITY,
): Promise<Outcome> {
  const validMs = parseDuration(validFor) ?? 0;
  if (validMs <= 0 || validMs > LONGEST_VALIDITY_MS) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--valid-for is "${validFor}"; write a duration such as 24h or 7d, at most 90d.`,
    );
  }
  const database = await context.ledger();
  const { approval } = await context.config();
  const batch = await findBatch(database, batchName);
  const approver = context.actor.name;
  const names = [...new Set(approval.keys.map(({ name }) => name))];
  if (!names.includes(approver)) throw withoutKey(approver, names);
  const now = context.world.now();
  const statement: ApprovalStatement = {
    ...(await statedBatch(database, batch, await currentContent(database, batch.id))),
    approver,
    stated_at: now.toISOString(),
    expires_at: new Date(now.getTime() + validMs).toISOString(),
  };
  const text = statementToSign(statement);
  return {
    data: { ...dataOf(statement), text },
    text,
    next: `${approver} reads it and signs it, on any machine: payrun batch approve --sign FILE --key KEY -o ${batch.name}.sig`,
  };
}

function withoutKey(approver: string, names: readonly string[]): PayrunError {
  const guess = nearest(approver, names);
  const hint =
    names.length === 0
      ? 'Make one with `payrun key new --approval`, and put the lines that it prints into payrun.toml.'
      : `Say whose approval it is with --as: ${guess ?? names.join(', ')}.`;
  return new PayrunError(
    'usage',
    'approver_unknown',
    `The configuration has no [[approval.keys]] of ${approver}.`,
    {
      hint,
    },
  );
}

export async function signStatement(context: Context, path: string, keyPath: string): Promise<Outcome> {
  const { world, flags } = context;
  const file = await readApprovalFile(context, path);
  const statement = requireStatement(file.text, file.name);
  const reason = whyNotNow(statement, world.now().toISOString());
  if (reason !== null) throw approvalVoid(file.name, statement, reason);
  const signer = readSigner(resolve(world.cwd, keyPath));
  const what = summary(statement);
  if (flags.dry_run) {
    const next = `A dry run: nothing was signed. It would have been ${what}`;
    return { data: { ...dataOf(statement), text: file.text }, text: file.text, next };
  }
  if (!flags.yes && (await context.ask(`Sign as ${statement.approver}: ${what}\nSign it?`)) === false)
    throw new PayrunError('failed', 'not_confirmed', 'Not confirmed, so nothing was signed.');
  const text = signedText(file.text, signer.sign(file.text));
  return {
    data: { ...dataOf(statement), text },
    text,
    next: `Signed the approval of ${statement.approver} with the key ${signer.public_key}: ${what}\nWhere the ledger is: payrun batch approve ${statement.batch} --signature FILE`,
  };
}

function summary(statement: ApprovalStatement): string {
  const { batch, batch_number, rows, amount_minor, currency } = statement;
  return [
    `${counted(rows, 'payout', 'payouts')}, ${formatGrouped(amount_minor, currency)} ${currency}, batch ${batch} (number ${batch_number}, imported by ${statement.imported_by}), through ${statement.provider}`,
    `  digest ${statement.digest}`,
    `  payout file's SHA-256 ${statement.file_sha256}`,
    `  good until ${statement.expires_at}`,
  ].join('\n');
}

function dataOf(statement: ApprovalStatement): Data {
  const { approver, stated_at, expires_at } = statement;
  return { ...contentOf(statement), approver, stated_at, expires_at };
}

function contentOf({ batch, digest, file_sha256, rows, amount_minor, currency }: ApprovalStatement): Data {
  return {
    batch,
    digest,
    file_sha256,
    rows: Number(rows),
    amount: formatAmount(amount_minor, currency),
    currency,
  };
}

/** Needs the public keys of the configuration and nothing else: what only the ledger knows, it does not claim. */
export async function checkApprovals(
  context: Context,
  paths: readonly string[],
  payouts: string | undefined,
): Promise<Outcome> {
  const { approval } = await context.config();
  const now = context.world.now().toISOString();
  const sha256 =
    payouts === undefined ? null : hash('sha256', (await readInputFile(context, payouts)).bytes, 'hex');
  let first: ApprovalStatement | undefined;
  const counted: string[] = [];
  const items: Data[] = [];
  for (const path of paths) {
    const file = await readApprovalFile(context, path);
    const signed = requireSigned(file.text, file.name);
    const { statement } = signed;
    first ??= statement;
    const { approver, expires_at } = statement;
    const void_reason =
      whyVoid(signed, approval.keys, first, now) ??
      (sha256 !== null && sha256 !== statement.file_sha256
        ? `${payouts} is another file than was approved`
        : null) ??
      (samePerson(approver, statement.imported_by) ? 'who imported a batch cannot approve it' : null) ??
      (counted.some((other) => samePerson(other, approver)) ? 'the same person approved it before' : null);
    if (void_reason === null) counted.push(approver);
    items.push({ file: file.name, approver, expires_at, valid: void_reason === null, void_reason });
  }
  if (first === undefined) throw new PayrunError('usage', 'usage', '--check needs a file.');
  const required = approvalsRequired(approval, first);
  const enough = counted.length >= approvalsNeeded(required) && items.every(({ valid }) => valid === true);
  const data = { ...contentOf(first), approvals: counted.length, required, items };
  return { data, view: viewOf(first, data, items), exit: enough ? EXIT.done : EXIT.findings };
}

function viewOf(statement: ApprovalStatement, data: Data, items: Data[]): NonNullable<Outcome['view']> {
  return [
    summary(statement),
    `${String(data.approvals)} of ${String(data.required)} approvals that it needs`,
    {
      columns: [
        { key: 'file' },
        { key: 'approver' },
        { key: 'expires_at' },
        { key: 'valid' },
        { key: 'void_reason' },
      ],
      rows: items,
    },
  ];
}

/** A page of text; what is longer or no UTF-8 is none. */
export async function readApprovalFile(
  context: Context,
  path: string,
): Promise<{ name: string; text: string }> {
  const { name, bytes } = await readInputFile(context, path);
  try {
    if (bytes.length > LARGEST_STATEMENT_BYTES) throw new RangeError(`it has ${bytes.length} bytes`);
    return { name, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    throw new PayrunError(
      'refused_file',
      'approval_unreadable',
      `${name} is no statement and no signed approval: ${cause instanceof RangeError ? cause.message : 'it is not UTF-8'}.`,
      { cause },
    );
  }
}
