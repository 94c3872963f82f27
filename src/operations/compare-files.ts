/**
 * A statement against a list of ours, both files: the same matching and the same breaks, with no ledger, no memory
 * and no key, so that a CI job can do it.
 */
import { createHash } from 'node:crypto';
import type { FoundBreak, Terms } from '../domain/reconciliation/break.ts';
import { compare } from '../domain/reconciliation/compare.ts';
import { type Coverage, coverageOf } from '../domain/reconciliation/coverage.ts';
import type { LedgerAttempt } from '../domain/reconciliation/ledger-attempt.ts';
import { explainedBy, match } from '../domain/reconciliation/match.ts';
import { NOTHING_SETTLED, onlyCurrency, type Settled } from '../domain/reconciliation/settled.ts';
import type { StatementLine } from '../domain/reconciliation/statement-line.ts';
import { addUp, type Totals } from '../domain/reconciliation/totals.ts';
import { type CsvWarning, fileRefused } from '../statements/read-csv.ts';
import { type OurRow, readOurs } from '../statements/read-ours.ts';
import type { StatementRow } from '../statements/read-statement.ts';
import type { StoredProof } from '../store/statement-proofs.ts';
import { readFile, type StatementInput, type StatementTerms } from './import-statement.ts';

export interface Compared {
  statements: {
    file: string;
    sha256: string;
    profile: string;
    lines: number;
    proofs: readonly StoredProof[];
  }[];
  coverage: Coverage;
  matched: number;
  expected: number;
  breaks: readonly FoundBreak[];
  /** Where the line of a break stands, by line_id. */
  places: ReadonlyMap<bigint, PlaceInFile>;
  totals: readonly Totals[];
  warnings: CsvWarning[];
}

/** `file` counts the files from 0. */
export interface PlaceInFile {
  file: number;
  line_no: number;
}

/** Both sides as far as they are compared one by one; what `settled` says was taken out of them before. */
export interface Sides {
  statements: Compared['statements'];
  /** Rows of each file. */
  files: readonly (readonly Numbered<StatementRow>[])[];
  payouts: readonly Numbered<OurRow>[];
  settled: Settled;
  warnings: CsvWarning[];
}

/** `ordinal` counts the rows of a side from 1, over all of its files. */
export type Numbered<Row> = Row & { ordinal: number };

export function compareFiles(
  inputs: readonly StatementInput[],
  ours: StatementInput,
  reading: Omit<StatementTerms, 'provider'>,
  terms: Terms,
): Compared {
  const warnings: CsvWarning[] = [];
  const files = inputs.map((input) => ({ input, ...readFile(input, reading, warnings) }));
  const currencies = files.flatMap(({ rows }) => rows.map((row) => row.currency));
  const read = readOurs(ours.bytes, onlyCurrency(currencies) ?? 'INR', reading.time_zone);
  if (read.errors.length > 0) throw fileRefused(ours.name, read.errors);
  let ordinal = 0;
  const numbered = <Row>(row: Row): Numbered<Row> => {
    ordinal += 1;
    return { ...row, ordinal };
  };
  const sides = {
    statements: files.map(({ input, profile, rows, proofs }) => ({
      file: input.name,
      sha256: createHash('sha256').update(input.bytes).digest('hex'),
      profile: profile.name,
      lines: rows.length,
      proofs,
    })),
    files: files.map(({ rows }) => rows.map(numbered)),
    settled: NOTHING_SETTLED,
    warnings: [...warnings, ...read.warnings],
  };
  ordinal = 0;
  return compareSides({ ...sides, payouts: read.rows.map(numbered) }, terms);
}

export function compareSides(
  { statements, files, payouts, settled, warnings }: Sides,
  terms: Terms,
): Compared {
  const { lines, places } = linesOf(files);
  const attempts = attemptsOf(payouts, lines);
  const matching = match(lines, attempts, terms.calendar);
  const said = new Map<LedgerAttempt, Set<StatementLine['status']>>();
  for (const outcome of matching.lines) {
    for (const attempt of explainedBy(outcome)) {
      const words = said.get(attempt) ?? new Set();
      said.set(attempt, words.add(outcome.line.status));
    }
  }
  const unstated = new Set(payouts.flatMap((row) => (row.state === null ? [BigInt(row.ordinal)] : [])));
  for (const attempt of attempts)
    if (unstated.has(attempt.payout_id)) takeStateFrom(attempt, said.get(attempt) ?? new Set());
  const comparison = compare(matching, attempts, terms);
  return {
    statements,
    coverage: { ...coverageOf(lines, matching, attempts, terms, settled), missing_days: [] },
    matched: settled.pairs + matching.lines.filter((each) => explainedBy(each).length > 0).length,
    expected: new Set(comparison.expected.map((each) => each.attempt)).size,
    breaks: comparison.breaks,
    places: new Map(
      comparison.breaks.flatMap(({ line }) => {
        const place = line && places.get(line.line_id);
        return place ? [[line.line_id, place] as const] : [];
      }),
    ),
    totals: addUp(matching, comparison, attempts, settled),
    warnings,
  };
}

