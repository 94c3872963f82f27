/**
 * Statement profiles: how a report is to be read, as data. One ships for each report that payrun knows; a user writes
 * others into payrun.toml as [statements.NAME], in the same words. Nothing about a report is guessed beyond which
 * profile its header fits.
 */
import { parse } from 'smol-toml';
import { Bug, PayrunError } from '../domain/errors.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import type { LineKind } from '../domain/reconciliation/statement-line.ts';
import { type ColumnSpec, type ParsedProfile, profileSchema } from './profile-schema.ts';
import { SHIPPED } from './shipped-profiles.ts';

export type Field = keyof ParsedProfile['columns'];

/** Where a value stands: under one of some names, at a position from 0, or as the sum of several columns. */
export type ColumnRef =
  | { names: readonly string[] }
  | { position: number }
  | { sum: readonly (readonly string[])[] };

export interface KindRule {
  column: ColumnRef;
  expression: RegExp;
  kind: LineKind;
}

export interface Profile extends Omit<ParsedProfile, 'status' | 'columns' | 'kinds'> {
  name: string;
  /** In the order in which errors name them. */
  columns: Readonly<Partial<Record<Field, ColumnRef>>>;
  kinds: readonly KindRule[];
  /** Whether a row says which way its money went. */
  directed: boolean;
  directionOf: ReadonlyMap<string, 'debit' | 'credit'>;
  /** Columns without which a file is not whole, each under any of its names. */
  required: readonly (readonly string[])[];
  /** Status words in upper case. */
  statuses: ReadonlyMap<string, ProviderState>;
}

