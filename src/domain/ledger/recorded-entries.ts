/**
 * Journal entries that a person wrote into a file: rows of one entry_ref make one entry. Every row is checked by
 * itself and every entry as a whole, and all that is wrong is told at once; nothing is rounded, filled in or guessed.
 */
import type { RowError } from '../errors.ts';
import { decimalsOf } from '../money/currency.ts';
import { formatAmount } from '../money/money.ts';
import { parseAmountOrZero } from '../money/parse-amount.ts';
import { hasLineBreak } from '../plain-text.ts';
import { isDay } from '../reconciliation/calendar.ts';
import { accountNameProblem } from './account.ts';
import { imbalances, type Posting } from './entry.ts';
import { readTags } from './tags.ts';

export const RECORD_COLUMNS = {
  required: ['entry_ref', 'date', 'account', 'debit', 'credit', 'currency'],
  optional: ['description', 'tags'],
} as const;

export type RecordRow = Record<(typeof RECORD_COLUMNS)['required'][number] | 'description' | 'tags', string>;

/** An entry as its rows say it. */
export interface RecordedEntry {
  /** Of its first row. */
  line: number;
  entry_ref: string;
  booked_on: string;
  description: string;
  /** The canonical text of tags.ts; null: none. */
  tags: string | null;
  postings: Posting[];
}

// As long as the voucher numbers of accounting programs get, and short enough for a column.
const ENTRY_REF_MAX = 64;
const DESCRIPTION_MAX = 500;
// Ten trillion of a currency with cents. A balance holds 2^63: thousands of these still add up, a slip of keys does not
// make a balance that can no longer be summed.
const LARGEST_MINOR = 10n ** 15n;

/** A row's posting, and what it says of its entry; `posting` is null where the row is in error. */
interface CheckedRow {
  line: number;
  row: RecordRow;
  posting: Posting | null;
  tags: string | null;
}

export function readRecordedEntries(rows: Iterable<{ line: number; row: RecordRow }>): {
  entries: RecordedEntry[];
  errors: RowError[];
} {
  const errors: RowError[] = [];
  const byRef = new Map<string, CheckedRow[]>();
  for (const { line, row } of rows) {
    const checked = { line, row, posting: checkRow(line, row, errors), tags: checkTags(line, row, errors) };
    const siblings = byRef.get(row.entry_ref);
    if (siblings) siblings.push(checked);
    else byRef.set(row.entry_ref, [checked]);
  }
  const entries: RecordedEntry[] = [];
  for (const checked of byRef.values()) {
    const entry = assemble(checked, errors);
    if (entry) entries.push(entry);
  }
  return { entries, errors };
}

function checkRow(line: number, row: RecordRow, errors: RowError[]): Posting | null {
  const before = errors.length;
  const say = (column: keyof RecordRow, code: string, message: string) =>
    errors.push({
      line,
      column,
      code,
      message,
      value: row[column] === '' ? null : row[column].slice(0, 200),
    });
  const refProblem = entryRefProblem(row.entry_ref);
  if (refProblem !== null) say('entry_ref', 'entry_ref_invalid', refProblem);
  if (!isDay(row.date))
    say('date', 'date_invalid', `"${row.date.slice(0, 40)}" is no date; write it as 2026-11-20.`);
  const accountProblem = accountNameProblem(row.account);
  if (accountProblem !== null) say('account', 'account_invalid', accountProblem);
  if (row.description.length > DESCRIPTION_MAX) {
    say(
      'description',
      'text_too_long',
      `The description has ${row.description.length} characters; at most ${DESCRIPTION_MAX} are kept.`,
    );
  }
  if (hasLineBreak(row.description))
    say('description', 'text_forbidden', 'The description holds a line break; write it on one line.');
  if (decimalsOf(row.currency) === undefined) {
    say(
      'currency',
      'currency_unknown',
      `"${row.currency.slice(0, 40)}" is no ISO 4217 currency; write for example INR.`,
    );
    return null;
  }
  const debit = sideOf(row.debit, row.currency, (code, message) => say('debit', code, message));
  const credit = sideOf(row.credit, row.currency, (code, message) => say('credit', code, message));
  if (debit === null || credit === null) return null;
  if ((debit === 0n) === (credit === 0n)) {
    const message =
      debit === 0n
        ? 'Neither debit nor credit has an amount; write one of them.'
        : 'Both debit and credit have an amount; write them as two rows.';
    say('debit', 'debit_credit', message);
  }
  if (errors.length > before) return null;
  return { account: row.account, amount_minor: debit - credit, currency: row.currency };
}