/** Lines of several files as the ledger would take them in: the same content in a later file is the same line. */
function linesOf(files: readonly (readonly Numbered<StatementRow>[])[]) {
  const known = new Map<string, StatementLine & { statement_ids: bigint[] }>();
  const places = new Map<bigint, PlaceInFile>();
  let repeated = 0;
  for (const [file, rows] of files.entries()) {
    for (const { line_no, cells: _, failure_reason: __, ordinal, ...row } of rows) {
      const key = `${row.content} ${row.occurrence}`;
      const before = known.get(key);
      if (before) {
        before.statement_ids.push(BigInt(file + 1));
        repeated += 1;
        continue;
      }
      const line_id = BigInt(ordinal - repeated);
      known.set(key, { ...row, line_id, statement_ids: [BigInt(file + 1)] });
      places.set(line_id, { file, line_no });
    }
  }
  return { lines: [...known.values()], places };
}

const LATER_ATTEMPT = /\.r(\d+)$/i;

/** The file has a row for each payout as it stands; that it was tried before, the reference of a later attempt tells. */
export function attemptsOf(
  rows: readonly Numbered<OurRow>[],
  lines: readonly StatementLine[],
): LedgerAttempt[] {
  const reversed = new Set(
    lines.flatMap((line) => (line.status === 'reversed' ? (line.provider_reference ?? []) : [])),
  );
  const attempts: LedgerAttempt[] = [];
  for (const row of rows) {
    const reference = row.provider_reference ?? row.reference_id;
    const attemptNo = Number(LATER_ATTEMPT.exec(reference ?? '')?.[1] ?? 1);
    const current = attemptOf(row, attemptNo, reference);
    const base = reference?.replace(LATER_ATTEMPT, '');
    for (let earlier = 1; base !== undefined && earlier < Math.min(attemptNo, MOST_ATTEMPTS); earlier += 1) {
      const name = earlier === 1 ? base : `${base}.r${earlier}`;
      attempts.push(endedAttempt(current, earlier, name, reversed.has(name)));
    }
    attempts.push(current);
  }
  return attempts;
}

// A reference from outside must not make us invent a million attempts.
const MOST_ATTEMPTS = 100;

function attemptOf(row: Numbered<OurRow>, attemptNo: number, reference: string | null): LedgerAttempt {
  // A list that states no states is one of payouts that were paid; `takeStateFrom` hears the statement first.
  const state = row.state ?? 'paid';
  const name = row.reference_id ?? reference ?? row.provider_id ?? row.utr ?? `line ${row.line_no}`;
  return {
    payout_id: BigInt(row.ordinal),
    attempt_no: attemptNo,
    batch: null,
    rail: null,
    reference_id: name,
    provider_reference: reference,
    provider_id: row.provider_id,
    utr: row.utr,
    return_utr: null,
    provider_beneficiary_id: null,
    amount_minor: row.amount_minor,
    currency: row.currency,
    fee_minor: row.fee_minor,
    tax_minor: row.tax_minor,
    state,
    paid: state === 'paid' || state === 'returned',
    returned: state === 'returned',
    submitted_on: null,
    paid_on: row.paid_on,
    returned_on: row.returned_on,
    failed_on: null,
  };
}

/** A later attempt needs the failure or the return of the one before; which of them it was, only the statement knows. */
function endedAttempt(
  current: LedgerAttempt,
  attemptNo: number,
  reference: string,
  cameBack: boolean,
): LedgerAttempt {
  return {
    ...current,
    attempt_no: attemptNo,
    provider_reference: reference,
    provider_id: null,
    utr: null,
    fee_minor: null,
    tax_minor: null,
    state: cameBack ? 'returned' : 'failed',
    paid: cameBack,
    returned: cameBack,
    paid_on: null,
    returned_on: null,
  };
}

/** A state that is not stated cannot differ: where there are lines, it is what they say. */
function takeStateFrom(attempt: LedgerAttempt, said: ReadonlySet<StatementLine['status']>): void {
  const state = said.has('reversed')
    ? 'returned'
    : said.has('success') || said.size === 0
      ? 'paid'
      : said.has('failed')
        ? 'failed'
        : 'pending';
  attempt.state = state;
  attempt.paid = state === 'paid' || state === 'returned';
  attempt.returned = state === 'returned';
}
