/**
 * The two sides of a reconciliation as the ledger has them, where they are too many to stand in memory: read page by
 * page, the clean pairs settled in bulk (domain/reconciliation/settled.ts), everything else handed back for the one
 * matching there is.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerAttempt } from '../domain/reconciliation/ledger-attempt.ts';
import type { Settled } from '../domain/reconciliation/settled.ts';
import { compareBigint, isOfPayout, type StatementLine } from '../domain/reconciliation/statement-line.ts';
import { amountKey, type Joined, joinSides } from '../statements/bulk/join-sides.ts';
import { FAILED, NAMES, type Outcome, PAID } from '../statements/bulk/side-plan.ts';
import type { RowForm } from '../statements/plain-row.ts';
import type { Database, Transaction } from '../store/database.ts';
import {
  type AttemptRow,
  attemptsOfProvider,
  type StoredMatch,
  sizesOfProvider,
} from '../store/reconciliations.ts';
import {
  isWithin,
  pageAfterBut,
  rowsAmong,
  type Span,
  type StatementPage,
  spanOf,
  spansOfStatement,
} from '../store/statement-pages.ts';
import { linesOfProvider, plainLinesOfProvider } from '../store/statements.ts';
import type { Stages } from './import-statement.ts';
import { LineRecorder } from './line-records.ts';
import { packedStatements, statementOf, unpackLines } from './packed-lines.ts';
import {
  type AttemptNumber,
  type NumberedPage,
  numberedPages,
  PAGE,
  type PayoutSideJob,
  readPayoutSide,
} from './payout-side.ts';
import { type BegunPayouts, beginPayouts } from './payouts-in-thread.ts';
import { storeSettled } from './settled-matches.ts';
import { PRIMARY, SideSink } from './side-sink.ts';

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

// Numbers stand in records as 32 bits.
const MOST_ROWS = 2n ** 32n;

export interface SettleTerms {
  provider: string;
  time_zone: string;
  /** Charges are computed from rates. */
  needs_charges: boolean;
  /** With fewer lines, all of them rows, they are read as they are. */
  from: bigint;
  /** How the ledger's rows become attempts. */
  attemptOf(row: AttemptRow): LedgerAttempt;
  stages?: Stages | undefined;
}

/** In one transaction: begun before statements are stored, so that payouts can be read meanwhile. */
export class Settling {
  readonly #tx: Transaction;
  readonly #terms: SettleTerms;
  readonly #seed = randomBytes(4).readInt32LE();
  /** Of the records; opened once there are any to be written. */
  #opened: readonly [lines: number, payouts: number] | null = null;
  #begun: BegunPayouts | null = null;
  #lines: LineRecorder | null = null;

  constructor(tx: Transaction, terms: SettleTerms) {
    this.#tx = tx;
    this.#terms = terms;
  }

