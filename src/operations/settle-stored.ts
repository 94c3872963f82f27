/**
 * The two sides of a reconciliation as the ledger has them, where they are too many to stand in memory: read page by
 * page, the clean pairs settled in bulk (domain/reconciliation/settled.ts), everything else handed back for the one
 * matching there is.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Terms } from '../domain/reconciliation/break.ts';
import type { LedgerAttempt, Rule } from '../domain/reconciliation/match.ts';
import type { Settled } from '../domain/reconciliation/settled.ts';
import { compareBigint, isOfPayout, type StatementLine } from '../domain/reconciliation/statement-line.ts';
import { type Joined, joinSides } from '../statements/bulk/join-sides.ts';
import { hashOf, RecordWriter } from '../statements/bulk/row-records.ts';
import { FAILED, NAMES, type Outcome, PAID } from '../statements/bulk/side-plan.ts';
import { RowWriter } from '../statements/bulk/write-row.ts';
import type { Transaction } from '../store/database.ts';
import {
  type AttemptRow,
  attemptsOfProvider,
  deleteMatches,
  insertMatches,
  matchesOfLines,
  type StoredMatch,
  sizesOfProvider,
} from '../store/reconciliations.ts';
import { linesOfProvider } from '../store/statements.ts';

export interface StoredSides {
  settled: Settled;
  /** Lines and attempts that are not settled, in the order of their numbers. */
  lines: StatementLine[];
  attempts: LedgerAttempt[];
  /**
   * Writes the match of each settled pair that is not stored yet; answers those stored that are none of these. Called
   * before others are written.
   */
  storeMatches(reconciliationId: bigint): Promise<StoredMatch[]>;
}

const PAGE = 20_000n;
// Numbers stand in records as 32 bits.
const MOST_ROWS = 2n ** 32n;
const PRIMARY = 1;

