/**
 * What the bulk reader has to know of a file: where in a row each value stands that a comparison uses. Only files of
 * a plain form have a plan; every other, and every row that a plan does not know how to read, goes to the readers
 * that know all forms (read-statement.ts, read-ours.ts). It decides nothing that these decide otherwise.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ProviderState } from '../../domain/payout/payout.ts';
import type { RowForm } from '../plain-row.ts';
import { type Field, loadProfiles, type Profile } from '../profile.ts';
import { resolveColumns } from '../profile-fit.ts';
import { type CsvWarning, MOST_COLUMNS, readCsv } from '../read-csv.ts';
import { OURS_SPEC } from '../read-ours.ts';
import { readStatement } from '../read-statement.ts';
import { RecordScanner } from './record-scanner.ts';

/** What a row says became of its payout, as far as rows are settled in bulk. */
export const PAID = 0;
export const FAILED = 1;
/** Of our side alone: it states nothing, and nothing can differ. */
export const UNSTATED = 2;
export type Outcome = typeof PAID | typeof FAILED | typeof UNSTATED;

/** Names by which a payout is known, in the order of their bytes in a record. */
export const NAMES = ['provider_id', 'provider_reference', 'utr'] as const;
export type Name = (typeof NAMES)[number];

/** Columns by their place in a row; -1 where the file has none. All of it can be sent to another thread. */
export interface SidePlan {
  delimiter: string;
  width: number;
  /** Where the rows start: bytes, and the physical line. */
  body: number;
  body_line: number;
  provider_id: number;
  /** The first of them that a row fills is its reference. */
  provider_reference: readonly number[];
  utr: number;
  amount: number;
  fee: number;
  tax: number;
  currency: number;
  /** Of rows that state none. */
  default_currency: string;
  status: number;
  /** Words and what they say; others are for the reader of every form. */
  outcomes: readonly (readonly [string, Outcome])[];
  /** Words count in either case. */
  fold_status: boolean;
  /** Of rows without a word; null where such a row is an error. */
  without_status: Outcome | null;
  /** The first of them that a row fills is its day; all have to be readable. */
  days: readonly number[];
  /** Columns whose values are limited in length. */
  bounded: readonly number[];
  /** A reference that ends in `.r2` tells of attempts before it. */
  tells_attempts: boolean;
  /** A row of empty cells is none. */
  skips_empty: boolean;
}

export interface Planned {
  plan: SidePlan;
  /** The bytes before the rows, for a file that holds some rows alone. */
  header: Uint8Array;
  warnings: readonly CsvWarning[];
}

/** The header record in the beginning of a file; null where there is none that is plain. */
export function plainHeader(
  beginning: Uint8Array,
  whole: boolean,
  delimiter: string,
): { header: Uint8Array; cells: string[]; line: number } | null {
  const scanner = new RecordScanner(delimiter, 1);
  const mark = beginning[0] === 0xef && beginning[1] === 0xbb && beginning[2] === 0xbf ? 3 : 0;
  const bytes = beginning.subarray(mark);
  scanner.load(bytes, bytes.length, whole);
  if (scanner.next() !== 'record' || scanner.count > MOST_COLUMNS) return null;
  const cells = Array.from({ length: scanner.count }, (_, index) => scanner.text(index));
  return { header: beginning.subarray(0, mark + scanner.rest), cells, line: scanner.nextLine };
}

/** Null: the file, or its profile, is for the reader of every form. */
export function planStatement(
  beginning: Uint8Array,
  whole: boolean,
  profile: Profile,
  timeZone: string,
): Planned | null {
  if (!isPlain(profile)) return null;
  const found = plainHeader(beginning, whole, profile.delimiter);
  const read = found && readStatement(found.header, profile, timeZone);
  if (!found || !read || read.errors.length > 0) return null;
  const resolved = resolveColumns(found.cells, profile);
  const at = (field: Field) => resolved.at.get(field) ?? -1;
  if (resolved.sums.size > 0 || at('amount') < 0) return null;
  if (profile.columns.status !== undefined && at('status') < 0) return null;
  return {
    header: found.header,
    warnings: read.warnings,
    plan: {
      delimiter: profile.delimiter,
      width: found.cells.length,
      body: found.header.length,
      body_line: found.line,
      provider_id: at('provider_id'),
      provider_reference: present([at('provider_reference')]),
      utr: at('utr'),
      amount: at('amount'),
      fee: at('fee'),
      tax: at('tax'),
      currency: at('currency'),
      default_currency: profile.currency ?? '',
      status: at('status'),
      outcomes: [...profile.statuses].flatMap(([word, state]) => outcomeOf(word, state)),
      fold_status: true,
      without_status: profile.columns.status === undefined ? PAID : null,
      days: present([at('completed_at'), at('created_at')]),
      bounded: present((Object.keys(profile.columns) as Field[]).map(at)),
      tells_attempts: false,
      skips_empty: true,
    },
  };
}

