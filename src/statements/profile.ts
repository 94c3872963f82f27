/**
 * Statement profiles: how a report is to be read, as data. One ships for each kind of provider; a user writes others
 * into payrun.toml as [statements.NAME], in the same words. Nothing about a report is guessed beyond which profile
 * its header fits.
 */
import { parse } from 'smol-toml';
import * as z from 'zod';
import { Bug, PayrunError } from '../domain/errors.ts';
import { decimalsOf } from '../domain/money/currency.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import { LINE_KINDS } from '../domain/reconciliation/statement-line.ts';
import hdfcToml from './profiles/hdfc.toml';
import iciciToml from './profiles/icici.toml';
import nxtbankingToml from './profiles/nxtbanking.toml';
import paypalToml from './profiles/paypal.toml';
import sbiToml from './profiles/sbi.toml';
import stripeToml from './profiles/stripe.toml';
import { isDatePattern } from './statement-date.ts';

const column = z.string().min(1);
const words = z.array(z.string().min(1)).default([]);

const kind = z.enum(LINE_KINDS);
const pattern = z.string().min(1).max(500).refine(isPattern, 'is no regular expression');
const group = pattern
  .refine((text) => groupsOf(text) === 1, 'needs exactly one group in parentheses')
  .optional();

const profileSchema = z.strictObject({
  delimiter: z.enum([',', ';', '\t', '|']).default(','),
  encoding: z.enum(['utf-8', 'utf-16le', 'windows-1252']).default('utf-8'),
  units: z.enum(['major', 'minor']).default('major'),
  decimal_mark: z.enum(['.', ',']).default('.'),
  date_format: z
    .string()
    .refine(isDatePattern, 'write iso, or a pattern of YYYY MM DD HH mm ss such as DD/MM/YYYY HH:mm:ss')
    .default('iso'),
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
  /** Lines before the header. */
  skip_lines: z.int().min(0).max(100).default(0),
  columns: z.strictObject({
    provider_id: column.optional(),
    provider_reference: column.optional(),
    utr: column.optional(),
    provider_beneficiary_id: column.optional(),
    amount: column.optional(),
    debit: column.optional(),
    credit: column.optional(),
    direction: column.optional(),
    fee: column.optional(),
    tax: column.optional(),
    currency: column.optional(),
    status: column.optional(),
    failure_reason: column.optional(),
    created_at: column.optional(),
    completed_at: column.optional(),
  }),
  /** Columns that may be absent, by their names in the file. */
  optional: z.array(column).default([]),
  /** Columns that are known and not read. */
  ignored: z.array(column).default([]),
  /** Between groups of digits; without it a grouped amount is refused. */
  grouping: z.enum([',', '.', ' ', "'"]).optional(),
  /** What the sign of an amount says; unsigned ones may not have any. */
  sign: z.enum(['unsigned', 'debit_negative', 'debit_positive']).default('unsigned'),
  /** Spaces around cells are filling. */
  trim: z.boolean().default(false),
  /** Physical lines that are no rows, such as closing balances, wherever they stand. */
  skip_patterns: z.array(pattern).max(20).default([]),
  /** The part of a cell that is meant: the first group. A cell that does not fit states nothing. */
  patterns: z.strictObject({ provider_id: group, provider_reference: group, utr: group }).prefault({}),
  /** Of words in the `direction` column. */
  directions: z.strictObject({ debit: words, credit: words }).prefault({}),
  /** What rows are about, by the first rule that fits; of the others, by their direction and name. */
  kinds: z.array(z.strictObject({ column, pattern, kind })).max(100).default([]),
  credit_kind: kind.default('other'),
  unnamed_kind: kind.default('payout'),
  /** The provider's words for each status; without a status column every row is a success. */
  status: z.strictObject({ success: words, failed: words, reversed: words, in_flight: words }).prefault({}),
});

type ParsedProfile = z.output<typeof profileSchema>;
export type Field = keyof ParsedProfile['columns'];

export interface Profile extends Omit<ParsedProfile, 'status' | 'columns'> {
  name: string;
  /** Where each field stands: the column's name in lower case. */
  columns: Readonly<Partial<Record<Field, string>>>;
  /** Whether a row says which way its money went. */
  directed: boolean;
  directionOf: ReadonlyMap<string, 'debit' | 'credit'>;
  required: readonly string[];
  /** Status words in upper case. */
  statuses: ReadonlyMap<string, ProviderState>;
}

const SHIPPED: Readonly<Record<string, string>> = {
  nxtbanking: nxtbankingToml,
  hdfc: hdfcToml,
  icici: iciciToml,
  paypal: paypalToml,
  sbi: sbiToml,
  stripe: stripeToml,
};

/** The profiles that ship, and the user's. `where` names the configuration in errors. */
export function loadProfiles(own: Readonly<Record<string, unknown>>, where: string): Profile[] {
  const shipped = Object.entries(SHIPPED).map(([name, toml]) =>
    interpret(name, parse(toml), `profile ${name}`),
  );
  const users = Object.entries(own).map(([name, tree]) =>
    interpret(name, tree, `${where}: [statements.${name}]`),
  );
  // A user's profile of the same name replaces the one that ships.
  return [...users, ...shipped.filter((profile) => !(profile.name in own))];
}

