/**
 * The rows of a payout file five hundred at a time, so that a file of any length is read in the same memory. The first
 * group in which anything is wrong ends it: to explain is the work of payout-file.ts, which has all rows beside each other.
 */
import {
  DEFAULT_CURRENCY,
  type KnownBeneficiary,
  type PayoutCells,
  type PayoutRow,
  type Problem,
  type RowRules,
  readPayoutRow,
} from '../domain/payout/payout-row.ts';
import type { CsvRead, CsvRow } from '../statements/read-csv.ts';
import type { Reader } from '../store/database.ts';
import { beneficiariesForPayouts } from '../store/payout-beneficiaries.ts';
import { cellReader, stateRow } from './payout-file.ts';

const ROWS_A_GROUP = 500;
/** More are asked for again when they come again. */
const BENEFICIARIES_KEPT = 20_000;

export interface RowGroup {
  payouts: PayoutRow[];
  /** The canonical text of every row: what the content hash is made of. */
  stated: string[];
}

/** Null, and no more, where a row is not as it should be. Whether a reference comes twice is not looked at. */
export async function* readGroups(
  reader: Reader,
  read: CsvRead,
  rules: Omit<RowRules, 'currency' | 'beneficiaries'>,
): AsyncGenerator<RowGroup | null, void, undefined> {
  const cellsOf = cellReader(read);
  const beneficiaries = new Map<string, KnownBeneficiary>();
  let currency: string | undefined;
  let done = 0;
  for (const records of inGroups(read.rows)) {
    const cells = records.map(({ values }) => cellsOf(values));
    currency ??= cells[0]?.currency || DEFAULT_CURRENCY;
    const rulesHere: RowRules = { ...rules, currency, beneficiaries };
    await learn(reader, beneficiaries, cells);
    const group: RowGroup = { payouts: [], stated: [] };
    const problems: Problem[] = [];
    for (const [index, row] of cells.entries()) {
      const place = { row_no: done + index + 1, line: records[index]?.line ?? 0 };
      const payout = readPayoutRow(row, place, rulesHere, problems);
      if (payout === null) return yield null;
      group.payouts.push(payout);
      group.stated.push(stateRow(row, payout));
    }
    yield group;
    done += records.length;
  }
}

function* inGroups(rows: Iterable<CsvRow>): Generator<CsvRow[], void, undefined> {
  let group: CsvRow[] = [];
  for (const row of rows) {
    group.push(row);
    if (group.length < ROWS_A_GROUP) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function learn(
  reader: Reader,
  known: Map<string, KnownBeneficiary>,
  cells: readonly PayoutCells[],
): Promise<void> {
  if (known.size > BENEFICIARIES_KEPT) known.clear();
  const wanted = new Set<string>();
  for (const { beneficiary_ref: ref } of cells) if (!known.has(ref.toLowerCase())) wanted.add(ref);
  if (wanted.size === 0) return;
  for (const [ref, beneficiary] of await beneficiariesForPayouts(reader, wanted)) known.set(ref, beneficiary);
}