function checkTags(line: number, row: RecordRow, errors: RowError[]): string | null {
  const read = readTags(row.tags);
  if ('tags' in read) return read.tags;
  const value = row.tags.slice(0, 200);
  errors.push({ line, column: 'tags', code: 'tag_invalid', message: read.problem, value });
  return null;
}

function entryRefProblem(ref: string): string | null {
  if (ref === '') return 'The entry_ref is empty; rows of one entry bear one name, such as JV-2026-001.';
  if (ref.length > ENTRY_REF_MAX)
    return `The entry_ref has ${ref.length} characters; at most ${ENTRY_REF_MAX} are kept.`;
  if (ref.trim() !== ref || hasLineBreak(ref))
    return `${JSON.stringify(ref)} has spaces around it or a line break in it; write it without.`;
  return null;
}

/** An empty cell is no amount, and so is zero; null where it is in error. */
function sideOf(
  text: string,
  currency: string,
  refuse: (code: string, message: string) => void,
): bigint | null {
  if (text === '') return 0n;
  const parsed = parseAmountOrZero(text, currency);
  if (parsed.ok && parsed.minor <= LARGEST_MINOR) return parsed.minor;
  if (parsed.ok) {
    refuse(
      'amount_too_large',
      `"${text}" is more than ${formatAmount(LARGEST_MINOR, currency)}, the most that one row can book.`,
    );
    return null;
  }
  const negative = /^-\d/.test(text);
  refuse(
    parsed.code,
    negative ? `"${text}" is negative; write ${text.slice(1)} on the other side.` : parsed.message,
  );
  return null;
}

function assemble(rows: readonly CheckedRow[], errors: RowError[]): RecordedEntry | null {
  const [first] = rows;
  if (!first) return null;
  const { entry_ref, date } = first.row;
  const before = errors.length;
  const described = rows.find(({ row }) => row.description !== '')?.row.description ?? '';
  const tagged = rows.find((each) => each.tags !== null)?.tags ?? null;
  for (const { line, row, tags } of rows) {
    if (tags !== null && tags !== tagged) {
      const message = `Entry ${entry_ref} has other tags on an earlier line; tags are those of the whole entry.`;
      errors.push({
        line,
        column: 'tags',
        code: 'entry_rows_differ',
        message,
        value: row.tags.slice(0, 200),
      });
    }
    if (row.date !== date) {
      const message = `Entry ${entry_ref} has the date ${date} on line ${first.line} and ${row.date} here; an entry has one date.`;
      errors.push({ line, column: 'date', code: 'entry_rows_differ', message, value: row.date });
    }
    if (row.description !== '' && row.description !== described) {
      const message = `Entry ${entry_ref} has another description on an earlier line; an entry has one.`;
      errors.push({
        line,
        column: 'description',
        code: 'entry_rows_differ',
        message,
        value: row.description.slice(0, 200),
      });
    }
  }
  const postings = rows.flatMap(({ posting }) => (posting === null ? [] : [posting]));
  // With a row missing, the sum says nothing; that row has its error already.
  if (postings.length < rows.length || errors.length > before) return null;
  const sums = [...imbalances(postings)];
  if (sums.length > 0) {
    const text = sums.map(
      ([currency, sum]) =>
        `${formatAmount(sum < 0n ? -sum : sum, currency)} ${currency} more ${sum > 0n ? 'debit than credit' : 'credit than debit'}`,
    );
    const message = `Entry ${entry_ref} has ${text.join(' and ')}; its rows must sum to zero in each currency.`;
    errors.push({ line: first.line, column: null, code: 'entry_unbalanced', message, value: entry_ref });
    return null;
  }
  return { line: first.line, entry_ref, booked_on: date, description: described, tags: tagged, postings };
}