/** The profiles that ship, and the user's. `where` names the configuration in errors. */
export function loadProfiles(own: Readonly<Record<string, unknown>>, where: string): Profile[] {
  const shipped = Object.entries(SHIPPED).map(([name, toml]) =>
    interpret(name, parse(toml), `profile ${name}`),
  );
  const users = Object.entries(own).map(([name, tree]) => {
    const place = `${where}: [statements.${name}]`;
    return interpret(name, inherited(tree, place), place);
  });
  // A user's profile of the same name replaces the one that ships.
  return [...users, ...shipped.filter((profile) => !(profile.name in own))];
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

/** Column names are compared without regard to case and to spaces, which reports change from one month to the next. */
export function columnName(title: string): string {
  return title.normalize('NFKC').replace(/\s+/g, '').toLowerCase();
}

/** With `like`, a profile that ships, changed where the user's says otherwise: tables key by key, all else as a whole. */
function inherited(tree: unknown, where: string): unknown {
  if (!isTable(tree) || tree.like === undefined) return tree;
  const { like, ...changes } = tree;
  const base = typeof like === 'string' ? SHIPPED[like] : undefined;
  if (base === undefined) {
    throw new PayrunError(
      'usage',
      'config_invalid',
      `${where} like: no profile ${JSON.stringify(like)} ships.`,
      {
        hint: `Name one of ${Object.keys(SHIPPED).join(', ')}, or write the profile whole.`,
      },
    );
  }
  const merged: Record<string, unknown> = { ...(parse(base) as Record<string, unknown>) };
  for (const [key, value] of Object.entries(changes)) {
    const before = merged[key];
    merged[key] = isTable(before) && isTable(value) ? { ...before, ...value } : value;
  }
  return merged;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function interpret(name: string, tree: unknown, where: string): Profile {
  const parsed = profileSchema.safeParse(tree);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    throw invalid(
      `${where} ${key}: ${issue?.message ?? 'is no profile'}.`,
      'docs/reference.md lists the keys of a statement profile, with an example.',
    );
  }
  const { status, columns, kinds, ...rest } = parsed.data;
  const unclear = unclearMeaning(parsed.data);
  if (unclear !== null) throw invalid(`${where}: ${unclear.problem}`, unclear.hint);
  const named = Object.entries(columns) as [Field, ColumnSpec][];
  const rules = kinds.map(
    (rule): KindRule => ({
      column: columnRef(rule.column),
      expression: new RegExp(rule.pattern, 'i'),
      kind: rule.kind,
    }),
  );
  const refs = named.map(([field, spec]): [Field, ColumnRef] => [field, columnRef(spec)]);
  return {
    ...rest,
    name,
    kinds: rules,
    directed: columns.amount === undefined || columns.direction !== undefined || rest.sign !== 'unsigned',
    directionOf: directionsOf(rest.directions),
    columns: Object.fromEntries(refs) as Profile['columns'],
    required: requiredOf([...refs.map(([, ref]) => ref), ...rules.map(({ column }) => column)], rest),
    statuses: wordsOf(status, where),
  };
}

function invalid(message: string, hint: string | null): PayrunError {
  return new PayrunError('usage', 'config_invalid', message, hint === null ? {} : { hint });
}

function columnRef(spec: ColumnSpec): ColumnRef {
  if (typeof spec === 'number') return { position: spec - 1 };
  if (typeof spec === 'string') return { names: [spec] };
  return Array.isArray(spec) ? { names: spec } : { sum: spec.sum.map((each) => [each]) };
}

function requiredOf(refs: readonly ColumnRef[], rest: Pick<ParsedProfile, 'optional' | 'ignored'>) {
  const optional = new Set(rest.optional.map(columnName));
  const byName = new Map<string, readonly string[]>();
  const all = refs.flatMap((ref) => ('names' in ref ? [ref.names] : 'sum' in ref ? ref.sum : []));
  for (const names of [...all, ...rest.ignored.map((each) => [each])]) {
    if (!names.some((each) => optional.has(columnName(each))))
      byName.set(names.map(columnName).join('|'), names);
  }
  return [...byName.values()];
}

/** What an amount is, which way it went and in which currency has one answer each, or the profile none. */
function unclearMeaning({ columns, currency, directions, sign, header, kinds, ...rest }: ParsedProfile) {
  const problem = (text: string, hint: string | null = null) => ({ problem: text, hint });
  const split = columns.debit !== undefined || columns.credit !== undefined;
  if (columns.currency === undefined && currency === undefined) {
    return problem(
      'neither a currency column nor a currency is named.',
      'Write currency = "INR", or name the column under [columns].',
    );
  }
  if (columns.amount === undefined && !split) return problem('no column of an amount is named.');
  // Beside an amount, both together say which way it went, and what it moved with its fees.
  if (columns.amount !== undefined && split && (columns.debit === undefined || columns.credit === undefined))
    return problem('an amount has its own column, or those of debit and credit, or all three.');
  if (columns.amount !== undefined && split && columns.direction !== undefined)
    return problem('debit, credit and a direction say the same; name the columns or the words.');
  const worded = columns.direction !== undefined || columns.fee_direction !== undefined || sign === 'words';
  if (worded && (directions.debit.length === 0 || directions.credit.length === 0))
    return problem('a direction needs the words of both ways under [directions].');
  if (header === 'none') {
    const byName = [...Object.values(columns), ...kinds.map(({ column }) => column)].some(
      (spec) => typeof spec !== 'number',
    );
    if (byName || rest.ignored.length > 0)
      return problem('a file without a header has its columns by position, such as amount = 3.');
  }
  return null;
}

function directionsOf(directions: ParsedProfile['directions']): Map<string, 'debit' | 'credit'> {
  const of = (way: 'debit' | 'credit') => directions[way].map((word) => [word.toUpperCase(), way] as const);
  return new Map([...of('debit'), ...of('credit')]);
}

function wordsOf(status: ParsedProfile['status'], where: string): Map<string, ProviderState> {
  const statuses = new Map<string, ProviderState>();
  for (const [state, stated] of Object.entries(status) as [ProviderState, string[]][]) {
    for (const word of stated) {
      if (statuses.has(word.toUpperCase()))
        throw invalid(`${where}: the status word "${word}" stands under two statuses.`, null);
      statuses.set(word.toUpperCase(), state);
    }
  }
  return statuses;
}
