/**
 * Holds everything that a provider's statements say against everything that the ledger has with it. Evidence only: no
 * payout changes and nothing is booked. What is found is a function of the two sides, so that the same reconciliation
 * again finds the same, and every unresolved break is looked at again whenever either side has changed.
 */
import { dayIn } from '../domain/calendar-day.ts';
import { formatAmount } from '../domain/money/money.ts';
import type { AccountBalance } from '../domain/reconciliation/account-balance.ts';
import { compareAccount } from '../domain/reconciliation/account-statement.ts';
import type { BreakKind, FoundBreak, Terms } from '../domain/reconciliation/break.ts';
import { carry, type StoredBreak } from '../domain/reconciliation/carry.ts';
import { compare, inOrder } from '../domain/reconciliation/compare.ts';
import { type Coverage, coverageOf } from '../domain/reconciliation/coverage.ts';
import type { LedgerAttempt } from '../domain/reconciliation/ledger-attempt.ts';
import { explainedBy, type Matching, match, type Rule } from '../domain/reconciliation/match.ts';
import { NOTHING_SETTLED } from '../domain/reconciliation/settled.ts';
import { normaliseUtr, type StatementLine } from '../domain/reconciliation/statement-line.ts';
import { addUp, type Totals } from '../domain/reconciliation/totals.ts';
import type { CsvWarning } from '../statements/read-csv.ts';
import { movementsOfAccount } from '../store/account-movements.ts';
import { type BreakRow, breaksOfProvider, everyBreak, openBreaks, saveBreaks } from '../store/breaks.ts';
import type { Transaction } from '../store/database.ts';
import { keepOpenAmounts, openAmountsSince } from '../store/open-amounts.ts';
import {
  type AttemptRow,
  attemptsOfProvider,
  beginReconciliation,
  finishReconciliation,
  matchesOfProvider,
  recentReconciliations,
  type StoredMatch,
  saveMatches,
} from '../store/reconciliations.ts';
import { proofsOfStatement } from '../store/statement-proofs.ts';
import {
  type KeptStatement,
  latestStatements,
  linesOfProvider,
  saveSupersessions,
  storedSupersessions,
  withdrawnStatements,
} from '../store/statements.ts';
import { balancesOfAccount } from './account-balances.ts';
import {
  type ImportedStatement,
  importStatements,
  type PageListener,
  type StatementDeps,
  type StatementFile,
  type StatementInput,
  type StatementTerms,
} from './import-statement.ts';
import { unpackAllLines } from './packed-lines.ts';
import { Settling, type StoredSides } from './settle-stored.ts';

export interface Reconciled {
  statements: readonly ImportedStatement[];
  warnings: readonly CsvWarning[];
  reconciliation: bigint;
  coverage: Coverage;
  /** Lines that explain an event of a payout, with or without a difference. */
  matched: number;
  /** Payouts, or entries of the account, that the settlement window lets be missing. */
  expected: number;
  /** Entries of the account from before its first statement, which are not looked for. */
  older: number;
  open: number;
  new: number;
  carried: number;
  closed: number;
  by_kind: ReadonlyMap<BreakKind, number>;
  /** Breaks whose entry may be one too many. */
  outlived: readonly StoredBreak[];
  totals: readonly Totals[];
  /** Of an account: what its statements end with, led over to the books. */
  balances: readonly AccountBalance[];
  /** Where they are wanted: what is open now, and how much each of the latest reconciliations left open. */
  open_breaks: readonly BreakRow[];
  history: readonly { today_on: string; open_count: bigint; amounts: ReadonlyMap<string, bigint> }[];
  /** The last statements that were taken in, with what they state of themselves; the newest first. */
  latest: readonly StatementTold[];
  /** Those that count no more. */
  withdrawn: readonly KeptStatement[];
}

type Told = Pick<Reconciled, 'open_breaks' | 'history' | 'latest' | 'withdrawn'>;

export type Found = Omit<Reconciled, 'statements' | 'warnings' | keyof Told>;

