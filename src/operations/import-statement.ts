/**
 * Takes statements in. All files are read before the first is kept, so that a bad one refuses them all; the same
 * bytes are taken in once, and lines that an earlier file had are known again. Large files go into the ledger while
 * they are read, within the one transaction; the first thing that is wrong takes everything back, and the file is
 * read whole, so that all that is wrong can be said.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import { readWhole } from '../statements/bulk/scan-side.ts';
import type { LineCount } from '../statements/line-count.ts';
import { PlainPageWriter } from '../statements/plain-page.ts';
import type { RowForm } from '../statements/plain-row.ts';
import type { Profile } from '../statements/profile.ts';
import { type CsvWarning, fileRefused } from '../statements/read-csv.ts';
import { profileFor, readStatement, type StatementRow } from '../statements/read-statement.ts';
import { NotPlain } from '../statements/stream-records.ts';
import { OpenFile, StatementStream } from '../statements/stream-statement.ts';
import type { Database, Reader, Transaction } from '../store/database.ts';
import type { StatementPage } from '../store/statement-pages.ts';
import { proofsOfStatement, type StoredProof, storeProofs } from '../store/statement-proofs.ts';
import { type Pages, storeStatement } from '../store/statement-storing.ts';
import { type KeptStatement, statementBySha256, statementOfAnother } from '../store/statements.ts';
import { unpackLines } from './packed-lines.ts';
import { pagesOf } from './statement-in-thread.ts';

export interface StatementInput {
  /** What the ledger and messages call it. */
  name: string;
  bytes: Uint8Array;
}

/** A regular file that is large: it is read block by block, more than once. */
export interface StatementFile {
  name: string;
  path: string;
}

export interface StatementDeps {
  database: Database;
  actor: Actor;
  now(): string;
  stages?: Stages;
}

/** Hears of long work: what begins and how much of it there is, and how much of it is done. */
export interface Stages {
  begin(what: string, total: number): void;
  done(count: number): void;
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
  proofs: readonly StoredProof[];
}

/** A file that is not stored yet. */
interface ReadFile {
  name: string;
  sha256: string;
  profile: Profile;
  /** To be read once, in the order of the file. */
  pages: Pages;
  /** How what is kept by its text is read again; null where nothing is. */
  form: RowForm | null;
  /** Complete once the pages are read. */
  count: LineCount;
  proofs: readonly StoredProof[];
}

interface ReadStatements {
  files: readonly (ReadFile | ImportedStatement)[];
  warnings: readonly CsvWarning[];
}

/** Hears of the pages of a statement when they are stored, and how their lines are read. */
export type PageListener = (form: RowForm, page: StatementPage) => void;

/** What is done in the transaction that stores statements; `store` does that, and is called once. */
export type Around<Result> = (
  tx: Transaction,
  store: (listener?: PageListener) => Promise<ImportedStatement[]>,
) => Promise<Result>;

/** Reads all files, or throws what is wrong with the first bad one, and stores them in a transaction with what is around. */
export async function importStatements<Result>(
  deps: StatementDeps,
  inputs: readonly (StatementInput | StatementFile)[],
  terms: StatementTerms,
  around: Around<Result>,
): Promise<{ warnings: readonly CsvWarning[]; result: Result }> {
  try {
    return await importOnce(deps, inputs, terms, around);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
  }
  const whole = inputs.map((input) =>
    'path' in input ? { name: input.name, bytes: readFileSync(input.path) } : input,
  );
  return importOnce(deps, whole, terms, around);
}

async function importOnce<Result>(
  deps: StatementDeps,
  inputs: readonly (StatementInput | StatementFile)[],
  terms: StatementTerms,
  around: Around<Result>,
) {
  const opened: OpenFile[] = [];
  try {
    const { files, warnings } = await readStatements(deps, inputs, terms, opened);
    const result = await deps.database.transaction((tx) =>
      around(tx, async (listener) => {
        const statements: ImportedStatement[] = [];
        for (const file of files)
          statements.push('pages' in file ? await store(tx, deps, file, terms.provider, listener) : file);
        return statements;
      }),
    );
    return { warnings, result };
  } finally {
    for (const file of opened) file.close();
  }
}

/** Files that are known are not read again. */
async function readStatements(
  { database, stages }: StatementDeps,
  inputs: readonly (StatementInput | StatementFile)[],
  terms: StatementTerms,
  opened: OpenFile[],
): Promise<ReadStatements> {
  const warnings: CsvWarning[] = [];
  const files: (ReadFile | ImportedStatement)[] = [];
  for (const input of inputs) {
    const { name } = input;
    const file = 'path' in input ? new OpenFile(input.path) : null;
    if (file) opened.push(file);
    const sha256 = 'path' in input ? digestOf(file) : createHash('sha256').update(input.bytes).digest('hex');
    const known = await knownStatement(database, name, sha256, terms.provider);
    if (!known) warnings.push(...(await takenElsewhere(database, name, sha256, terms.provider)));
    if (known) files.push(known);
    else if ('bytes' in input) {
      const { rows, ...read } = readFile(input, terms, warnings);
      files.push({ name, sha256, ...read, pages: [{ rows, plain: NO_LINES }], form: null });
    } else if (file) files.push({ name, sha256, ...streamFile(file, terms, warnings, stages) });
  }
  return { files, warnings };
}

