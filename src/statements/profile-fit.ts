/**
 * Whether a file is the report that a profile speaks of: where its header stands, which column of it holds what, and
 * what is missing. The one place where names in a profile meet names in a file.
 */
import { parse } from 'csv-parse/sync';
import { PayrunError, type RowError } from '../domain/errors.ts';
import { type ColumnRef, columnName, type Field, type Profile } from './profile.ts';
import { decodeAs } from './statement-encoding.ts';

/** Where each field stands in a row; from 0. */
export interface Resolved {
  at: ReadonlyMap<Field, number>;
  /** Fields that are the sum of several columns. */
  sums: ReadonlyMap<Field, readonly number[]>;
  /** For each rule of the profile's kinds, in their order; -1 where the file has no such column. */
  kinds: readonly number[];
  /** Required columns that the file does not have, each with all of its names. */
  missing: readonly (readonly string[])[];
  /** How many of the profile's fields the file has. */
  known: number;
  /** Columns that the profile neither reads nor knows. */
  unread: readonly number[];
}

/** How a profile fits a file. */
export interface Fit {
  profile: Profile;
  fits: boolean;
  known: number;
  missing: Resolved['missing'];
}

const HEADER_BYTES = 65_536;
// A preamble of more lines is no preamble.
export const MOST_LINES_BEFORE_HEADER = 100;

export function resolveColumns(cells: readonly string[], profile: Profile): Resolved {
  const positions = new Map<string, number>();
  for (const [index, cell] of cells.entries()) positions.set(columnName(cell), index);
  const find = (names: readonly string[]): number => {
    for (const name of names) {
      const position = positions.get(columnName(name));
      if (position !== undefined) return position;
    }
    return -1;
  };
  const positionOf = (ref: ColumnRef): number =>
    'names' in ref ? find(ref.names) : 'position' in ref && ref.position < cells.length ? ref.position : -1;
  const at = new Map<Field, number>();
  const sums = new Map<Field, readonly number[]>();
  for (const [field, ref] of Object.entries(profile.columns) as [Field, ColumnRef][]) {
    if ('sum' in ref) {
      const found = ref.sum.map(find).filter((position) => position >= 0);
      if (found.length > 0) sums.set(field, found);
    } else if (positionOf(ref) >= 0) at.set(field, positionOf(ref));
  }
  const kinds = profile.kinds.map(({ column }) => positionOf(column));
  const read = new Set([...at.values(), ...[...sums.values()].flat(), ...kinds]);
  const ignored = new Set(profile.ignored.map(columnName));
  return {
    at,
    sums,
    kinds,
    missing: missingOf(profile, find, cells.length),
    known: at.size + sums.size,
    unread: [...cells.keys()].filter(
      (index) => !read.has(index) && !ignored.has(columnName(cells[index] ?? '')),
    ),
  };
}

function missingOf(
  profile: Profile,
  find: (names: readonly string[]) => number,
  width: number,
): Resolved['missing'] {
  const beyond = Object.values(profile.columns).flatMap((ref) =>
    'position' in ref && ref.position >= width ? [[`column ${ref.position + 1}`]] : [],
  );
  return [...profile.required.filter((names) => find(names) < 0), ...beyond];
}

/** One error for each column that is missing, at `line`; what is there instead, `has`, is said by the first alone. */
export function missingErrors(
  missing: Resolved['missing'],
  profile: Profile,
  line: number,
  has: string,
): RowError[] {
  return missing.map((names, index) => ({
    line,
    column: names[0] ?? null,
    code: 'column_missing',
    message: `Column ${anyOf(names)} of the profile ${profile.name} is missing${index === 0 ? `; ${has}` : ''}.`,
    value: null,
  }));
}

/** `"Debit" or "Paid out"`. */
export function anyOf(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' or ');
}

