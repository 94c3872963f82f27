/**
 * Takes in a beneficiary file, whole or not at all. The same row again changes nothing; a change of bank details is
 * refused unless it was allowed, because whoever changes them decides who is paid. An allowed one is audited, is
 * verified anew, and voids the approval of every batch that has still something to send there.
 */
import { hash } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import type { RowError } from '../domain/errors.ts';
import {
  BENEFICIARY_COLUMNS,
  type Beneficiary,
  type BeneficiaryColumn,
  type BeneficiaryRow,
  checkBeneficiary,
  PRIVATE_COLUMNS,
} from '../domain/payout/beneficiary.ts';
import { maskCell } from '../domain/private-text.ts';
import { type CsvRead, type CsvWarning, excerpt, fileRefused, readCsv } from '../statements/read-csv.ts';
import { voidApprovalsFor } from '../store/approvals.ts';
import { recordAudit, recordAudits } from '../store/audit.ts';
import { keepSentAccounts } from '../store/batches.ts';
import {
  type BeneficiaryRecord,
  beneficiariesById,
  beneficiaryPrints,
  deleteRegistrations,
  insertBeneficiaries,
  type NewBeneficiary,
  type SharedAccount,
  sharedAccounts,
  updateBeneficiaries,
} from '../store/beneficiaries.ts';
import type { Database, Transaction } from '../store/database.ts';
import { keepFormerAccounts } from '../store/former-accounts.ts';
import { requireCurrentKey } from '../store/vault-keys.ts';
import { maskAccount, maskEmail, maskPhone, maskVpa } from '../vault/mask.ts';
import type { Vault } from '../vault/vault.ts';
import { fingerprintOf, formerAccount, sealBeneficiary } from './beneficiary-seals.ts';
import { knownBranches } from './known-branches.ts';

export interface BeneficiaryImport {
  database: Database;
  vault: Vault;
  actor: Actor;
  /** RFC 3339 UTC. */
  now(): string;
}

export interface InputFile {
  /** As messages and the ledger name it. */
  name: string;
  bytes: Uint8Array;
}

export interface ImportedBeneficiaries {
  rows: number;
  created: number;
  changed: number;
  unchanged: number;
  warnings: CsvWarning[];
}

/** A row of the file that is good in itself. */
interface FileRow {
  line: number;
  beneficiary: Beneficiary;
}

const COLUMNS: readonly BeneficiaryColumn[] = [
  ...BENEFICIARY_COLUMNS.required,
  ...BENEFICIARY_COLUMNS.optional,
];
// A warning for every row would bury the others.
const WARNINGS_LISTED = 20;
const REFS_LISTED = 5;

export async function importBeneficiaries(
  deps: BeneficiaryImport,
  file: InputFile,
  options: { allow_changes: boolean },
): Promise<ImportedBeneficiaries> {
  const read = readCsv(file.bytes, { ...BENEFICIARY_COLUMNS, rows_required: true });
  const rows = checkRows(read);
  if (read.errors.length > 0 && rows.length === 0) throw fileRefused(file.name, read.errors.map(masked));
  const { shared, ...counts } = await deps.database.transaction(async (tx) => {
    await requireCurrentKey(tx, deps.vault.key_id);
    const plan = await planImport(tx, deps, rows);
    const errors = options.allow_changes
      ? read.errors
      : [...read.errors, ...plan.redirected.map(refuseChange)];
    if (errors.length > 0) throw fileRefused(file.name, errors.map(masked));
    const stored = await store(tx, deps, file, plan);
    return { ...stored, shared: await sharedAccounts(tx) };
  });
  const warnings = [
    ...read.warnings,
    ...(await unknownBranches(rows)),
    ...roundedAccounts(rows),
    ...warnOfShared(rows, shared),
  ];
  return { rows: rows.length, ...counts, warnings };
}

function checkRows(read: CsvRead): FileRow[] {
  const rows: FileRow[] = [];
  const lines = new Map<string, number>();
  for (const { line, values } of read.rows) {
    const row = Object.fromEntries(
      COLUMNS.map((column) => [column, values[read.columns.get(column) ?? -1] ?? '']),
    ) as Record<BeneficiaryColumn, string> satisfies BeneficiaryRow;
    const checked = checkBeneficiary(row, line);
    if (checked.ok) rows.push({ line, beneficiary: checked.beneficiary });
    else read.errors.push(...checked.errors);
    const key = row.beneficiary_ref.toLowerCase();
    const earlier = lines.get(key);
    if (earlier === undefined) lines.set(key, line);
    else if (key !== '') read.errors.push(duplicate(row.beneficiary_ref, line, earlier));
  }
  return rows;
}

function duplicate(ref: string, line: number, earlier: number): RowError {
  const message = `The beneficiary_ref "${excerpt(ref)}" stands on line ${earlier} already; each has one row.`;
  return { line, column: 'beneficiary_ref', code: 'reference_duplicate', message, value: ref };
}