/** A bank's statement may be meant for a provider and for an account; more often the second was forgotten at first. */
async function takenElsewhere(
  reader: Reader,
  name: string,
  sha256: string,
  provider: string,
): Promise<CsvWarning[]> {
  const other = await statementOfAnother(reader, provider, sha256);
  if (!other) return [];
  const message = `${name} counts for ${other.provider} too, as statement ${other.id}. If that is a mistake: payrun statement withdraw ${other.id} --reason TEXT.`;
  return [{ code: 'statement_of_another', message }];
}

/** Of a file that is read whole, which keeps none by their text. */
const NO_LINES = new PlainPageWriter(',', 0).take();

const BLOCK_BYTES = 1 << 20;

function digestOf(file: OpenFile | null): string {
  const digest = createHash('sha256');
  for (let at = 0; file && at < file.size; at += BLOCK_BYTES)
    digest.update(readWhole(file.descriptor, at, Math.min(BLOCK_BYTES, file.size - at)));
  return digest.digest('hex');
}

const MEGABYTE = 1_000_000;

function streamFile(
  file: OpenFile,
  terms: StatementTerms,
  warnings: CsvWarning[],
  stages: Stages | undefined,
): Omit<ReadFile, 'name' | 'sha256'> {
  const profile = terms.profile ?? profileFor(file.beginning, terms.profiles, terms.expected_profile);
  const stream = new StatementStream(file, profile, terms.time_zone);
  warnings.push(...stream.warnings);
  stages?.begin('Reading MB', Math.round(file.size / MEGABYTE));
  const pages = pagesOf(stream, file, (bytes) => stages?.done(Math.round(bytes / MEGABYTE)));
  return { profile, pages, form: stream.form, count: stream.count, proofs: [] };
}

async function knownStatement(
  reader: Reader,
  file: string,
  sha256: string,
  provider: string,
): Promise<ImportedStatement | undefined> {
  const known = await statementBySha256(reader, provider, sha256);
  if (!known) return undefined;
  if (known.withdrawn_at !== null) throw withdrawn(file, known);
  return {
    statement: known.id,
    file,
    sha256,
    profile: known.profile,
    lines: Number(known.row_count),
    new_lines: 0,
    from: known.from_on,
    to: known.to_on,
    already_imported: true,
    count: null,
    proofs: await proofsOfStatement(reader, known.id),
  };
}

/** Taken in in passing, it would undo what a person has decided. */
function withdrawn(
  file: string,
  { id, withdrawn_at, withdrawn_by, withdrawn_reason }: KeptStatement,
): PayrunError {
  const message = `${file} is statement ${id}, which ${withdrawn_by} withdrew at ${withdrawn_at}: ${withdrawn_reason}.`;
  return new PayrunError('refused_file', 'statement_withdrawn', message, {
    file,
    hint: `A corrected report is another file. To have this one count again: payrun statement reinstate ${id} --reason TEXT.`,
  });
}

// The file may be good, and of another kind than the one that it was taken for.
const UNFIT_HINT =
  'Nothing of the file was imported. See how it would be read with `payrun statement inspect FILE`; where another profile is meant, name it with --profile, or write one in payrun.toml.';

/** Reads a file whole, or throws what is wrong with it. Also for files that are compared without a ledger. */
export function readFile(
  input: StatementInput,
  terms: Omit<StatementTerms, 'provider'>,
  warnings: CsvWarning[],
): Pick<ReadFile, 'profile' | 'count' | 'proofs'> & { rows: StatementRow[] } {
  const profile = terms.profile ?? profileFor(input.bytes, terms.profiles, terms.expected_profile);
  const read = readStatement(input.bytes, profile, terms.time_zone);
  if (read.errors.length > 0) {
    const unfit = read.errors.every(({ code }) => code === 'column_missing');
    throw fileRefused(input.name, read.errors, ...(unfit ? [UNFIT_HINT] : []));
  }
  warnings.push(...read.warnings);
  return { profile, rows: read.rows, count: read.count, proofs: read.proofs };
}

async function store(
  tx: Transaction,
  deps: StatementDeps,
  { name, sha256, profile, pages, form, count, proofs }: ReadFile,
  provider: string,
  listener: PageListener | undefined,
): Promise<ImportedStatement> {
  // Another process, or the same file given twice, may have been faster.
  const known = await knownStatement(tx, name, sha256, provider);
  if (known) return known;
  const stored = await storeStatement(
    tx,
    {
      provider,
      profile: profile.name,
      file_name: name,
      sha256,
      imported_at: deps.now(),
      imported_by: deps.actor.name,
    },
    pages,
    form && JSON.stringify(form),
    unpackLines,
    (page) => form && listener?.(form, page),
  );
  await storeProofs(tx, stored.id, proofs);
  return {
    statement: stored.id,
    file: name,
    sha256,
    profile: profile.name,
    lines: Number(stored.row_count),
    new_lines: Number(stored.new_count),
    from: stored.from_on,
    to: stored.to_on,
    already_imported: false,
    count,
    proofs,
  };
}