function interpret(name: string, tree: unknown, where: string): Profile {
  const parsed = profileSchema.safeParse(tree);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    throw new PayrunError(
      'usage',
      'config_invalid',
      `${where} ${key}: ${issue?.message ?? 'is no profile'}.`,
      {
        hint: 'README lists the keys of a statement profile, with the one for nxtbanking as an example.',
      },
    );
  }
  const { status, columns, ...rest } = parsed.data;
  const named = Object.entries(columns) as [Field, string][];
  const optional = new Set(rest.optional.map(columnName));
  if (columns.currency === undefined && rest.currency === undefined) {
    throw new PayrunError(
      'usage',
      'config_invalid',
      `${where}: neither a currency column nor a currency is named.`,
      {
        hint: 'Write currency = "INR", or name the column under [columns].',
      },
    );
  }
  const unclear = unclearAmount(parsed.data);
  if (unclear !== null) throw new PayrunError('usage', 'config_invalid', `${where}: ${unclear}`);
  return {
    ...rest,
    name,
    kinds: rest.kinds.map((rule) => ({ ...rule, column: columnName(rule.column) })),
    directed: columns.amount === undefined || columns.direction !== undefined || rest.sign !== 'unsigned',
    directionOf: directionsOf(rest.directions),
    columns: Object.fromEntries(
      named.map(([field, title]) => [field, columnName(title)]),
    ) as Profile['columns'],
    ignored: rest.ignored.map(columnName),
    required: [
      ...new Set(
        [...named.map(([, title]) => title), ...rest.kinds.map((rule) => rule.column), ...rest.ignored].map(
          columnName,
        ),
      ),
    ].filter((title) => !optional.has(title)),
    statuses: wordsOf(status, where),
  };
}

/** Where an amount stands and which way it went has one answer, or the profile none. */
function unclearAmount({ columns, directions }: ParsedProfile): string | null {
  const split = columns.debit !== undefined || columns.credit !== undefined;
  if (columns.amount === undefined && !split) return 'no column of an amount is named.';
  if (columns.amount !== undefined && split)
    return 'an amount has its own column, or those of debit and credit.';
  if (columns.direction !== undefined && (directions.debit.length === 0 || directions.credit.length === 0)) {
    return 'a direction column needs the words of both directions under [directions].';
  }
  return null;
}

function directionsOf(directions: ParsedProfile['directions']): Map<string, 'debit' | 'credit'> {
  const of = (way: 'debit' | 'credit') => directions[way].map((word) => [word.toUpperCase(), way] as const);
  return new Map([...of('debit'), ...of('credit')]);
}

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

function wordsOf(status: ParsedProfile['status'], where: string): Map<string, ProviderState> {
  const statuses = new Map<string, ProviderState>();
  for (const [state, stated] of Object.entries(status) as [ProviderState, string[]][]) {
    for (const word of stated) {
      if (statuses.has(word.toUpperCase())) {
        throw new PayrunError(
          'usage',
          'config_invalid',
          `${where}: the status word "${word}" stands under two statuses.`,
        );
      }
      statuses.set(word.toUpperCase(), state);
    }
  }
  return statuses;
}

/** Column names are compared without regard to case and to spaces around them. */
export function columnName(title: string): string {
  return title.normalize('NFKC').trim().toLowerCase();
}

/**
 * The profile that a header fits: all that it requires is there. Of several the one that knows most of the columns;
 * undefined where none fits. The header depends on the profile, which says where it stands and what separates it.
 */
export function profileOfHeader(
  headerFor: (profile: Profile) => readonly string[],
  profiles: readonly Profile[],
): Profile | undefined {
  const [best, second] = profilesOfHeader(headerFor, profiles);
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

/** Those whose required columns are all there, by how many of their columns the header has. */
export function profilesOfHeader(
  headerFor: (profile: Profile) => readonly string[],
  profiles: readonly Profile[],
): { profile: Profile; known: number }[] {
  return profiles
    .map((profile) => ({ profile, titles: new Set(headerFor(profile).map(columnName)) }))
    .filter(({ profile, titles }) => profile.required.every((title) => titles.has(title)))
    .map(({ profile, titles }) => ({
      profile,
      known: Object.values(profile.columns).filter((title) => titles.has(title)).length,
    }))
    .sort((a, b) => b.known - a.known);
}

export function profileByName(name: string, profiles: readonly Profile[]): Profile {
  const found = profiles.find((profile) => profile.name === name);
  if (found) return found;
  throw new PayrunError('usage', 'profile_unknown', `There is no statement profile "${name}".`, {
    hint: `Known: ${profiles.map((profile) => profile.name).join(', ')}. Others are written into payrun.toml as [statements.NAME].`,
  });
}

/** The profile that ships for a kind of provider. */
export function profileOfKind(kind: string, profiles: readonly Profile[]): Profile {
  const found = profiles.find((profile) => profile.name === kind);
  if (!found) throw new Bug(`No statement profile ships for ${kind}.`);
  return found;
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}
