/** The words in which a statement profile is written, the same in the files that ship and in payrun.toml. */
import * as z from 'zod';
import { decimalsOf } from '../domain/money/currency.ts';
import { LINE_KINDS } from '../domain/reconciliation/statement-line.ts';
import { ambiguousDates, isDatePattern } from './statement-date.ts';

const title = z.string().min(1);
const words = z.array(z.string().min(1)).default([]);
const kind = z.enum(LINE_KINDS);

/** By name, by one of several names that the same report has had, or by position from 1. */
const column = z.union([title, z.array(title).min(1).max(20), z.int().min(1).max(1000)]);
/** An amount may be spread over columns that are added up. */
const summable = z.union([column, z.strictObject({ sum: z.array(title).min(1).max(20) })]);

const pattern = z.string().min(1).max(500).refine(isPattern, 'is no regular expression');
const group = pattern
  .refine((text) => groupsOf(text) === 1, 'needs exactly one group in parentheses')
  .optional();

/** What a line of control totals can state, as names of groups in its pattern. */
export const STATED_TOTALS = [
  'rows',
  'debit_rows',
  'credit_rows',
  'debits',
  'credits',
  'fee_debits',
  'fee_credits',
  'opening_balance',
  'closing_balance',
] as const;
export type StatedTotalName = (typeof STATED_TOTALS)[number];
const GROUPS_OF_TOTALS: readonly string[] = [...STATED_TOTALS, 'currency', 'opening_side', 'closing_side'];

const totalsPattern = pattern.refine(statesTotals, {
  message: `needs named groups, such as (?<closing_balance>…), out of ${GROUPS_OF_TOTALS.join(', ')}`,
});

const datePattern = z
  .string()
  .refine(
    isDatePattern,
    'write iso, unix, unix_ms, or a pattern of YYYY MM DD HH mm ss such as DD/MM/YYYY HH:mm:ss',
  );
const dateFormat = z
  .union([datePattern, z.array(datePattern).min(1).max(5)])
  .transform((given) => (Array.isArray(given) ? given : [given]))
  .refine((patterns) => ambiguousDates(patterns) === null, {
    error: ({ input }) =>
      `${ambiguousDates([input].flat() as string[])} read the same text as different days; name one of them`,
  });

export const profileSchema = z.strictObject({
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  encoding: z.enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252']).default('utf-8'),
  units: z.enum(['major', 'minor']).default('major'),
  decimal_mark: z.enum(['.', ',']).default('.'),
  /** Between groups of digits; without it a grouped amount is refused. */
  grouping: z.enum([',', '.', ' ', "'"]).optional(),
  /** 1,234,567 or 12,34,567; never a mixture of both in one amount. */
  groups: z.enum(['either', 'western', 'indian']).default('either'),
  /** What may stand before or after an amount and says nothing, such as ₹. */
  currency_marks: words,
  date_format: dateFormat.default(['iso']),
  time_zone: z
    .string()
    .refine(isTimeZone, 'is no time zone; write for example Asia/Kolkata')
    .default('Asia/Kolkata'),
  /** Of rows that name none. */
  currency: z
    .string()
    .refine((code) => decimalsOf(code) !== undefined, 'is no ISO 4217 currency')
    .optional(),
  /** The currency's code is written in lower case. */
  lower_case_currency: z.boolean().default(false),
  /** `first`: the line after those that are skipped; `search`: the first that names all required columns. */
  header: z.enum(['first', 'search', 'none']).default('first'),
  /** Lines before the header. */
  skip_lines: z.int().min(0).max(100).default(0),
  /** Physical lines that are no rows, wherever they stand. */
  skip_patterns: z.array(pattern).max(20).default([]),
  /** The first line that fits, and all behind it, are no rows. */
  end_pattern: pattern.optional(),
  /** Lines that state control totals; they are no rows, and what they state is proved. */
  totals: z.array(totalsPattern).max(10).default([]),
  /** A file without a line of control totals was cut off. */
  totals_required: z.boolean().default(false),
  totals_differ: z.enum(['refuse', 'warn']).default('refuse'),
  columns: z.strictObject({
    provider_id: column.optional(),
    provider_reference: column.optional(),
    utr: column.optional(),
    provider_beneficiary_id: column.optional(),
    amount: column.optional(),
    debit: column.optional(),
    credit: column.optional(),
    direction: column.optional(),
    fee: summable.optional(),
    fee_direction: column.optional(),
    fee_currency: column.optional(),
    tax: summable.optional(),
    currency: column.optional(),
    status: column.optional(),
    failure_reason: column.optional(),
    created_at: column.optional(),
    completed_at: column.optional(),
    balance: column.optional(),
  }),
  /** Columns that may be absent, by their names in the file. */
  optional: z.array(title).default([]),
  /** Columns that are known and not read. */
  ignored: z.array(title).default([]),
  /** Reports with dozens of columns are not worth a warning for each that is not read. */
  other_columns: z.enum(['warn', 'ignore']).default('warn'),
  /** What the sign of an amount says; `words`: it has one of the directions' words before or behind it. */
  sign: z.enum(['unsigned', 'debit_negative', 'debit_positive', 'words']).default('unsigned'),
  /** A fee or tax with a minus was given back. */
  signed_fees: z.boolean().default(false),
  negative: z.enum(['leading', 'trailing', 'parentheses']).default('leading'),
  /** In which order the running balance goes through the rows; `either`: in one of the two, for all of them. */
  balance_order: z.enum(['oldest_first', 'newest_first', 'either']).default('oldest_first'),
  /** Spaces around cells are filling. */
  trim: z.boolean().default(false),
  /** The part of a cell that is meant: the first group. A cell that does not fit states nothing. */
  patterns: z.strictObject({ provider_id: group, provider_reference: group, utr: group }).prefault({}),
  /** Of words in the `direction` column, or beside amounts. */
  directions: z.strictObject({ debit: words, credit: words }).prefault({}),
  /** What rows are about, by the first rule that fits; of the others, by their direction and name. */
  kinds: z.array(z.strictObject({ column, pattern, kind })).max(100).default([]),
  credit_kind: kind.default('other'),
  unnamed_kind: kind.default('payout'),
  /** The provider's words for each status; without a status column every row is a success. */
  status: z.strictObject({ success: words, failed: words, reversed: words, in_flight: words }).prefault({}),
});

export type ParsedProfile = z.output<typeof profileSchema>;
export type ColumnSpec = z.output<typeof summable>;

function isPattern(text: string): boolean {
  return groupsOf(text) !== null;
}

/** How many groups a pattern has; null where it is none. An alternative that is empty matches everything. */
function groupsOf(text: string): number | null {
  try {
    return (new RegExp(`${text}|`).exec('')?.length ?? 1) - 1;
  } catch {
    return null;
  }
}

function statesTotals(text: string): boolean {
  try {
    const names = Object.keys(new RegExp(`${text}|`).exec('')?.groups ?? {});
    return (
      names.some((name) => (STATED_TOTALS as readonly string[]).includes(name)) &&
      names.every((name) => GROUPS_OF_TOTALS.includes(name))
    );
  } catch {
    return false;
  }
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}
