/**
 * A payout file becomes a draft batch, whole or not at all: every wrong row is reported at once, the same list under
 * other clothes is recognised, and nothing stands in the ledger that the file did not state.
 */
import { createHash } from 'node:crypto';
import type { RowError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import {
  DEFAULT_CURRENCY,
  type KnownBeneficiary,
  PAYOUT_COLUMNS,
  type PayoutCells,
  type PayoutRow,
  type RowRules,
} from '../domain/payout/payout-row.ts';
import { type CsvRead, fileRefused, readCsv } from '../statements/read-csv.ts';
import { recordAudit } from '../store/audit.ts';
import {
  type BatchRow,
  batchByName,
  completeBatch,
  hasPayouts,
  insertBatch,
  takenReferences,
} from '../store/batches.ts';
import { isConstraintViolation, type Transaction } from '../store/database.ts';
import { insertPayouts } from '../store/insert-payouts.ts';
import { accountNames } from '../store/ledger-queries.ts';
import { beneficiariesForPayouts } from '../store/payout-beneficiaries.ts';
import {
  checkControlTotals,
  checkWords,
  doubtfulRows,
  doubtWarnings,
  type ImportBatchDeps,
  type ImportBatchInput,
  type ImportedBatch,
  knownBatch,
  refuseOtherWords,
  refuseTakenName,
  totalsOf,
  unmeant,
} from './import-checks.ts';
import {
  contentOf,
  createDigest,
  digestOf,
  type PayoutFile,
  readCells,
  readRows,
  referenceTaken,
  sum,
} from './payout-file.ts';
import { readGroups } from './payout-groups.ts';
import { createSortedHash } from './sorted-hash.ts';

export async function importBatch(deps: ImportBatchDeps, input: ImportBatchInput): Promise<ImportedBatch> {
  checkWords(input);
  const read = () => readCsv(input.bytes, { ...PAYOUT_COLUMNS, rows_required: true });
  const first = read();
  if (first.columns.size === 0) throw fileRefused(input.file_name, first.errors);
  try {
    return await deps.database.transaction((tx) => importInGroups(tx, deps, input, first));
  } catch (error) {
    if (!(error instanceof NeedsAllRows) && !isConstraintViolation(error)) throw error;
  }
  return deps.database.transaction((tx) => importFile(tx, deps, input, readCells(read())));
}

/** Something is wrong, or may be: what has to be said of it needs all rows beside each other. */
class NeedsAllRows extends Error {}

/**
 * A good file goes into the ledger while it is read, so that memory does not grow with it; whatever is not plainly good
 * takes all of that back. Of each row only the text is kept that the content hash sorts.
 */
async function importInGroups(
  tx: Transaction,
  deps: ImportBatchDeps,
  input: ImportBatchInput,
  read: CsvRead,
): Promise<ImportedBatch> {
  const namesake = await batchByName(tx, input.name);
  const nameTaken = namesake !== undefined && namesake.cancelled_at === null;
  const account = input.account ?? input.default_account;
  const askForReferences = await hasPayouts(tx);
  const digest = createDigest();
  const content = createSortedHash();
  const imports = createHash('sha256');
  let rows = 0;
  const lines = new Map<string, number>();
  let draft: BatchRow | undefined;
  let amount_minor = 0n;
  for await (const group of readGroups(tx, read, { batch: input.name, rails: input.rails, account })) {
    if (group === null) throw new NeedsAllRows();
    const { payouts } = group;
    content.add(group.stated);
    rows += payouts.length;
    digest.add(payouts);
    amount_minor += sum(payouts);
    noteAccounts(lines, payouts);
    if (nameTaken) continue;
    if (askForReferences && (await taken(tx, payouts)).size > 0) throw new NeedsAllRows();
    draft ??= await insertBatch(tx, draftOf(deps, input, account, payouts[0]?.currency ?? DEFAULT_CURRENCY));
    await insertPayouts(tx, draft, payouts, imports);
  }
  if (read.errors.length > 0) throw new NeedsAllRows();
  const doubts = doubtfulRows(await accountNames(tx), lines, input);
  const content_sha256 = content.end();
  const known = await knownBatch(tx, input, content_sha256);
  const file_sha256 = createHash('sha256').update(input.bytes).digest('hex');
  if (known) {
    checkControlTotals(input, totalsOf(known));
    refuseOtherWords(known, input);
    return imported(known, file_sha256, true, read.warnings);
  }
  if (draft === undefined || unmeant(doubts, input).length > 0) throw new NeedsAllRows();
  const batch: BatchRow = {
    ...draft,
    row_count: BigInt(rows),
    amount_minor,
    digest: digest.end(),
    file_sha256,
    content_sha256,
    rows_sha256: imports.digest('hex'),
  };
  checkControlTotals(input, totalsOf(batch));
  await completeBatch(tx, batch);
  await recordImport(tx, deps, batch);
  return imported(batch, file_sha256, false, [...read.warnings, ...doubtWarnings(doubts, input)]);
}

/** What its rows refer to while they are read; `completeBatch` writes the totals and hashes over it before all is kept. */
function draftOf(
  deps: ImportBatchDeps,
  input: ImportBatchInput,
  account: string,
  currency: string,
): Omit<BatchRow, 'id' | 'rows_sha256'> {
  return {
    name: input.name,
    provider: input.provider,
    currency,
    row_count: 1n,
    amount_minor: 1n,
    digest: '',
    file_name: input.file_name,
    file_sha256: '',
    content_sha256: '',
    account,
    imported_at: deps.now,
    imported_by: deps.actor.name,
    cancelled_at: null,
  };
}

function noteAccounts(lines: Map<string, number>, payouts: readonly PayoutRow[]): void {
  for (const { account, line } of payouts) if (!lines.has(account)) lines.set(account, line);
}

function taken(tx: Transaction, payouts: readonly PayoutRow[]): Promise<Map<string, string>> {
  return takenReferences(
    tx,
    payouts.map((payout) => payout.reference_id.toLowerCase()),
  );
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
  const accounts = new Map<string, number>();
  noteAccounts(accounts, payouts);
  const doubts = doubtfulRows(await accountNames(tx), accounts, input);
  const content = contentOf(stated);
  const errorsOfFile = [...file.read.errors, ...errors];
  const known = file.read.errors.length > 0 ? null : await knownBatch(tx, input, content);
  if (known === null) errorsOfFile.push(...unmeant(doubts, input));
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
    digest: digestOf(payouts),
    file_name: input.file_name,
    file_sha256,
    content_sha256: content,
    account,
    imported_at: deps.now,
    imported_by: deps.actor.name,
    cancelled_at: null,
  });
  const imports = createHash('sha256');
  await insertPayouts(tx, batch, payouts, imports);
  await completeBatch(tx, { ...batch, rows_sha256: imports.digest('hex') });
  await recordImport(tx, deps, batch);
  return imported(batch, file_sha256, false, [...file.read.warnings, ...doubtWarnings(doubts, input)]);
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

async function knownBeneficiaries(
  tx: Transaction,
  cells: readonly PayoutCells[],
): Promise<Map<string, KnownBeneficiary>> {
  const refs = new Set<string>();
  for (const { beneficiary_ref } of cells) refs.add(beneficiary_ref);
  return beneficiariesForPayouts(tx, refs);
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
    const found = await taken(tx, group);
    if (found.size === 0) continue;
    for (const { line, reference_id } of group) {
      const batch = found.get(reference_id.toLowerCase());
      if (batch !== undefined)
        errors.push({ line, ...referenceTaken(reference_id, `batch "${batch}" has it`) });
    }
  }
  if (errors.length > 0) throw fileRefused(input.file_name, errors);
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
