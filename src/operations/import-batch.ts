/**
 * A payout file becomes a draft batch, whole or not at all: every wrong row is reported at once, the same list under
 * other clothes is recognised, and nothing stands in the ledger that the file did not state.
 */
import { createHash } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { PayrunError, type RowError } from '../domain/errors.ts';
import { doubtfulAccounts, doubtSentence } from '../domain/ledger/account.ts';
import { formatAmount } from '../domain/money/money.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import { isBatchName } from '../domain/payout/payout.ts';
import {
  bookingAccountProblem,
  DEFAULT_CURRENCY,
  type KnownBeneficiary,
  PAYOUT_COLUMNS,
  type PayoutCells,
  type PayoutRow,
  type RowRules,
} from '../domain/payout/payout-row.ts';
import type { RailRules } from '../domain/payout/rail.ts';
import { fileRefused, readCsv } from '../statements/read-csv.ts';
import { recordAudit } from '../store/audit.ts';
import {
  type BatchRow,
  batchByName,
  batchesByContent,
  hasPayouts,
  insertBatch,
  insertPayouts,
  takenReferences,
} from '../store/batches.ts';
import type { Database, Transaction } from '../store/database.ts';
import { accountNames } from '../store/ledger-queries.ts';
import { beneficiariesForPayouts } from '../store/payout-beneficiaries.ts';
import { contentOf, digestOf, type PayoutFile, readCells, readRows, referenceTaken } from './payout-file.ts';

export interface ImportBatchDeps {
  database: Database;
  /** RFC 3339 UTC. */
  now: string;
  actor: Actor;
}

export interface ImportBatchInput {
  bytes: Uint8Array;
  /** As the person named it, for messages and for the record. */
  file_name: string;
  name: string;
  provider: string;
  rails: RailRules;
  /** The booking account that was asked for, and the one of the configuration. */
  account: string | null;
  default_account: string;
  /** The sender's control totals, where given. */
  expect_rows: string | null;
  expect_amount: string | null;
  allow_duplicate_file: boolean;
  /** New accounts that are meant however near their names are to others; left out: all of them, which is warned about. */
  new_accounts?: ReadonlySet<string>;
  /** The same content under the same name is that batch, to go on with, and no error. */
  go_on_with_same: boolean;
}

export interface ImportedBatch {
  batch: BatchRow;
  digest: string;
  file_sha256: string;
  rows: number;
  amount: string;
  currency: string;
  /** Nothing was written: this is the batch that the same content was imported as before, under this name. */
  already_imported: boolean;
  warnings: { code: string; message: string }[];
}

export async function importBatch(deps: ImportBatchDeps, input: ImportBatchInput): Promise<ImportedBatch> {
  checkWords(input);
  const read = readCsv(input.bytes, { ...PAYOUT_COLUMNS, rows_required: true });
  const file = readCells(read);
  if (read.columns.size === 0) throw fileRefused(input.file_name, read.errors);
  return deps.database.transaction((tx) => importFile(tx, deps, input, file));
}

/** What is wrong with the command itself, before the file is looked at. */
function checkWords(input: ImportBatchInput): void {
  if (!isBatchName(input.name)) {
    throw new PayrunError('usage', 'batch_name_invalid', `"${input.name}" is no name for a batch.`, {
      hint: 'Write 1 to 32 letters, digits, _ . or -, the first a letter or a digit, and no ending such as .r2.',
    });
  }
  const account = input.account ?? input.default_account;
  const problem = bookingAccountProblem(account);
  if (problem !== null) {
    const where =
      input.account === null
        ? 'Correct [ledger] payout_account in payrun.toml.'
        : 'Name another with --account.';
    throw new PayrunError('usage', 'account_invalid', problem, { hint: where });
  }
  if (input.expect_rows !== null && !/^\d{1,9}$/.test(input.expect_rows)) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--expect-rows is "${input.expect_rows}"; write a number of rows.`,
    );
  }
  if (input.expect_amount !== null && !parseAmountOrZero(input.expect_amount, DEFAULT_CURRENCY).ok) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--expect-amount is "${input.expect_amount}"; write it like 150000.00.`,
    );
  }
}

