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
import type { LedgerAttempt } from '../domain/reconciliation/ledger-attempt.ts';
import type { Settled } from '../domain/reconciliation/settled.ts';
import {
  compareBigint,
  isOfPayout,
  normaliseUtr,
  type StatementLine,
} from '../domain/reconciliation/statement-line.ts';
import { type Joined, joinSides } from '../statements/bulk/join-sides.ts';
import { type PayoutSink, PayoutTexts } from '../statements/bulk/payout-texts.ts';
import { hashOf, RecordWriter } from '../statements/bulk/row-records.ts';
import { PageScanner } from '../statements/bulk/scan-pages.ts';
import { FAILED, NAMES, type Outcome, PAID } from '../statements/bulk/side-plan.ts';
import { RowWriter } from '../statements/bulk/write-row.ts';
import type { PackedLineReader } from '../statements/packed-lines.ts';
import type { RowForm } from '../statements/plain-row.ts';
import type { Transaction } from '../store/database.ts';
import {
  type AttemptRow,
  attemptsOfProvider,
  type PlainAttempt,
  plainAttemptsOfProvider,
  plainAttemptsText,
  type StoredMatch,
  sizesOfProvider,
} from '../store/reconciliations.ts';
import { isWithin, pageAfter, rowsAmong, type Span, spanOf } from '../store/statement-pages.ts';
import { linesOfProvider, plainLinesOfProvider } from '../store/statements.ts';
import type { Stages } from './import-statement.ts';
import { damagedLine, packedStatements, statementOf, unpackLines } from './packed-lines.ts';
import { storeSettled } from './settled-matches.ts';

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

// So few that a page is forgotten before it has to be moved in memory.
const PAGE = 1_000n;
// Numbers stand in records as 32 bits.
const MOST_ROWS = 2n ** 32n;
const PRIMARY = 1;

/** How the ledger's rows become attempts, and instants days. */
export interface AttemptReader {
  attemptOf(row: AttemptRow): LedgerAttempt;
  dayOf(instant: string): string;
  time_zone: string;
  stages?: Stages | undefined;
}

