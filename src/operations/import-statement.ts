/**
 * Takes statements in. All files are read before the first is stored, so that a bad one refuses them all; the same
 * bytes are taken in once, and lines that an earlier file had are known again.
 */
import { createHash } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { compareText } from '../domain/reconciliation/statement-line.ts';
import type { LineCount } from '../statements/line-count.ts';
import type { Profile } from '../statements/profile.ts';
import { type CsvWarning, fileRefused } from '../statements/read-csv.ts';
import { profileFor, readStatement, type StatementRow } from '../statements/read-statement.ts';
import type { Proof } from '../statements/statement-proof.ts';
import type { Database, Reader, Transaction } from '../store/database.ts';
import { statementBySha256, storeStatement } from '../store/statements.ts';

export interface StatementInput {
  name: string;
  bytes: Uint8Array;
}

export interface StatementDeps {
  database: Database;
  actor: Actor;
  now(): string;
}

export interface StatementTerms {
  provider: string;
  /** The profile to read with; null to tell it by each file's header. */
  profile: Profile | null;
  profiles: readonly Profile[];
  /** Whose missing columns are reported where no profile fits or nearly fits. */
  expected_profile: Profile;
  /** The ledger's: it decides the day of an instant. */
  time_zone: string;
}

export interface ImportedStatement {
  statement: bigint;
  file: string;
  sha256: string;
  profile: string;
  lines: number;
  new_lines: number;
  from: string | null;
  to: string | null;
  already_imported: boolean;
  /** What became of the file's lines; null where it was taken in before. */
  count: LineCount | null;
  proofs: readonly Proof[];
}

/** A file whose rows are good, not stored yet. */
export interface ReadFile {
  input: StatementInput;
  sha256: string;
  profile: Profile;
  rows: readonly StatementRow[];
  count: LineCount;
  proofs: readonly Proof[];
}

export interface ReadStatements {
  files: readonly (ReadFile | ImportedStatement)[];
  warnings: readonly CsvWarning[];
}

export async function importStatements(
  deps: StatementDeps,
  inputs: readonly StatementInput[],
  terms: StatementTerms,
): Promise<{ statements: ImportedStatement[]; warnings: readonly CsvWarning[] }> {
  const { files, warnings } = await readStatements(deps.database, inputs, terms);
  const statements = await deps.database.transaction((tx) =>
    storeStatements(tx, deps, files, terms.provider),
  );
  return { statements, warnings };
}

/** Reads all files, or throws what is wrong with the first bad one; those that are known are not read again. */
export async function readStatements(
  reader: Reader,
  inputs: readonly StatementInput[],
  terms: StatementTerms,
): Promise<ReadStatements> {
  const warnings: CsvWarning[] = [];
  const files: (ReadFile | ImportedStatement)[] = [];
  for (const input of inputs) {
    const sha256 = createHash('sha256').update(input.bytes).digest('hex');
    const known = await knownStatement(reader, input, sha256, terms.provider);
    files.push(known ?? { input, sha256, ...readFile(input, terms, warnings) });
  }
  return { files, warnings };
}

/** Stores what was read, in the caller's transaction. */
export async function storeStatements(
  tx: Transaction,
  deps: StatementDeps,
  files: ReadStatements['files'],
  provider: string,
): Promise<ImportedStatement[]> {
  const statements: ImportedStatement[] = [];
  for (const file of files) statements.push('rows' in file ? await store(tx, deps, file, provider) : file);
  return statements;
}

async function knownStatement(
  reader: Reader,
  input: StatementInput,
  sha256: string,
  provider: string,
): Promise<ImportedStatement | undefined> {
  const known = await statementBySha256(reader, provider, sha256);
  if (!known) return undefined;
  return {
    statement: known.id,
    file: input.name,
    sha256,
    profile: known.profile,
    lines: Number(known.row_count),
    new_lines: 0,
    from: known.from_on,
    to: known.to_on,
    already_imported: true,
    count: null,
    proofs: [],
  };
}

/** Reads a file whole, or throws what is wrong with it. Also for files that are compared without a ledger. */
export function readFile(
  input: StatementInput,
  terms: Omit<StatementTerms, 'provider'>,
  warnings: CsvWarning[],
): Pick<ReadFile, 'profile' | 'rows' | 'count' | 'proofs'> {
  const profile = terms.profile ?? profileFor(input.bytes, terms.profiles, terms.expected_profile);
  const read = readStatement(input.bytes, profile, terms.time_zone);
  if (read.errors.length > 0) throw fileRefused(input.name, read.errors);
  warnings.push(...read.warnings);
  return { profile, rows: read.rows, count: read.count, proofs: read.proofs };
}

async function store(
  tx: Transaction,
  deps: StatementDeps,
  file: ReadFile,
  provider: string,
): Promise<ImportedStatement> {
  // Another process, or the same file given twice, may have been faster.
  const known = await knownStatement(tx, file.input, file.sha256, provider);
  if (known) return known;
  const days = [...new Set(file.rows.flatMap((row) => row.stated_on ?? []))].sort(compareText);
  const [from = null, to = null] = [days[0], days.at(-1)];
  const stored = await storeStatement(
    tx,
    {
      provider,
      profile: file.profile.name,
      file_name: file.input.name,
      sha256: file.sha256,
      row_count: BigInt(file.rows.length),
      from_on: from,
      to_on: to,
      imported_at: deps.now(),
      imported_by: deps.actor.name,
    },
    file.rows,
  );
  return {
    statement: stored.id,
    file: file.input.name,
    sha256: file.sha256,
    profile: file.profile.name,
    lines: file.rows.length,
    new_lines: Number(stored.new_count),
    from,
    to,
    already_imported: false,
    count: file.count,
    proofs: file.proofs,
  };
}