  get #files(): readonly [lines: number, payouts: number] {
    this.#opened ??= ownFiles();
    return this.#opened;
  }

  get #recorder(): LineRecorder {
    this.#lines ??= new LineRecorder(new SideSink(this.#files[0], this.#seed));
    return this.#lines;
  }

  /** Of a statement that is stored just now: what its lines say need not be fetched again. */
  record(form: RowForm, page: StatementPage): void {
    this.#recorder.add(form, page);
  }

  /** `many`: so many lines are coming that they will be settled in bulk. */
  async begin(database: Database, many: boolean): Promise<void> {
    const { lines, packed, last_payout } = await sizesOfProvider(this.#tx, this.#terms.provider);
    if ((many || packed > 0n || lines >= this.#terms.from) && last_payout < MOST_ROWS)
      this.#begun = beginPayouts(database, this.#payoutJob(last_payout));
  }

  #payoutJob(last: bigint): PayoutSideJob {
    const { provider, time_zone, needs_charges } = this.#terms;
    return { provider, last, records: this.#files[1], seed: this.#seed, time_zone, needs_charges };
  }

  /** Null where there are few lines and all of them are rows, or more of either side than can be numbered. */
  async settle(): Promise<StoredSides | null> {
    const tx = this.#tx;
    const { provider, from, attemptOf, stages } = this.#terms;
    const { lines: count, packed, last_line, last_payout } = await sizesOfProvider(tx, provider);
    const few = count < from && packed === 0n;
    if (few || last_line >= MOST_ROWS || last_payout >= MOST_ROWS) return null;
    stages?.begin('Matching rows', Number(last_line + last_payout));
    const linePages = numberedPages(last_line, (done) => stages?.done(Number(done)));
    const recorder = this.#recorder;
    const { sink, odd } = recorder;
    const recorded = await spansOf(tx, recorder.statements);
    const unnamed = await readLines(tx, provider, linePages, recorder, recorded);
    const spans = [...recorded, ...(await readPages(tx, provider, recorder))];
    spans.sort((a, b) => compareBigint(a.first, b.first));
    const payouts = await (this.#begun?.side ??
      readPayoutSide(tx, this.#payoutJob(last_payout), (done) => stages?.done(Number(last_line + done))));
    const taken = NAMES.map((_, name) => [...(sink.taken[name] ?? []), ...(payouts.taken[name] ?? [])]);
    const joined = joinSides(
      { scanned: sink.end(), records: this.#files[0] },
      { scanned: payouts.scanned, records: this.#files[1] },
      { primary: PRIMARY, taken, odd_amounts: unnamed, pairs_through: Number(last_line) },
    );
    return {
      settled: joined.settled,
      lines: await leftLines(tx, provider, odd, joined, spans),
      attempts: await leftAttempts(tx, provider, payouts.odd, joined, attemptOf),
      storeMatches: (id) => storeSettled(tx, id, { provider, pairs: joined.pairs, last: last_line, spans }),
    };
  }

  /** Nothing writes into the files any more when they are closed: another file may have their number then. */
  async end(): Promise<void> {
    await this.#begun?.end();
    for (const file of this.#opened ?? []) closeSync(file);
  }
}

/** Their names go at once, so that nothing is left of them however this ends. */
function ownFiles(): [number, number] {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-'));
  try {
    const open = (name: string) => openSync(join(folder, name), 'wx+', 0o600);
    return [open('lines'), open('payouts')];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function spansOf(tx: Transaction, statements: Iterable<bigint>): Promise<Span[]> {
  const spans: Span[] = [];
  for (const statement of statements) spans.push(...(await spansOfStatement(tx, statement)));
  return spans;
}

/**
 * The lines that are rows, but for those that were `recorded` with the page that they stand in. Answers the amounts of
 * those that are matched by them.
 */
async function readLines(
  tx: Transaction,
  provider: string,
  all: Iterable<NumberedPage>,
  { sink, odd }: LineRecorder,
  recorded: readonly Span[],
): Promise<Set<string>> {
  const unnamed = new Set<string>();
  for (const page of all) {
    for (const row of await plainLinesOfProvider(tx, provider, page)) {
      const [
        ordinal,
        provider_id,
        provider_reference,
        utr,
        kind,
        amount_minor,
        currency,
        fee,
        tax,
        status,
        day,
      ] = row;
      if (recorded.length > 0 && isWithin(recorded, BigInt(ordinal))) continue;
      const outcome = kind === 'payout' ? outcomeOfStatus(status) : null;
      const names = { provider_id, provider_reference, utr };
      const facts = { amount_minor, currency, fee_minor: fee, tax_minor: tax, day };
      if (outcome !== null && sink.rows.write({ ordinal, ...names, ...facts, outcome })) continue;
      sink.take(names);
      odd.push(ordinal);
      if (isOfPayout(kind) && NAMES.every((name) => names[name] === null))
        unnamed.add(amountKey(amount_minor, currency));
    }
  }
  return unnamed;
}

/** The lines that stand in pages alone, but for those of statements that were recorded; answers where the pages are. */
async function readPages(tx: Transaction, provider: string, recorder: LineRecorder): Promise<Span[]> {
  const spans: Span[] = [];
  const statements = await packedStatements(tx);
  const known = [...recorder.statements];
  for (let page = await pageAfterBut(tx, 0n, known); page; ) {
    const { provider: of, reader, withdrawn } = statementOf(statements, page);
    if (of === provider && !withdrawn) {
      const span = spanOf(page);
      spans.push(span);
      recorder.add(reader.form, page, await rowsAmong(tx, span));
    }
    page = await pageAfterBut(tx, page.first_id, known);
  }
  return spans;
}

function outcomeOfStatus(status: StatementLine['status']): Outcome | null {
  if (status === 'success') return PAID;
  return status === 'failed' ? FAILED : null;
}

/** The rows with these numbers, which ascend; among rows that nobody asked for. */
async function* readAgain<Row>(
  numbers: readonly number[],
  read: (range: { after: bigint; through: bigint }) => Promise<Row[]>,
): AsyncIterable<Row> {
  for (let from = 0; from < numbers.length; ) {
    const page = (BigInt(numbers[from] as number) - 1n) / PAGE;
    const [after, through] = [page * PAGE, (page + 1n) * PAGE];
    let to = from;
    while (to < numbers.length && (numbers[to] as number) <= through) to += 1;
    const own = numbers.slice(from, to);
    if (own.length >= WORTH_A_PAGE) yield* await read({ after, through });
    else for (const number of own) yield* await read({ after: BigInt(number) - 1n, through: BigInt(number) });
    from = to;
  }
}

// So many single rows take as long as all of a page.
const WORTH_A_PAGE = 100;

function ascending(numbers: Iterable<number>): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

async function leftLines(
  tx: Transaction,
  provider: string,
  odd: readonly number[],
  { lines }: Joined,
  spans: readonly Span[],
) {
  const numbers = ascending([...odd, ...lines.map(({ ordinal }) => ordinal)]);
  await unpackLines(
    tx,
    numbers.map(BigInt).filter((line) => isWithin(spans, line)),
  );
  const left = new Set(numbers);
  const all: StatementLine[] = [];
  for await (const line of readAgain(numbers, (range) => linesOfProvider(tx, provider, range)))
    if (left.has(Number(line.line_id))) all.push(line);
  return all.sort((a, b) => compareBigint(a.line_id, b.line_id));
}

async function leftAttempts(
  tx: Transaction,
  provider: string,
  odd: readonly AttemptNumber[],
  { payouts }: Joined,
  attemptOf: SettleTerms['attemptOf'],
) {
  // Records are first attempts.
  const left = new Set(odd.map(([payout, attempt]) => `${payout} ${attempt}`));
  for (const { ordinal } of payouts) left.add(`${ordinal} 1`);
  const numbers = ascending([...odd.map(([payout]) => payout), ...payouts.map(({ ordinal }) => ordinal)]);
  const all: LedgerAttempt[] = [];
  for await (const row of readAgain(numbers, (range) => attemptsOfProvider(tx, provider, range)))
    if (left.has(`${row.payout_id} ${row.attempt_no}`)) all.push(attemptOf(row));
  return all.sort((a, b) => compareBigint(a.payout_id, b.payout_id) || a.attempt_no - b.attempt_no);
}