type StatementTold = Pick<ImportedStatement, 'file' | 'sha256' | 'profile' | 'lines' | 'proofs'>;

export interface Wanted {
  open_breaks: boolean;
  /** The statements are those of an account of the books, by whose name they and their breaks are kept. */
  account?: boolean;
  settle_from?: bigint;
}

// Two months of days: more bars than these are no longer told apart.
const PAST = 60;

// Two weeks of daily files.
const LATEST = 10;

// With fewer lines, those that are settled in bulk are as quickly looked at one by one.
const SETTLE_FROM = 20_000n;

/** Takes `inputs` in and reconciles, in one transaction: a rehearsal then sees what the real thing would. */
export async function reconcile(
  deps: StatementDeps,
  inputs: readonly (StatementInput | StatementFile)[],
  reading: StatementTerms,
  terms: Terms,
  wanted: Wanted = { open_breaks: false },
): Promise<Reconciled> {
  const many = inputs.some((input) => 'path' in input);
  const { warnings, result } = await importStatements(deps, inputs, reading, async (tx, store) => {
    const { provider, time_zone } = reading;
    const whose = { provider, time_zone, account: wanted.account ?? false, settle_from: wanted.settle_from };
    let statements: readonly ImportedStatement[] = [];
    const take = async (listener?: PageListener) => {
      statements = await store(listener);
    };
    const sides = await compareSides(tx, deps, whose, terms, { many, take });
    const found = await conclude(tx, deps, provider, terms.today, sides);
    const told: Told = wanted.open_breaks
      ? await openOnes(tx, reading.provider)
      : { open_breaks: [], history: [], latest: [], withdrawn: [] };
    return { ...found, ...told, statements };
  });
  return { ...result, warnings };
}

/** Read in the same transaction: a rehearsal keeps nothing that could be read after it. */
async function openOnes(tx: Transaction, provider: string): Promise<Told> {
  const open_breaks: BreakRow[] = [];
  for await (const row of everyBreak(tx, { state: 'open', kind: null, provider, after: 0n }))
    open_breaks.push(row);
  const recent = await recentReconciliations(tx, provider, PAST);
  const amounts = await openAmountsSince(tx, provider, recent[0]?.id ?? 0n);
  const history = recent.map((each) => ({
    ...each,
    amounts: amounts.get(each.id) ?? new Map<string, bigint>(),
  }));
  const withdrawn = await withdrawnStatements(tx, provider, LATEST);
  return { open_breaks, history, latest: await latestOnes(tx, provider), withdrawn };
}

async function latestOnes(tx: Transaction, provider: string): Promise<StatementTold[]> {
  const told: StatementTold[] = [];
  for (const { id, file_name: file, sha256, profile, row_count } of await latestStatements(
    tx,
    provider,
    LATEST,
  ))
    told.push({ file, sha256, profile, lines: Number(row_count), proofs: await proofsOfStatement(tx, id) });
  return told;
}

export interface Whose {
  /** Or the account, by whose name statements are kept. */
  provider: string;
  account: boolean;
  time_zone: string;
  settle_from?: bigint | undefined;
}

/** Statements that are taken in beforehand, while payouts are read. */
export interface Taking {
  /** Large files are among them. */
  many: boolean;
  take(listener?: PageListener): Promise<void>;
}

const NOTHING_TAKEN: Taking = { many: false, take: async () => undefined };

/** What the two sides come to, and how to keep what explains what; nothing is written but how lines are stored. */
export async function compareSides(
  tx: Transaction,
  deps: Pick<StatementDeps, 'database' | 'stages'>,
  whose: Whose,
  terms: Terms,
  taking = NOTHING_TAKEN,
): Promise<Sides> {
  if (!whose.account) return sidesOfProvider(tx, deps, whose, terms, taking);
  await taking.take();
  return sidesOfAccount(tx, whose.provider, terms);
}

