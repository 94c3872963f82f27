/** What an import is asked to do, and what is asked of a payout file as a whole: its words, its totals, and whether it is new. */
import type { Actor } from '../domain/actor.ts';
import { PayrunError, type RowError } from '../domain/errors.ts';
import { doubtfulAccounts, doubtSentence } from '../domain/ledger/account.ts';
import { formatAmount } from '../domain/money/money.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import { isBatchName } from '../domain/payout/payout.ts';
import { bookingAccountProblem, DEFAULT_CURRENCY } from '../domain/payout/payout-row.ts';
import type { RailRules } from '../domain/payout/rail.ts';
import { type BatchRow, batchByName, batchesByContent } from '../store/batches.ts';
import type { Database, Transaction } from '../store/database.ts';

export interface ImportBatchDeps {
  database: Database;
  /** RFC 3339 UTC. */
  now: string;
  actor: Actor;
}

export interface ImportBatchInput {
  bytes: Uint8Array;
  /** As the person named it, for messages and for the record. */
  file_name: string;
  name: string;
  provider: string;
  rails: RailRules;
  /** The booking account that was asked for, and the one of the configuration. */
  account: string | null;
  default_account: string;
  /** The sender's control totals, where given. */
  expect_rows: string | null;
  expect_amount: string | null;
  allow_duplicate_file: boolean;
  /** New accounts that are meant however near their names are to others; left out: all of them, which is warned about. */
  new_accounts?: ReadonlySet<string>;
  /** The same content under the same name is that batch, to go on with, and no error. */
  go_on_with_same: boolean;
}

export interface ImportedBatch {
  batch: BatchRow;
  digest: string;
  file_sha256: string;
  rows: number;
  amount: string;
  currency: string;
  /** Nothing was written: this is the batch that the same content was imported as before, under this name. */
  already_imported: boolean;
  warnings: { code: string; message: string }[];
}

/** What is wrong with the command itself, before the file is looked at. */
export function checkWords(input: ImportBatchInput): void {
  if (!isBatchName(input.name)) {
    throw new PayrunError('usage', 'batch_name_invalid', `"${input.name}" is no name for a batch.`, {
      hint: 'Write 1 to 32 letters, digits, _ . or -, the first a letter or a digit, and no ending such as .r2.',
    });
  }
  const account = input.account ?? input.default_account;
  const problem = bookingAccountProblem(account);
  if (problem !== null) {
    const where =
      input.account === null
        ? 'Correct [ledger] payout_account in payrun.toml.'
        : 'Name another with --account.';
    throw new PayrunError('usage', 'account_invalid', problem, { hint: where });
  }
  if (input.expect_rows !== null && !/^\d{1,9}$/.test(input.expect_rows)) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--expect-rows is "${input.expect_rows}"; write a number of rows.`,
    );
  }
  if (input.expect_amount !== null && !parseAmountOrZero(input.expect_amount, DEFAULT_CURRENCY).ok) {
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--expect-amount is "${input.expect_amount}"; write it like 150000.00.`,
    );
  }
}

export function totalsOf(batch: BatchRow): Totals {
  return { rows: Number(batch.row_count), amount_minor: batch.amount_minor, currency: batch.currency };
}

/** The batch to go on with; null where the content is new, or a person wants it paid again. */
export async function knownBatch(
  tx: Transaction,
  input: ImportBatchInput,
  content: string,
): Promise<BatchRow | null> {
  const known = await batchesByContent(tx, content);
  const [first] = known;
  if (!first) return null;
  const same = known.find((batch) => batch.name.toLowerCase() === input.name.toLowerCase());
  if (same && input.go_on_with_same) return same;
  if (!same && input.allow_duplicate_file) return null;
  const batch = same ?? first;
  const hint = same
    ? `Go on with it: \`payrun batch submit ${batch.name}\`. To pay the same list once more, give it a new --name and say --allow-duplicate-file.`
    : `Go on with that batch. Only to pay the same list a second time: --allow-duplicate-file, under a name that no batch has.`;
  throw new PayrunError(
    'refused_file',
    'file_known',
    `${input.file_name} has the same rows as batch "${batch.name}", imported ${batch.imported_at} from ${batch.file_name}.`,
    { hint },
  );
}

interface Totals {
  rows: number;
  amount_minor: bigint;
  currency: string;
}

export function checkControlTotals(input: ImportBatchInput, totals: Totals): void {
  const differences: string[] = [];
  if (input.expect_rows !== null && Number(input.expect_rows) !== totals.rows) {
    differences.push(`it has ${totals.rows} rows where ${input.expect_rows} were expected`);
  }
  const expected =
    input.expect_amount === null ? null : parseAmountOrZero(input.expect_amount, totals.currency);
  if (expected !== null && (!expected.ok || expected.minor !== totals.amount_minor)) {
    const amount = formatAmount(totals.amount_minor, totals.currency);
    differences.push(
      `its amounts add up to ${amount} ${totals.currency} where ${input.expect_amount} was expected`,
    );
  }
  if (differences.length === 0) return;
  throw new PayrunError(
    'refused_file',
    'control_total_differs',
    `${input.file_name}: ${differences.join('; ')}.`,
    {
      hint: 'Rows may be missing or changed on the way: compare the file with its sender before importing it.',
    },
  );
}

/** Going on with a batch under other words than it was imported with would not do what was asked. */
export function refuseOtherWords(known: BatchRow, input: ImportBatchInput): void {
  const [word, had, asked] =
    known.provider !== input.provider
      ? ['provider', known.provider, input.provider]
      : ['account', known.account, input.account ?? known.account];
  if (had === asked) return;
  throw new PayrunError(
    'usage',
    'batch_differs',
    `BatchRow "${known.name}" was imported with ${word} ${had}, not ${asked}.`,
    {
      hint: `Leave out --${word}, or cancel the batch while nothing of it was sent and import the file again.`,
    },
  );
}

export async function refuseTakenName(tx: Transaction, input: ImportBatchInput): Promise<void> {
  const other = await batchByName(tx, input.name);
  if (!other || other.cancelled_at !== null) return;
  const message = `There is a batch "${other.name}" already, with other rows (imported ${other.imported_at} from ${other.file_name}).`;
  throw new PayrunError('refused_file', 'batch_name_taken', message, {
    hint: 'Give this file a name of its own with --name.',
  });
}

/** By account the line of the first row that names it. */
export type AccountLines = ReadonlyMap<string, number>;

/** A new account that is nearly an old one is more often a slip than a wish; each where it first stands. */
export function doubtfulRows(
  existing: readonly string[],
  lines: AccountLines,
  input: ImportBatchInput,
): RowError[] {
  return doubtfulAccounts(lines.keys(), [...existing, input.default_account]).map((doubt) => ({
    line: lines.get(doubt.account) ?? 0,
    column: 'account',
    code: 'account_similar',
    message: doubtSentence(doubt),
    value: doubt.account,
  }));
}

/** Those that nobody has said are meant, where that had to be said. */
export function unmeant(doubts: readonly RowError[], { new_accounts: meant }: ImportBatchInput): RowError[] {
  return meant === undefined ? [] : doubts.filter(({ value }) => value === null || !meant.has(value));
}

export function doubtWarnings(
  doubts: readonly RowError[],
  input: ImportBatchInput,
): ImportedBatch['warnings'] {
  if (input.new_accounts !== undefined) return [];
  return doubts.map(({ code, message }) => ({
    code,
    message: `${message} Payouts of this batch will be booked on it.`,
  }));
}