/** The cells of one physical line, taken by itself: a row may go on behind it, and then it is no header. */
export function splitLine(line: string, profile: Profile): string[] {
  if (!line.includes('"')) return line.replace(/^\ufeff/, '').split(profile.delimiter);
  try {
    const options = { relax_quotes: true, relax_column_count: true, bom: true };
    const [cells] = parse(line, { delimiter: profile.delimiter, ...options }) as string[][];
    return cells ?? [];
  } catch {
    return [];
  }
}

/** The index of the header among the first lines of a file; -1 where none of them names all required columns. */
export function findHeader(lines: readonly string[], profile: Profile): number {
  if (profile.header !== 'search')
    return lines.findIndex((line, index) => index >= profile.skip_lines && !isNoRow(line, profile));
  return lines
    .slice(0, MOST_LINES_BEFORE_HEADER + 1)
    .findIndex(
      (line) => line.trim() !== '' && resolveColumns(splitLine(line, profile), profile).missing.length === 0,
    );
}

function isNoRow(line: string, profile: Profile): boolean {
  return (
    line.trim() === '' ||
    [...profile.skip_patterns, ...profile.totals].some((pattern) => new RegExp(pattern, 'i').test(line))
  );
}

/** The titles of the columns, as the file writes them; where no header is found, of the line that comes nearest. */
export function headerOf(bytes: Uint8Array, profile: Profile): string[] {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEADER_BYTES));
  const lines = decodeAs(head, profile.encoding).split(/\r\n|\n|\r/);
  const found = lines[findHeader(lines, profile)];
  if (found !== undefined) return splitLine(found, profile);
  const nearest = nearestHeader(lines, profile);
  return nearest < 0 ? [] : splitLine(lines[nearest] ?? '', profile);
}

/** The line that has the most of the profile's columns; -1 where none has any. */
export function nearestHeader(lines: readonly string[], profile: Profile): number {
  let best = -1;
  let most = 0;
  for (const [index, line] of lines.slice(0, MOST_LINES_BEFORE_HEADER + 1).entries()) {
    const { known } = resolveColumns(splitLine(line, profile), profile);
    if (known > most) [best, most] = [index, known];
  }
  return best;
}

/** How every profile fits: those that do first, and of both those first that know most of the header. */
export function fitsOf(bytes: Uint8Array, profiles: readonly Profile[]): Fit[] {
  return profiles
    .map((profile): Fit => {
      const { missing, known } = resolveColumns(headerOf(bytes, profile), profile);
      // Any file has a first and a second column: what has no header is told by nobody but the user.
      return { profile, known, missing, fits: missing.length === 0 && profile.header !== 'none' };
    })
    .sort(
      (a, b) => Number(b.fits) - Number(a.fits) || b.known - a.known || a.missing.length - b.missing.length,
    );
}

/** The profile that the file's header fits, or undefined; of several the one that knows most of it. */
export function detectProfile(bytes: Uint8Array, profiles: readonly Profile[]): Profile | undefined {
  const [best, second] = fitsOf(bytes, profiles).filter(({ fits }) => fits);
  if (best && second && best.known === second.known) {
    throw new PayrunError(
      'usage',
      'profile_ambiguous',
      `The header fits the profiles ${best.profile.name} and ${second.profile.name}.`,
      {
        hint: 'Say which with --profile NAME.',
      },
    );
  }
  return best?.profile;
}

/**
 * The profile to read a file with whose user names none: what its header fits, else what it nearly fits, so that the
 * column is named which a report has renamed; else `expected`.
 */
export function profileFor(bytes: Uint8Array, profiles: readonly Profile[], expected: Profile): Profile {
  return detectProfile(bytes, profiles) ?? fitsOf(bytes, profiles).find(nearlyFits)?.profile ?? expected;
}

// A file that has less than half of a profile's fields is another report.
const NEARLY = 0.5;

export function nearlyFits({ fits, known, profile }: Fit): boolean {
  return !fits && profile.header !== 'none' && known >= Object.keys(profile.columns).length * NEARLY;
}