async function importFile(
  tx: Transaction,
  deps: ImportBatchDeps,
  input: ImportBatchInput,
  file: PayoutFile,
): Promise<ImportedBatch> {
  const account = input.account ?? input.default_account;
  const rules: RowRules = {
    batch: input.name,
    rails: input.rails,
    account,
    currency: file.cells[0]?.currency || DEFAULT_CURRENCY,
    beneficiaries: await knownBeneficiaries(tx, file.cells),
  };
  const { payouts, stated, errors } = readRows(file, rules);
  const doubts = doubtfulRows(await accountNames(tx), payouts, input);
  const content = contentOf(stated);
  const errorsOfFile = [...file.read.errors, ...errors];
  const known = file.read.errors.length > 0 ? null : await knownBatch(tx, input, content);
  if (known === null && input.new_accounts !== undefined)
    errorsOfFile.push(...doubts.filter(({ value }) => value === null || !input.new_accounts?.has(value)));
  if (known === null && errorsOfFile.length > 0) throw fileRefused(input.file_name, errorsOfFile);
  const summary = known
    ? totalsOf(known)
    : { rows: payouts.length, amount_minor: sum(payouts), currency: rules.currency };
  checkControlTotals(input, summary);
  const file_sha256 = createHash('sha256').update(input.bytes).digest('hex');
  if (known) {
    refuseOtherWords(known, input);
    return imported(known, file_sha256, true, file.read.warnings);
  }
  await refuseTakenName(tx, input);
  await refuseTakenReferences(tx, input, payouts);
  const batch = await insertBatch(tx, {
    name: input.name,
    provider: input.provider,
    currency: rules.currency,
    row_count: BigInt(payouts.length),
    amount_minor: summary.amount_minor,
    digest: digestOf(payouts, summary.amount_minor),
    file_name: input.file_name,
    file_sha256,
    content_sha256: content,
    account,
    imported_at: deps.now,
    imported_by: deps.actor.name,
    cancelled_at: null,
  });
  await insertPayouts(tx, batch, payouts);
  await recordImport(tx, deps, batch);
  const warnings = [
    ...file.read.warnings,
    ...(input.new_accounts === undefined ? doubts.map(doubtWarning) : []),
  ];
  return imported(batch, file_sha256, false, warnings);
}

function imported(
  batch: BatchRow,
  file_sha256: string,
  already_imported: boolean,
  warnings: ImportedBatch['warnings'],
): ImportedBatch {
  const { rows, amount_minor, currency } = totalsOf(batch);
  const amount = formatAmount(amount_minor, currency);
  return { batch, digest: batch.digest, file_sha256, rows, amount, currency, already_imported, warnings };
}

function totalsOf(batch: BatchRow): Totals {
  return { rows: Number(batch.row_count), amount_minor: batch.amount_minor, currency: batch.currency };
}

async function knownBeneficiaries(
  tx: Transaction,
  cells: readonly PayoutCells[],
): Promise<Map<string, KnownBeneficiary>> {
  const refs = new Set<string>();
  for (const { beneficiary_ref } of cells) refs.add(beneficiary_ref);
  return beneficiariesForPayouts(tx, refs);
}

function sum(payouts: readonly PayoutRow[]): bigint {
  let total = 0n;
  for (const { amount_minor } of payouts) total += amount_minor;
  return total;
}

/** The batch to go on with; null where the content is new, or a person wants it paid again. */
async function knownBatch(
  tx: Transaction,
  input: ImportBatchInput,
  content: string,
): Promise<BatchRow | null> {
  const known = await batchesByContent(tx, content);
  const [first] = known;
  if (!first) return null;
  const same = known.find((batch) => batch.name.toLowerCase() === input.name.toLowerCase());
  if (same && input.go_on_with_same) return same;
  if (!same && input.allow_duplicate_file) return null;
  const batch = same ?? first;
  const hint = same
    ? `Go on with it: \`payrun batch submit ${batch.name}\`. To pay the same list once more, give it a new --name and say --allow-duplicate-file.`
    : `Go on with that batch, or say --allow-duplicate-file to pay the same list once more as "${input.name}".`;
  throw new PayrunError(
    'refused_file',
    'file_known',
    `${input.file_name} has the same rows as batch "${batch.name}", imported ${batch.imported_at} from ${batch.file_name}.`,
    { hint },
  );
}

interface Totals {
  rows: number;
  amount_minor: bigint;
  currency: string;
}

