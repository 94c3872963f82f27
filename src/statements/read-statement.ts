/**
 * A provider's report to statement lines, as its profile says. Every bad row is reported with its line and nothing
 * is half-read.
 */
import { parse } from 'csv-parse/sync';
import type { RowError } from '../domain/errors.ts';
import { type Profile, profileOfHeader, profilesOfHeader } from './profile.ts';
import { type CsvWarning, readCsv } from './read-csv.ts';
import { rowReader, type StatementRow } from './statement-row.ts';
import { isSkipped, prepared } from './statement-text.ts';

export type { StatementRow } from './statement-row.ts';

export interface StatementRead {
  rows: StatementRow[];
  /** Any of these refuses the whole file. */
  errors: RowError[];
  warnings: CsvWarning[];
}

const HEADER_BYTES = 65_536;

/** The profile that the file's header fits, or undefined. */
export function detectProfile(bytes: Uint8Array, profiles: readonly Profile[]): Profile | undefined {
  return profileOfHeader((profile) => headerOf(bytes, profile), profiles);
}

/** Every profile that the header fits, the one that knows most of it first. */
export function fittingProfiles(bytes: Uint8Array, profiles: readonly Profile[]): Profile[] {
  return profilesOfHeader((profile) => headerOf(bytes, profile), profiles).map(({ profile }) => profile);
}

/** The titles of the columns, as the file writes them. */
export function headerOf(bytes: Uint8Array, profile: Profile): string[] {
  const text = new TextDecoder(profile.encoding).decode(bytes.subarray(0, HEADER_BYTES));
  const line = text
    .split(/\r\n|\n|\r/)
    .slice(profile.skip_lines)
    .find((each) => each.trim() !== '' && !isSkipped(each, profile));
  if (line === undefined) return [];
  const [header] = parse(line, {
    delimiter: profile.delimiter,
    relax_quotes: true,
    relax_column_count: true,
    bom: true,
  }) as string[][];
  return header ?? [];
}

/** `timeZone` is the ledger's: it decides the day of an instant. */
export function readStatement(bytes: Uint8Array, profile: Profile, timeZone: string): StatementRead {
  const text = prepared(bytes, profile);
  if (text === null) {
    const message = `The file is not ${profile.encoding}, as the profile ${profile.name} declares it.`;
    const error = { line: 1, column: null, code: 'encoding_invalid', message, value: null };
    return { rows: [], errors: [error], warnings: [] };
  }
  const csv = readCsv(text, {
    required: profile.required,
    optional: [
      ...profile.optional,
      ...Object.values(profile.columns),
      ...profile.kinds.map((rule) => rule.column),
    ],
    rows_required: false,
    delimiter: profile.delimiter,
  });
  const reader = rowReader(profile, csv.columns, csv.errors, timeZone);
  const rows: StatementRow[] = [];
  const seen = new Map<string, number>();
  for (const { line, values } of csv.rows) {
    const row = reader(line, values);
    if (!row) continue;
    row.occurrence = (seen.get(row.content) ?? 0) + 1;
    seen.set(row.content, row.occurrence);
    rows.push(row);
  }
  return { rows, errors: csv.errors, warnings: csv.warnings };
}