interface Plan {
  created: Beneficiary[];
  /** Rows that say something new of a beneficiary whose account stays. */
  reworded: Change[];
  /** Rows that send the money elsewhere. */
  redirected: Change[];
  unchanged: number;
}

interface Change {
  row: FileRow;
  known: BeneficiaryRecord;
}

async function planImport(tx: Transaction, deps: BeneficiaryImport, rows: readonly FileRow[]): Promise<Plan> {
  const plan: Plan = { created: [], reworded: [], redirected: [], unchanged: 0 };
  const refs = rows.map((row) => row.beneficiary.beneficiary_ref);
  const prints = await beneficiaryPrints(tx, refs);
  const changed: { row: FileRow; id: bigint; redirects: boolean }[] = [];
  for (const row of rows) {
    const stored = prints.get(row.beneficiary.beneficiary_ref.toLowerCase());
    if (!stored) {
      plan.created.push(row.beneficiary);
      continue;
    }
    const stated = fingerprintOf(deps.vault, row.beneficiary);
    if (stated.row_fingerprint === stored.row_fingerprint) plan.unchanged += 1;
    else changed.push({ row, id: stored.id, redirects: stated.fingerprint !== stored.fingerprint });
  }
  const records = await beneficiariesById(
    tx,
    changed.map(({ id }) => id),
  );
  for (const { row, id, redirects } of changed) {
    const known = records.get(id);
    if (known) (redirects ? plan.redirected : plan.reworded).push({ row, known });
  }
  return plan;
}

function refuseChange({ row, known }: Change): RowError {
  const column = row.beneficiary.destination_kind === 'vpa' ? 'vpa' : 'account_number';
  return {
    line: row.line,
    column,
    code: 'beneficiary_changed',
    message: `The row changes the bank details of ${known.beneficiary_ref} (now ${known.account_masked}${known.ifsc ? ` ${known.ifsc}` : ''}); if that is meant, import with --allow-changes.`,
    value: row.beneficiary.vpa ?? row.beneficiary.account_number,
  };
}

async function store(
  tx: Transaction,
  deps: BeneficiaryImport,
  file: InputFile,
  plan: Plan,
): Promise<{ created: number; changed: number; unchanged: number }> {
  const now = deps.now();
  const changes = [...plan.reworded, ...plan.redirected];
  const counts = { created: plan.created.length, changed: changes.length, unchanged: plan.unchanged };
  await recordImport(tx, deps, file, counts, now);
  await insertBeneficiaries(tx, sealNew(deps.vault, plan.created, now));
  await keepSentAccounts(
    tx,
    plan.redirected.map(({ known }) => known.id),
  );
  await keepFormerAccounts(
    tx,
    plan.redirected.map(({ known }) => formerAccount(deps.vault, known, now)),
  );
  await updateBeneficiaries(tx, sealChanged(deps.vault, changes, now));
  await redirect(tx, deps, file.name, plan.redirected, now);
  return counts;
}

/** One event for a file that brought anything, at the instant that its beneficiaries bear. */
async function recordImport(
  tx: Transaction,
  deps: BeneficiaryImport,
  file: InputFile,
  counts: { created: number; changed: number; unchanged: number },
  now: string,
): Promise<void> {
  if (counts.created + counts.changed === 0) return;
  await recordAudit(tx, {
    at: now,
    actor: deps.actor,
    action: 'beneficiaries_imported',
    subject_kind: 'beneficiary',
    subject: file.name,
    details: {
      file_sha256: hash('sha256', file.bytes, 'hex'),
      rows: counts.created + counts.changed + counts.unchanged,
      ...counts,
    },
  });
}

function* sealNew(
  vault: Vault,
  beneficiaries: readonly Beneficiary[],
  now: string,
): Generator<NewBeneficiary> {
  for (const beneficiary of beneficiaries) {
    const { beneficiary_ref } = beneficiary;
    yield {
      ...sealBeneficiary(vault, beneficiary, beneficiary_ref),
      beneficiary_ref,
      created_at: now,
      updated_at: now,
    };
  }
}

function* sealChanged(vault: Vault, changes: readonly Change[], now: string): Generator<BeneficiaryRecord> {
  for (const { row, known } of changes) {
    // Sealed to the reference as it was first written, which the row may spell in other letters.
    yield { ...known, ...sealBeneficiary(vault, row.beneficiary, known.beneficiary_ref), updated_at: now };
  }
}