/** Null where there are fewer lines than `from` and all of them are rows, which are read as they are. */
export async function settleStored(
  tx: Transaction,
  provider: string,
  { attemptOf, dayOf, time_zone, stages }: AttemptReader,
  terms: Terms,
  from: bigint,
): Promise<StoredSides | null> {
  const sizes = await sizesOfProvider(tx, provider);
  const few = sizes.lines < from && sizes.packed === 0n;
  if (few || sizes.last_line >= MOST_ROWS || sizes.last_payout >= MOST_ROWS) return null;
  const folder = mkdtempSync(join(tmpdir(), 'payrun-'));
  const files = ['lines', 'payouts'].map((name) => openSync(join(folder, name), 'wx+', 0o600));
  try {
    // Their names go at once, so that nothing is left of them however this ends.
    rmSync(folder, { recursive: true });
    const [lineFile = -1, payoutFile = -1] = files;
    const seed = randomBytes(4).readInt32LE();
    const { last_line, last_payout } = sizes;
    stages?.begin('Matching rows', Number(last_line + last_payout));
    const linePages = pages(last_line, (done) => stages?.done(Number(done)));
    const payoutPages = pages(last_payout, (done) => stages?.done(Number(last_line + done)));
    const lines = await readLines(tx, provider, linePages, new Sink(lineFile, seed));
    const spans = await readPages(tx, provider, lines);
    const payouts = await readPayouts(tx, provider, payoutPages, new Sink(payoutFile, seed), {
      dayOf,
      time_zone,
      terms,
      unnamed: lines.unnamed,
    });
    const taken = NAMES.map((_, name) => [
      ...(lines.sink.taken[name] ?? []),
      ...(payouts.sink.taken[name] ?? []),
    ]);
    const joined = joinSides(lines.sink.side(), payouts.sink.side(), PRIMARY, taken, 'pairs');
    return {
      settled: joined.tally.settled(),
      lines: await leftLines(tx, provider, lines.odd, joined, spans),
      attempts: await leftAttempts(tx, provider, payouts.odd, joined, attemptOf),
      storeMatches: (id) => storeSettled(tx, id, { provider, pairs: joined.pairs, last: last_line, spans }),
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

  /** For lines that are written as the files of this form are. */
  pageScanner(form: RowForm): PageScanner {
    const { days, currencies } = this.rows;
    return new PageScanner(form, {
      writer: this.#writer,
      days,
      currencies,
      primary: PRIMARY,
      seed: this.#seed,
    });
  }

  /** For payouts as the store writes many of them. */
  payoutTexts(terms: Pick<PayoutSink, 'time_zone' | 'isOdd' | 'needs_charges'>): PayoutTexts {
    const { days, currencies } = this.rows;
    const names = { primary: PRIMARY, seed: this.#seed };
    return new PayoutTexts({ writer: this.#writer, days, currencies, ...names, ...terms });
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

interface Page {
  after: bigint;
  through: bigint;
}

/** `tell` hears up to which number rows have been looked at. */
function* pages(last: bigint, tell: (through: bigint) => void = () => undefined): Iterable<Page> {
  for (let after = 0n; after < last; after += PAGE) {
    yield { after, through: after + PAGE };
    tell(after + PAGE < last ? after + PAGE : last);
  }
}

const amountKey = (minor: number, currency: string) => `${minor} ${currency}`;

/** `odd` are numbers of lines that are no records, `unnamed` the amounts of those that are matched by them. */
async function readLines(tx: Transaction, provider: string, all: Iterable<Page>, sink: Sink) {
  const unnamed = new Set<string>();
  const odd: number[] = [];
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
  return { sink, unnamed, odd };
}

/** The lines that stand in pages alone, as `readLines` reads those that are rows; answers where the pages are. */
async function readPages(
  tx: Transaction,
  provider: string,
  { sink, odd }: Awaited<ReturnType<typeof readLines>>,
): Promise<Span[]> {
  const spans: Span[] = [];
  const statements = await packedStatements(tx);
  const scanners = new Map<PackedLineReader, PageScanner>();
  for (let page = await pageAfter(tx, 0n); page; page = await pageAfter(tx, page.first_id)) {
    const { provider: of, reader, withdrawn } = statementOf(statements, page);
    if (of !== provider || withdrawn) continue;
    const span = spanOf(page);
    spans.push(span);
    const scanner = scanners.get(reader) ?? sink.pageScanner(reader.form);
    scanners.set(reader, scanner);
    const first = Number(span.first);
    const left: number[] = [];
    const whole = { first, count: Number(page.line_count), lines: page.lines };
    const good = scanner.scan(whole, await rowsAmong(tx, span), (line) => left.push(line));
    if (!good) throw damagedLine(span.first);
    const places = left.map((line) => line - first);
    for (const line of left.length === 0 ? [] : reader.lines(page.lines, places)) {
      if (line === null) throw damagedLine(span.first);
      sink.take(line);
    }
    odd.push(...left);
  }
  return spans;
}

function outcomeOfStatus(status: StatementLine['status']): Outcome | null {
  if (status === 'success') return PAID;
  return status === 'failed' ? FAILED : null;
}

interface PayoutTerms extends Pick<AttemptReader, 'dayOf' | 'time_zone'> {
  terms: Terms;
  unnamed: ReadonlySet<string>;
}

/** `odd` are the numbers of payouts, each with one of its attempts, that are no records. */
async function readPayouts(
  tx: Transaction,
  provider: string,
  all: Iterable<Page>,
  sink: Sink,
  { dayOf, time_zone, terms, unnamed }: PayoutTerms,
) {
  const odd: AttemptNumber[] = [];
  const isOdd = (amount: number, currency: string) =>
    unnamed.size > 0 && unnamed.has(amountKey(amount, currency));
  // A charge that is computed from a rate counts as stated.
  const texts = sink.payoutTexts({ time_zone, isOdd, needs_charges: terms.rates !== null });
  const readRow = (row: PlainAttempt) => {
    if (!writePayout(sink, row, { dayOf, terms, isOdd })) {
      sink.take(namesOfAttempt(row));
      odd.push([row[0], row[1]]);
    }
  };
  for (const page of all) {
    const found = await plainAttemptsText(tx, provider, page);
    const left = texts.read(found.text, found.count);
    if (left?.length === 0 && found.count === found.all) continue;
    const again = left && new Set(left);
    for (const row of await plainAttemptsOfProvider(tx, provider, page))
      if (!again || again.has(row[0]) || !isInText(row)) readRow(row);
  }
  return { sink, odd };
}

function isInText(row: PlainAttempt): boolean {
  return row[1] === 1 && outcomeOfAttempt(row) !== null;
}

/** Whether it has become a record. */
function writePayout(
  sink: Sink,
  row: PlainAttempt,
  { dayOf, terms, isOdd }: Pick<PayoutTerms, 'dayOf' | 'terms'> & { isOdd: PayoutSink['isOdd'] },
): boolean {
  const [ordinal, attempt_no, , , , , , amount_minor, currency, fee, tax, booked, at] = row;
  const outcome = outcomeOfAttempt(row);
  const stated = terms.rates === null || (fee !== null && tax !== null);
  if (outcome === null || !stated || attempt_no !== 1 || isOdd(amount_minor, currency)) return false;
  const day = booked ?? (at === null ? null : dayOf(at));
  const facts = { amount_minor, currency, fee_minor: fee, tax_minor: tax, day };
  return sink.rows.write({ ordinal, ...namesOfAttempt(row), ...facts, outcome });
}

function namesOfAttempt([, , , , provider_id, provider_reference, utr]: PlainAttempt) {
  return { provider_id, provider_reference, utr: normalisedUtr(utr) };
}

const PLAIN_UTR = /^[0-9A-Z]+$/;

function normalisedUtr(utr: string | null): string | null {
  if (utr === null || utr === '') return null;
  return PLAIN_UTR.test(utr) ? utr : normaliseUtr(utr);
}

function outcomeOfAttempt([, , state, position]: PlainAttempt): Outcome | null {
  if (state === 'paid' && position === 'paid') return PAID;
  return state === 'failed' && position !== 'paid' && position !== 'returned' ? FAILED : null;
}

type AttemptNumber = readonly [payout_id: number, attempt_no: number];

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
  attemptOf: AttemptReader['attemptOf'],
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