/** Of the lines of a page (packed-lines.ts): their numbers in the file stand before their cells. */
export function planPacked({ delimiter, titles, at, statuses, currency }: RowForm): SidePlan {
  const behind = (field: Field) => (at[field] ?? -2) + 1;
  return {
    delimiter,
    width: titles.length + 1,
    body: 0,
    body_line: 1,
    provider_id: behind('provider_id'),
    provider_reference: present([behind('provider_reference')]),
    utr: behind('utr'),
    amount: behind('amount'),
    fee: behind('fee'),
    tax: behind('tax'),
    currency: behind('currency'),
    default_currency: currency,
    status: behind('status'),
    outcomes: (statuses ?? []).flatMap(([word, state]) => outcomeOf(word, state)),
    fold_status: true,
    without_status: statuses === null ? PAID : null,
    days: present([behind('completed_at'), behind('created_at')]),
    bounded: (Object.keys(at) as Field[]).map(behind),
    tells_attempts: false,
    skips_empty: false,
  };
}

/** `currency` is that of rows that state none. */
export function planOurs(beginning: Uint8Array, whole: boolean, currency: string): Planned | null {
  const found = plainHeader(beginning, whole, ',');
  const read = found && readCsv(found.header, OURS_SPEC);
  if (!found || !read || read.errors.length > 0) return null;
  const at = (column: string) => read.columns.get(column) ?? -1;
  return {
    header: found.header,
    warnings: read.warnings,
    plan: {
      delimiter: ',',
      width: found.cells.length,
      body: found.header.length,
      body_line: found.line,
      provider_id: at('provider_id'),
      provider_reference: present([at('provider_reference'), at('reference_id')]),
      utr: at('utr'),
      amount: at('amount'),
      fee: at('fee'),
      tax: at('tax'),
      currency: at('currency'),
      default_currency: currency,
      status: at('state'),
      outcomes: [
        ['paid', PAID],
        ['failed', FAILED],
      ],
      fold_status: false,
      without_status: UNSTATED,
      days: present([at('paid_at')]),
      bounded: [],
      tells_attempts: true,
      skips_empty: false,
    },
  };
}

function present(columns: readonly number[]): number[] {
  return columns.filter((column) => column >= 0);
}

function outcomeOf(word: string, state: ProviderState): [string, Outcome][] {
  // Words are compared without the spaces around them.
  if (word !== word.trim()) return [];
  if (state === 'success') return [[word, PAID]];
  return state === 'failed' ? [[word, FAILED]] : [];
}

const PLAIN_FIELDS: ReadonlySet<string> = new Set<Field>([
  'provider_id',
  'provider_reference',
  'utr',
  'provider_beneficiary_id',
  'amount',
  'fee',
  'tax',
  'currency',
  'status',
  'failure_reason',
  'created_at',
  'completed_at',
]);

/** Whatever a profile says beyond columns and words has to be what is said where nothing is said. */
export function isPlain(profile: Profile): boolean {
  const [unadorned] = loadProfiles({ unadorned: { currency: 'INR', columns: { amount: 'amount' } } }, '');
  return (
    unadorned !== undefined &&
    Object.keys(profile.columns).every((field) => PLAIN_FIELDS.has(field)) &&
    isDeepStrictEqual(beyondColumns(profile), beyondColumns(unadorned))
  );
}

// The zone is that of times without an offset, the kinds are those of rows without a name: neither is read in bulk.
const READ_HERE: ReadonlySet<string> = new Set<keyof Profile>([
  'name',
  'columns',
  'statuses',
  'required',
  'optional',
  'ignored',
  // Told from the header alone.
  'other_columns',
  'delimiter',
  'currency',
  'time_zone',
  'credit_kind',
  'unnamed_kind',
]);

function beyondColumns(profile: Profile): Record<string, unknown> {
  return Object.fromEntries(Object.entries(profile).filter(([key]) => !READ_HERE.has(key)));
}