/** What a change of bank details undoes: the provider's registration, approvals; and who made it is kept. */
async function redirect(
  tx: Transaction,
  deps: BeneficiaryImport,
  file: string,
  changes: readonly Change[],
  now: string,
): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ known }) => known.id);
  await deleteRegistrations(tx, ids);
  const voided = await voidApprovalsFor(tx, ids, 'bank details of a beneficiary were changed', now);
  await recordAudits(
    tx,
    changes.map(({ row, known }) => ({
      at: now,
      actor: deps.actor,
      action: 'beneficiary_details_changed',
      subject_kind: 'beneficiary',
      subject: known.beneficiary_ref,
      details: {
        file,
        account_before: known.account_masked,
        ifsc_before: known.ifsc,
        account_after: maskDestination(row.beneficiary),
        ifsc_after: row.beneficiary.ifsc,
        approvals_voided: voided.map((batch) => batch.name),
      },
    })),
  );
}

function maskDestination(beneficiary: Beneficiary): string {
  return beneficiary.vpa === null ? maskAccount(beneficiary.account_number ?? '') : maskVpa(beneficiary.vpa);
}

/** Errors go to terminals and logs: private values are masked there, and so are long numbers in a wrong column. */
function masked(error: RowError): RowError {
  if (!error.value || error.code === 'account_number_damaged') return error;
  const column = error.column ?? '';
  if (!PRIVATE_COLUMNS.has(column)) return maskedCell(error, error.value);
  if (column === 'vpa') return { ...error, value: maskVpa(error.value) };
  if (column === 'email') return { ...error, value: maskEmail(error.value) };
  if (column === 'phone') return { ...error, value: maskPhone(error.value) };
  return { ...error, value: maskAccount(error.value) };
}

/** The message may say the value whole or cut. */
function maskedCell(error: RowError, value: string): RowError {
  const shown = maskCell(value);
  if (shown === value) return { ...error, value: excerpt(value) };
  const message = [value, excerpt(value), value.slice(0, 60)].reduce(
    (text, said) => text.replaceAll(said, excerpt(shown)),
    error.message,
  );
  return { ...error, message, value: excerpt(shown) };
}

async function unknownBranches(rows: readonly FileRow[]): Promise<CsvWarning[]> {
  const stated = rows.filter(({ beneficiary }) => beneficiary.ifsc !== null);
  if (stated.length === 0) return [];
  const isKnown = await knownBranches();
  const unknown = stated.filter(({ beneficiary }) => !isKnown(beneficiary.ifsc ?? ''));
  const warnings = unknown.slice(0, WARNINGS_LISTED).map(({ line, beneficiary }) => ({
    code: 'ifsc_unknown',
    message: `Line ${line}: no branch is known with the IFSC ${beneficiary.ifsc}; it may be new, or mistyped.`,
  }));
  const more = unknown.length - warnings.length;
  if (more > 0)
    warnings.push({ code: 'ifsc_unknown', message: `${more} more rows have an IFSC of no known branch.` });
  return warnings;
}

/** Of accounts that a row of the file has: two employees with one account are often one, or none. */
function warnOfShared(rows: readonly FileRow[], shared: readonly (readonly SharedAccount[])[]): CsvWarning[] {
  if (shared.length === 0) return [];
  const lines = new Map(
    rows.map(({ line, beneficiary }) => [beneficiary.beneficiary_ref.toLowerCase(), line]),
  );
  const stated = shared.flatMap((holders) => {
    const line = Math.max(0, ...holders.map((each) => lines.get(each.beneficiary_ref.toLowerCase()) ?? 0));
    return line === 0 ? [] : [{ line, holders }];
  });
  const warnings = stated.slice(0, WARNINGS_LISTED).map(({ line, holders }) => ({
    code: 'account_shared',
    message: `Line ${line}: ${namesOf(holders)} have one account, ${accountOf(holders)}; whoever holds it is paid under each of these names.`,
  }));
  const more = stated.length - warnings.length;
  if (more > 0)
    warnings.push({
      code: 'account_shared',
      message: `${more} more accounts of the file have several names.`,
    });
  return warnings;
}

function namesOf(holders: readonly SharedAccount[]): string {
  const refs = holders.map((each) => each.beneficiary_ref);
  const more = refs.length - REFS_LISTED;
  const last = more > 0 ? `${more} more` : (refs.pop() ?? '');
  return `${refs.slice(0, REFS_LISTED).join(', ')} and ${last}`;
}

function accountOf([first]: readonly SharedAccount[]): string {
  return [first?.account_masked, first?.ifsc].filter(Boolean).join(' ');
}

/** Spreadsheets keep 15 digits of a number and write zeros for the rest. */
function roundedAccounts(rows: readonly FileRow[]): CsvWarning[] {
  const long = rows.filter(({ beneficiary }) => /^\d{16,}$/.test(beneficiary.account_number ?? ''));
  const rounded = long.filter(({ beneficiary }) => beneficiary.account_number?.endsWith('0'));
  if (rounded.length * 5 <= long.length) return [];
  const first = rounded[0]?.line ?? 0;
  return [
    {
      code: 'account_numbers_rounded',
      message: `${rounded.length} of ${long.length} account numbers with more than 15 digits end in 0 (the first on line ${first}), as when a spreadsheet has rounded them; compare some with the source.`,
    },
  ];
}