async function sidesOfProvider(
  tx: Transaction,
  { database, stages }: Pick<StatementDeps, 'database' | 'stages'>,
  { provider, time_zone, settle_from: from = SETTLE_FROM }: Whose,
  terms: Terms,
  { many, take }: Taking,
): Promise<Sides> {
  const ours = (row: AttemptRow) => attemptOf(row, time_zone);
  const needs_charges = terms.rates !== null;
  const settling = new Settling(tx, { provider, time_zone, needs_charges, from, attemptOf: ours, stages });
  try {
    await settling.begin(database, many);
    await take((form, page) => settling.record(form, page));
    const bulk = await settling.settle();
    const lines = bulk?.lines ?? (await allLines(tx, provider));
    const attempts = bulk?.attempts ?? (await attemptsOfProvider(tx, provider)).map(ours);
    return matchSides(tx, provider, terms, { lines, attempts, bulk });
  } finally {
    await settling.end();
  }
}

function matchSides(
  tx: Transaction,
  provider: string,
  terms: Terms,
  { lines, attempts, bulk }: Pick<StoredSides, 'lines' | 'attempts'> & { bulk: StoredSides | null },
): Sides {
  const settled = bulk?.settled ?? NOTHING_SETTLED;
  const matching = match(lines, attempts, terms.calendar);
  const comparison = compare(matching, attempts, terms);
  return {
    breaks: comparison.breaks,
    coverage: coverageOf(lines, matching, attempts, terms, settled),
    matched: settled.pairs + matching.lines.filter((each) => explainedBy(each).length > 0).length,
    expected: new Set(comparison.expected.map((each) => each.attempt)).size,
    older: 0,
    totals: addUp(matching, comparison, attempts, settled),
    balances: [],
    storeMatches: (id) => storeMatching(tx, id, provider, matching, bulk),
  };
}

/** An account's statement against the entries on it; what explains what is told by the totals and kept nowhere. */
async function sidesOfAccount(tx: Transaction, account: string, terms: Terms): Promise<Sides> {
  const compared = compareAccount(await allLines(tx, account), await movementsOfAccount(tx, account), terms);
  const { balances, breaks } = await balancesOfAccount(tx, account, compared.positions);
  return {
    ...compared,
    balances,
    breaks: [...compared.breaks, ...breaks].sort(inOrder),
    storeMatches: () => storeSupersessions(tx, account, compared.superseded),
  };
}

async function allLines(tx: Transaction, provider: string): Promise<StatementLine[]> {
  await unpackAllLines(tx, provider);
  return linesOfProvider(tx, provider);
}

export interface Sides
  extends Pick<Found, 'coverage' | 'matched' | 'expected' | 'older' | 'totals' | 'balances'> {
  breaks: readonly FoundBreak[];
  storeMatches(reconciliation: bigint): Promise<void>;
}

/** Numbers the reconciliation, and lets the breaks live on. */
export async function conclude(
  tx: Transaction,
  deps: Pick<StatementDeps, 'actor' | 'now'>,
  provider: string,
  today: string,
  { breaks, storeMatches, coverage, matched, expected, older, totals, balances }: Sides,
): Promise<Found> {
  const at = deps.now();
  const id = await beginReconciliation(tx, { provider, at, today_on: today, actor: deps.actor.name });
  await storeMatches(id);
  const carried = carry(await breaksOfProvider(tx, provider), breaks, today);
  const occasion = { at, actor: deps.actor.name, reconciliation_id: id };
  await openBreaks(tx, provider, carried.opened, occasion);
  await saveBreaks(tx, 'reopened', carried.reopened, occasion);
  await saveBreaks(tx, 'changed', carried.changed, occasion);
  await saveBreaks(tx, 'closed', carried.closed, occasion);
  const fresh = carried.opened.length + carried.reopened.length;
  const stayed = carried.same + carried.changed.length;
  const result = {
    ...{ coverage, matched, expected, older, totals, balances },
    reconciliation: id,
    open: fresh + stayed,
    new: fresh,
    carried: stayed,
    closed: carried.closed.length,
    by_kind: carried.by_kind,
    outlived: carried.outlived,
  };
  await finishReconciliation(tx, id, countsOf(result));
  await keepOpenAmounts(tx, id, provider);
  return result;
}

