/** A payout file's rows, from its bytes to payouts and to the two texts that are hashed. Nothing here asks the ledger. */
import { createHash } from 'node:crypto';
import type { RowError } from '../domain/errors.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import { canonicalEnd, canonicalPayout, statedPayout } from '../domain/payout/batch.ts';
import { referenceOfRow } from '../domain/payout/payout.ts';
import {
  DEFAULT_CURRENCY,
  type PayoutCells,
  type PayoutRow,
  type Problem,
  problem,
  type RowRules,
  readPayoutRow,
} from '../domain/payout/payout-row.ts';
import type { CsvRead } from '../statements/read-csv.ts';

export interface PayoutFile {
  read: CsvRead;
  cells: readonly PayoutCells[];
  /** The physical line of each. */
  lines: readonly number[];
}

/** How the columns of this file become cells. */
export function cellReader(read: CsvRead): (values: readonly string[]) => PayoutCells {
  // A column that the file lacks is looked for where no row has a value.
  const at = (name: keyof PayoutCells) => read.columns.get(name) ?? -1;
  const [ref, amount, reference, currency] = [
    at('beneficiary_ref'),
    at('amount'),
    at('reference_id'),
    at('currency'),
  ];
  const [rail, narration, account] = [at('rail'), at('narration'), at('account')];
  const [purpose, tags] = [at('purpose'), at('tags')];
  return (values) => ({
    beneficiary_ref: values[ref] ?? '',
    amount: values[amount] ?? '',
    reference_id: values[reference] ?? '',
    currency: values[currency] ?? '',
    rail: values[rail] ?? '',
    narration: values[narration] ?? '',
    account: values[account] ?? '',
    purpose: values[purpose] ?? '',
    tags: values[tags] ?? '',
  });
}

export function readCells(read: CsvRead): PayoutFile {
  const cellsOf = cellReader(read);
  const cells: PayoutCells[] = [];
  const lines: number[] = [];
  for (const { line, values } of read.rows) {
    lines.push(line);
    cells.push(cellsOf(values));
  }
  return { read, cells, lines };
}

export interface ReadRows {
  payouts: PayoutRow[];
  /** The canonical text of every row, good or not: what the content hash is made of. */
  stated: string[];
  errors: RowError[];
}

export function readRows({ cells, lines }: PayoutFile, rules: RowRules): ReadRows {
  const found: ReadRows = { payouts: [], stated: [], errors: [] };
  const references = new Map<string, number>();
  const problems: Problem[] = [];
  let index = -1;
  for (const row of cells) {
    index += 1;
    const line = lines[index] ?? 0;
    const payout = readPayoutRow(row, { row_no: index + 1, line }, rules, problems);
    const reference = payout?.reference_id ?? (row.reference_id || referenceOfRow(rules.batch, index + 1));
    const key = reference.toLowerCase();
    const earlier = references.get(key);
    if (earlier === undefined) references.set(key, line);
    else problems.push(referenceTaken(reference, `line ${earlier} has it too`));
    found.stated.push(stateRow(row, payout));
    if (payout) found.payouts.push(payout);
    if (problems.length > 0) {
      for (const each of problems) found.errors.push({ line, ...each });
      problems.length = 0;
    }
  }
  return found;
}

export function referenceTaken(reference: string, where: string): Problem {
  const message = `Reference "${reference}" is taken: ${where}. A reference names one payout for ever, whatever its case.`;
  return problem('reference_id', 'reference_duplicate', message, reference);
}

/** An amount counts as parsed, so that `100` and `100.00` are the same list; a currency that is left out is the default. */
export function stateRow(cells: PayoutCells, payout: PayoutRow | null): string {
  const currency = cells.currency === '' ? DEFAULT_CURRENCY : cells.currency;
  return statedPayout(
    payout !== null && payout.tags !== null ? { ...cells, tags: payout.tags } : cells,
    payout ? payout.amount_minor.toString() : plainAmount(cells.amount, currency),
    currency,
  );
}

function plainAmount(text: string, currency: string): string {
  const parsed = parseAmountOrZero(text, currency);
  return parsed.ok ? parsed.minor.toString() : text;
}

// Hashed in pieces, so that the whole text never stands in memory.
const ROWS_A_PIECE = 1000;

/** Order-independent: the rows are sorted. */
export function contentOf(stated: string[]): string {
  const hash = createHash('sha256');
  stated.sort();
  for (let from = 0; from < stated.length; from += ROWS_A_PIECE)
    hash.update(stated.slice(from, from + ROWS_A_PIECE).join(''));
  return hash.digest('hex');
}

/** The same text as `currentContent` derives from the ledger later, from rows that come in groups. */
export function createDigest(): { add(payouts: readonly PayoutRow[]): void; end(): string } {
  const hash = createHash('sha256');
  let rows = 0;
  let total = 0n;
  return {
    add(payouts) {
      for (let from = 0; from < payouts.length; from += ROWS_A_PIECE)
        hash.update(
          payouts
            .slice(from, from + ROWS_A_PIECE)
            .map(canonicalRow)
            .join(''),
        );
      rows += payouts.length;
      total += sum(payouts);
    },
    end: () => hash.update(canonicalEnd(rows, total)).digest('hex'),
  };
}

export function digestOf(payouts: readonly PayoutRow[]): string {
  const digest = createDigest();
  digest.add(payouts);
  return digest.end();
}

// Column by column: what a spread copies is a hash table, which takes longer than the rest of the row together.
function canonicalRow(row: PayoutRow): string {
  return canonicalPayout({
    reference_id: row.reference_id,
    beneficiary_ref: row.beneficiary.beneficiary_ref,
    fingerprint: row.beneficiary.fingerprint,
    amount_minor: row.amount_minor,
    currency: row.currency,
    rail: row.rail,
    account: row.account,
    tags: row.tags,
  });
}

export function sum(payouts: readonly PayoutRow[]): bigint {
  let total = 0n;
  for (const { amount_minor } of payouts) total += amount_minor;
  return total;
}