function checkControlTotals(input: ImportBatchInput, totals: Totals): void {
  const differences: string[] = [];
  if (input.expect_rows !== null && Number(input.expect_rows) !== totals.rows) {
    differences.push(`it has ${totals.rows} rows where ${input.expect_rows} were expected`);
  }
  const expected =
    input.expect_amount === null ? null : parseAmountOrZero(input.expect_amount, totals.currency);
  if (expected !== null && (!expected.ok || expected.minor !== totals.amount_minor)) {
    const amount = formatAmount(totals.amount_minor, totals.currency);
    differences.push(
      `its amounts add up to ${amount} ${totals.currency} where ${input.expect_amount} was expected`,
    );
  }
  if (differences.length === 0) return;
  throw new PayrunError(
    'refused_file',
    'control_total_differs',
    `${input.file_name}: ${differences.join('; ')}.`,
    {
      hint: 'Rows may be missing or changed on the way: compare the file with its sender before importing it.',
    },
  );
}

/** Going on with a batch under other words than it was imported with would not do what was asked. */
function refuseOtherWords(known: BatchRow, input: ImportBatchInput): void {
  const [word, had, asked] =
    known.provider !== input.provider
      ? ['provider', known.provider, input.provider]
      : ['account', known.account, input.account ?? known.account];
  if (had === asked) return;
  throw new PayrunError(
    'usage',
    'batch_differs',
    `BatchRow "${known.name}" was imported with ${word} ${had}, not ${asked}.`,
    {
      hint: `Leave out --${word}, or cancel the batch while nothing of it was sent and import the file again.`,
    },
  );
}

async function refuseTakenName(tx: Transaction, input: ImportBatchInput): Promise<void> {
  const other = await batchByName(tx, input.name);
  if (!other || other.cancelled_at !== null) return;
  const message = `There is a batch "${other.name}" already, with other rows (imported ${other.imported_at} from ${other.file_name}).`;
  throw new PayrunError('refused_file', 'batch_name_taken', message, {
    hint: 'Give this file a name of its own with --name.',
  });
}

// One question may carry so many references as one parameter.
const REFERENCES_A_QUESTION = 10_000;

async function refuseTakenReferences(
  tx: Transaction,
  input: ImportBatchInput,
  payouts: readonly PayoutRow[],
): Promise<void> {
  if (!(await hasPayouts(tx))) return;
  const errors: RowError[] = [];
  for (let from = 0; from < payouts.length; from += REFERENCES_A_QUESTION) {
    const group = payouts.slice(from, from + REFERENCES_A_QUESTION);
    const taken = await takenReferences(
      tx,
      group.map((payout) => payout.reference_id.toLowerCase()),
    );
    if (taken.size === 0) continue;
    for (const { line, reference_id } of group) {
      const batch = taken.get(reference_id.toLowerCase());
      if (batch !== undefined)
        errors.push({ line, ...referenceTaken(reference_id, `batch "${batch}" has it`) });
    }
  }
  if (errors.length > 0) throw fileRefused(input.file_name, errors);
}

/** A new account that is nearly an old one is more often a slip than a wish; each where it first stands. */
function doubtfulRows(
  existing: readonly string[],
  payouts: readonly PayoutRow[],
  input: ImportBatchInput,
): RowError[] {
  const lines = new Map<string, number>();
  for (const { account, line } of payouts) if (!lines.has(account)) lines.set(account, line);
  return doubtfulAccounts(lines.keys(), [...existing, input.default_account]).map((doubt) => ({
    line: lines.get(doubt.account) ?? 0,
    column: 'account',
    code: 'account_similar',
    message: doubtSentence(doubt),
    value: doubt.account,
  }));
}

function doubtWarning({ code, message }: RowError): { code: string; message: string } {
  return { code, message: `${message} Payouts of this batch will be booked on it.` };
}

async function recordImport(tx: Transaction, deps: ImportBatchDeps, batch: BatchRow): Promise<void> {
  await recordAudit(tx, {
    at: deps.now,
    actor: deps.actor,
    action: 'batch_imported',
    subject_kind: 'batch',
    subject: batch.name,
    details: {
      file: batch.file_name,
      file_sha256: batch.file_sha256,
      digest: batch.digest,
      rows: Number(batch.row_count),
      amount: formatAmount(batch.amount_minor, batch.currency),
      currency: batch.currency,
      provider: batch.provider,
    },
  });
}