function countsOf(result: Found) {
  return {
    matched_count: result.matched,
    expected_count: result.expected,
    open_count: result.open,
    new_count: result.new,
    closed_count: result.closed,
    unexplained: JSON.stringify(
      Object.fromEntries(
        result.totals.map(({ currency, unexplained }) => [currency, formatAmount(unexplained, currency)]),
      ),
    ),
  };
}

function attemptOf(row: AttemptRow, timeZone: string): LedgerAttempt {
  const day = (instant: string | null) => (instant === null ? null : dayIn(timeZone, instant));
  // An attempt that ended has failed or came back; where the money of the current one is, its position says.
  const returned = row.position === null ? row.state === 'returned' : row.position === 'returned';
  const paid = returned || (row.position === null ? row.state === 'paid' : row.position === 'paid');
  return {
    payout_id: row.payout_id,
    attempt_no: Number(row.attempt_no),
    batch: row.batch,
    rail: row.rail,
    reference_id: row.reference_id,
    provider_reference: row.provider_reference,
    provider_id: row.provider_id,
    utr: normalised(row.utr),
    return_utr: normalised(row.return_utr),
    provider_beneficiary_id: row.provider_beneficiary_id,
    amount_minor: row.amount_minor,
    currency: row.currency,
    fee_minor: row.fee_minor,
    tax_minor: row.tax_minor,
    state: row.state,
    paid,
    returned,
    submitted_on: day(row.stored_at),
    paid_on: row.paid_on ?? day(row.paid_at),
    returned_on: row.returned_on ?? day(row.returned_at),
    failed_on: row.failed_on ?? (row.state === 'failed' ? day(row.updated_at) : null),
  };
}

function normalised(utr: string | null): string | null {
  return utr === null || utr === '' ? null : normaliseUtr(utr);
}

/** What explains which attempt, and which rows tell what an attempt has cost. */
function* matchesOf(matching: Matching): Iterable<StoredMatch> {
  for (const outcome of matching.lines) {
    const { line_id } = outcome.line;
    const as = ({ payout_id, attempt_no }: LedgerAttempt, rule: Rule) => {
      return { line_id, payout_id, attempt_no: BigInt(attempt_no), rule };
    };
    if (outcome.outcome === 'matched') yield as(outcome.attempt, outcome.rule);
    else if (outcome.outcome === 'bulk')
      for (const attempt of outcome.attempts) yield as(attempt, outcome.rule);
    else if (outcome.outcome === 'other' && outcome.charged)
      yield as(outcome.charged.attempt, outcome.charged.rule);
  }
}

/** Only what changed is written: a day's reconciliation must not cost the history of years. */
async function storeMatching(
  tx: Transaction,
  id: bigint,
  provider: string,
  matching: Matching,
  bulk: StoredSides | null,
): Promise<void> {
  const keyOf = (each: Omit<StoredMatch, 'rule'>) => `${each.line_id} ${each.payout_id} ${each.attempt_no}`;
  const stored = bulk ? await bulk.storeMatches(id) : await matchesOfProvider(tx, provider);
  const before = new Map(stored.map((each) => [keyOf(each), each]));
  const changed: StoredMatch[] = [];
  for (const match of matchesOf(matching)) {
    const known = before.get(keyOf(match));
    before.delete(keyOf(match));
    if (known?.rule !== match.rule) changed.push(match);
  }
  await saveMatches(tx, id, changed, [...before.values()]);
  await storeSupersessions(tx, provider, matching.superseded);
}

async function storeSupersessions(
  tx: Transaction,
  provider: string,
  superseded: Matching['superseded'],
): Promise<void> {
  const stored = await storedSupersessions(tx, provider);
  const changes: { id: bigint; superseded_by: bigint | null }[] = [];
  for (const [id, later] of superseded) {
    if (stored.get(id) !== later.line_id) changes.push({ id, superseded_by: later.line_id });
  }
  for (const id of stored.keys()) if (!superseded.has(id)) changes.push({ id, superseded_by: null });
  await saveSupersessions(tx, changes);
}