/** Null where there are fewer lines than `from`, which are read as they are. */
export async function settleStored(
  tx: Transaction,
  provider: string,
  attemptOf: (row: AttemptRow) => LedgerAttempt,
  terms: Terms,
  from: bigint,
): Promise<StoredSides | null> {
  const sizes = await sizesOfProvider(tx, provider);
  if (sizes.lines < from || sizes.last_line >= MOST_ROWS || sizes.last_payout >= MOST_ROWS) return null;
  const folder = mkdtempSync(join(tmpdir(), 'payrun-'));
  const files = ['lines', 'payouts'].map((name) => openSync(join(folder, name), 'wx+', 0o600));
  try {
    // Their names go at once, so that nothing is left of them however this ends.
    rmSync(folder, { recursive: true });
    const [lineFile = -1, payoutFile = -1] = files;
    const seed = randomBytes(4).readInt32LE();
    const lines = await readLines(tx, provider, sizes.last_line, new Sink(lineFile, seed));
    const payouts = await readPayouts(tx, provider, sizes.last_payout, new Sink(payoutFile, seed), {
      attemptOf,
      terms,
      unnamed: lines.unnamed,
    });
    const taken = NAMES.map((_, name) => [
      ...(lines.sink.taken[name] ?? []),
      ...(payouts.sink.taken[name] ?? []),
    ]);
    const joined = joinSides(lines.sink.side(), payouts.sink.side(), PRIMARY, taken);
    return {
      settled: joined.tally.settled(),
      lines: await leftLines(tx, provider, lines.odd, joined),
      attempts: await leftAttempts(tx, provider, payouts.odd, joined, attemptOf),
      storeMatches: (id) => storeMatches(tx, provider, id, joined.pairs, sizes.last_line),
    };
  } finally {
    for (const file of files) closeSync(file);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rows of one side: as records where they are plain; of the others the names, which settle nothing. */
class Sink {
  readonly rows: RowWriter;
  readonly taken: [number[], number[], number[]] = [[], [], []];
  readonly #writer: RecordWriter;
  readonly #descriptor: number;
  readonly #seed: number;

  constructor(descriptor: number, seed: number) {
    this.#descriptor = descriptor;
    this.#seed = seed;
    this.#writer = new RecordWriter(descriptor);
    this.rows = new RowWriter(this.#writer, 'provider_reference', seed);
  }

  take(row: Pick<StatementLine, (typeof NAMES)[number]>): void {
    for (const [index, name] of NAMES.entries()) {
      const text = row[name];
      if (text === null) continue;
      const bytes = Buffer.from(text);
      this.taken[index as 0 | 1 | 2].push(hashOf(bytes, 0, bytes.length, this.#seed));
    }
  }

  side(): Parameters<typeof joinSides>[0] {
    this.#writer.end();
    const { chunks } = this.#writer;
    const { days, currencies } = this.rows;
    return {
      scanned: { chunks, days: days.texts, currencies: currencies.texts, odd: [] },
      records: this.#descriptor,
    };
  }
}

function* pages(last: bigint): Iterable<{ after: bigint; through: bigint }> {
  for (let after = 0n; after < last; after += PAGE) yield { after, through: after + PAGE };
}

const amountKey = (row: { amount_minor: bigint; currency: string }) => `${row.amount_minor} ${row.currency}`;

/** `unnamed` are the amounts of lines that are matched by them. */
async function readLines(tx: Transaction, provider: string, last: bigint, sink: Sink) {
  const unnamed = new Set<string>();
  const odd: StatementLine[] = [];
  for (const page of pages(last)) {
    for (const line of await linesOfProvider(tx, provider, page)) {
      const outcome = line.kind === 'payout' ? outcomeOfStatus(line.status) : null;
      const day = line.stated_on;
      if (outcome !== null && sink.rows.write({ ...line, ordinal: Number(line.line_id), outcome, day }))
        continue;
      sink.take(line);
      odd.push(line);
      if (isOfPayout(line.kind) && NAMES.every((name) => line[name] === null)) unnamed.add(amountKey(line));
    }
  }
  return { sink, unnamed, odd };
}

function outcomeOfStatus(status: StatementLine['status']): Outcome | null {
  if (status === 'success') return PAID;
  return status === 'failed' ? FAILED : null;
}

interface PayoutTerms {
  attemptOf: (row: AttemptRow) => LedgerAttempt;
  terms: Terms;
  unnamed: ReadonlySet<string>;
}

async function readPayouts(
  tx: Transaction,
  provider: string,
  last: bigint,
  sink: Sink,
  { attemptOf, terms, unnamed }: PayoutTerms,
) {
  const odd: LedgerAttempt[] = [];
  for (const page of pages(last)) {
    for (const row of await attemptsOfProvider(tx, provider, page)) {
      const attempt = attemptOf(row);
      const outcome = outcomeOfAttempt(attempt);
      // A charge that is computed from a rate counts as stated.
      const stated = terms.rates === null || (attempt.fee_minor !== null && attempt.tax_minor !== null);
      const plain =
        outcome !== null && stated && attempt.attempt_no === 1 && !unnamed.has(amountKey(attempt));
      const day = outcome === FAILED ? attempt.failed_on : attempt.paid_on;
      if (plain && sink.rows.write({ ...attempt, ordinal: Number(attempt.payout_id), outcome, day }))
        continue;
      sink.take(attempt);
      odd.push(attempt);
    }
  }
  return { sink, odd };
}

function outcomeOfAttempt({ state, paid, returned }: LedgerAttempt): Outcome | null {
  if (state === 'paid' && paid && !returned) return PAID;
  return state === 'failed' && !paid && !returned ? FAILED : null;
}

/** The rows of records that are in no pair, read again by their numbers. */
async function* readAgain<Row>(
  numbers: readonly number[],
  read: (range: { after: bigint; through: bigint }) => Promise<Row[]>,
): AsyncIterable<Row> {
  const left = new Set(numbers);
  for (const page of new Set(numbers.map((number) => (BigInt(number) - 1n) / PAGE))) {
    const [after, through] = [page * PAGE, (page + 1n) * PAGE];
    const own = [...left].filter((number) => number > after && number <= through);
    if (own.length >= WORTH_A_PAGE) yield* await read({ after, through });
    else for (const number of own) yield* await read({ after: BigInt(number) - 1n, through: BigInt(number) });
  }
}

// So many single rows take as long as all of a page.
const WORTH_A_PAGE = 500;

async function leftLines(
  tx: Transaction,
  provider: string,
  odd: readonly StatementLine[],
  { lines }: Joined,
) {
  const numbers = lines.map(({ ordinal }) => ordinal);
  const left = new Set(numbers);
  const all = [...odd];
  for await (const line of readAgain(numbers, (range) => linesOfProvider(tx, provider, range)))
    if (left.has(Number(line.line_id))) all.push(line);
  return all.sort((a, b) => compareBigint(a.line_id, b.line_id));
}

async function leftAttempts(
  tx: Transaction,
  provider: string,
  odd: readonly LedgerAttempt[],
  { payouts }: Joined,
  attemptOf: (row: AttemptRow) => LedgerAttempt,
) {
  const numbers = payouts.map(({ ordinal }) => ordinal);
  const left = new Set(numbers);
  const all = [...odd];
  // Later attempts are no records, and among the others already.
  for await (const row of readAgain(numbers, (range) => attemptsOfProvider(tx, provider, range)))
    if (row.attempt_no === 1n && left.has(Number(row.payout_id))) all.push(attemptOf(row));
  return all.sort((a, b) => compareBigint(a.payout_id, b.payout_id) || a.attempt_no - b.attempt_no);
}

async function storeMatches(
  tx: Transaction,
  provider: string,
  reconciliationId: bigint,
  pairs: Joined['pairs'],
  last: bigint,
): Promise<StoredMatch[]> {
  const found = new SettledMatches(pairs, last);
  const others: StoredMatch[] = [];
  for (const page of pages(last)) {
    for (const match of await matchesOfLines(tx, provider, page))
      if (!found.takeOut(match)) others.push(match);
  }
  // A line that is matched otherwise than before has its old match deleted first.
  await deleteMatches(
    tx,
    others.filter((match) => found.has(match.line_id)),
  );
  await insertMatches(tx, reconciliationId, found.matches());
  return others.filter((match) => !found.has(match.line_id));
}

/** Matches by the number of their line, a few bytes each. */
class SettledMatches {
  readonly #payouts: Uint32Array;
  readonly #byProviderId: Uint8Array;

  constructor({ lines, payouts, by_provider_id }: Joined['pairs'], last: bigint) {
    this.#payouts = new Uint32Array(Number(last) + 1);
    this.#byProviderId = new Uint8Array(Number(last) + 1);
    for (let pair = 0; pair < lines.length; pair += 1) {
      const line = lines[pair] as number;
      if (line === 0) continue;
      this.#payouts[line] = payouts[pair] as number;
      this.#byProviderId[line] = by_provider_id[pair] as number;
    }
  }

  /** Whether it is one of these; then it is none any more. */
  takeOut(match: StoredMatch): boolean {
    const line = Number(match.line_id);
    const same =
      this.#payouts[line] === Number(match.payout_id) &&
      match.attempt_no === 1n &&
      match.rule === this.#ruleOf(line);
    if (same) this.#payouts[line] = 0;
    return same;
  }

  has(line: bigint): boolean {
    return (this.#payouts[Number(line)] ?? 0) !== 0;
  }

  *matches(): Iterable<StoredMatch> {
    for (let line = 1; line < this.#payouts.length; line += 1) {
      const payout = this.#payouts[line] as number;
      if (payout === 0) continue;
      yield { line_id: BigInt(line), payout_id: BigInt(payout), attempt_no: 1n, rule: this.#ruleOf(line) };
    }
  }

  #ruleOf(line: number): Rule {
    return this.#byProviderId[line] === 1 ? 'provider_id' : 'provider_reference';
  }
}
