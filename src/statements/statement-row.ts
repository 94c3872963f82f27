/**
 * One row of a report, as its profile says. An empty cell is "not stated", a status word that the profile does not
 * know is kept as it stands, and whatever cannot be read is reported with its line and column.
 */
import { hash } from 'node:crypto';
import { dayIn } from '../domain/calendar-day.ts';
import type { RowError } from '../domain/errors.ts';
import { decimalsOf } from '../domain/money/currency.ts';
import type { ProviderState } from '../domain/payout/payout.ts';
import { maskCell, maskPrivateText } from '../domain/private-text.ts';
import { isOfPayout, type LineKind, normaliseUtr } from '../domain/reconciliation/statement-line.ts';
import type { CellReader } from './cell-reader.ts';
import type { Field, Profile } from './profile.ts';
import type { Resolved } from './profile-fit.ts';
import { excerpt } from './read-csv.ts';
import { amountReader } from './row-amounts.ts';
import { kindReader } from './row-kind.ts';
import { dateReader, type StatementDate } from './statement-date.ts';
import type { Movement } from './statement-proof.ts';

/** One row of a report; amounts in minor units, null where the cell is empty. */
export interface StatementRow {
  line_no: number;
  /** SHA-256 over what the row says, so that rows that say the same are known again in other files. */
  content: string;
  /** The how-manieth row of this content in the file, from 1. */
  occurrence: number;
  provider_id: string | null;
  provider_reference: string | null;
  utr: string | null;
  provider_beneficiary_id: string | null;
  kind: LineKind;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  status: ProviderState;
  status_word: string;
  failure_reason: string | null;
  stated_at: string | null;
  stated_on: string | null;
  /** The cells that the profile reads or knows, by column: as they stand in the file, with account numbers masked. */
  cells: string;
}

const LONGEST_VALUE = 255;
// A narration may be long; what a pattern finds in it may not.
const LONGEST_NARRATION = 4000;

export type RowReader = (line: number, values: readonly string[]) => StatementRow | null;

/** What a reader of rows is made with. */
export interface RowTerms {
  profile: Profile;
  resolved: Resolved;
  /** The header, as the file writes it; numbers where it has none. */
  titles: readonly string[];
  errors: RowError[];
  /** The ledger's: it decides the day of an instant. */
  time_zone: string;
  /** Where the report's own totals and balances are to be proved: hears of every good row. */
  observe: ((movement: Movement) => void) | null;
}

export function rowReader(terms: RowTerms): RowReader {
  const { profile, resolved, errors, observe } = terms;
  const cells = cellReader(terms);
  const amounts = amountReader(cells, profile, resolved);
  const cellsOf = cellWriter(terms);
  const kindOf = kindReader(profile, resolved);
  return (line, values) => {
    const errorsBefore = errors.length;
    cells.move(line, values);
    const currency = currencyOf(cells, profile);
    if (decimalsOf(currency) === undefined) {
      cells.refuse(
        'currency',
        'currency_unknown',
        `"${excerpt(currency)}" is no ISO 4217 currency; write for example INR.`,
      );
      return null;
    }
    const { amount, moved } = amounts.signed(currency);
    if (amount === null && errors.length === errorsBefore)
      cells.refuse(amounts.field, 'amount_invalid', 'The amount is empty.');
    const word = profile.columns.status === undefined ? null : cells.text('status');
    if (word === null && profile.columns.status !== undefined) {
      cells.refuse('status', 'status_missing', 'The status is empty; without it the row says nothing.');
    }
    const created = cells.date('created_at');
    const stated = cells.date('completed_at') ?? created;
    const utr = cells.text('utr');
    const provider_id = cells.text('provider_id');
    const provider_reference = cells.text('provider_reference');
    const named = utr !== null || provider_id !== null || provider_reference !== null;
    const kind = kindOf(cells.values(), amount ?? 0n, named);
    const fee = amounts.fee(currency);
    const balance = amounts.balance(currency);
    const row = {
      provider_id,
      provider_reference,
      utr: utr === null ? null : normaliseUtr(utr),
      provider_beneficiary_id: cells.text('provider_beneficiary_id'),
      kind,
      amount_minor: isOfPayout(kind) ? magnitude(amount ?? 0n) : (amount ?? 0n),
      currency,
      // A fee that is given back with its payout leaves none.
      fee_minor: kind === 'return' && fee !== null && fee < 0n ? 0n : fee,
      tax_minor: amounts.tax(currency, kind),
      // A report without statuses lists what happened.
      status:
        word === null
          ? kind === 'return'
            ? 'reversed'
            : 'success'
          : (profile.statuses.get(word.trim().toUpperCase()) ?? 'unknown_word'),
      status_word: word ?? (kind === 'return' ? 'RETURN' : 'SUCCESS'),
      failure_reason: cells.text('failure_reason'),
      stated_at: stated?.at ?? (stated ? `${stated.on}T00:00:00.000Z` : null),
      stated_on: stated === null ? null : (stated.on ?? dayIn(terms.time_zone, stated.at ?? '')),
    } as const;
    if (errors.length > errorsBefore) return null;
    observe?.({ line, currency, moved, fee, balance });
    return {
      line_no: line,
      content: contentOf(row, created, cells.narration()),
      occurrence: 1,
      ...row,
      failure_reason: row.failure_reason === null ? null : maskPrivateText(row.failure_reason),
      cells: cellsOf(values, [utr, provider_id, provider_reference]),
    };
  };
}

function currencyOf(cells: CellReader, profile: Profile): string {
  const stated = cells.text('currency');
  return (profile.lower_case_currency ? stated?.toUpperCase() : stated) ?? profile.currency ?? '';
}

function magnitude(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}

function cellReader({ profile, resolved, titles, errors }: RowTerms): CellReader {
  const { at } = resolved;
  const dates = dateReader(profile.date_format, profile.time_zone);
  let line = 0;
  let values: readonly string[] = [];
  const raw = (field: Field) => values[at.get(field) ?? -1];
  const refuse = (field: Field, code: string, message: string, position = at.get(field) ?? -1) => {
    const column = titles[position]?.trim() ?? null;
    const cell = values[position] ?? '';
    const shown = cell === '' ? message : message.replaceAll(cell, maskCell(cell));
    errors.push({ line, column, code, message: shown, value: excerpt(cell) });
  };
  const patterns = new Map(
    Object.entries(profile.patterns).flatMap(([field, pattern]) =>
      pattern === undefined ? [] : [[field, new RegExp(pattern, 'i')] as const],
    ),
  );
  const text = (field: Field): string | null => {
    const cell = raw(field);
    if (cell === undefined || cell.trim() === '') return null;
    const pattern = patterns.get(field);
    const longest = pattern === undefined ? LONGEST_VALUE : LONGEST_NARRATION;
    if (cell.length > longest) {
      refuse(field, 'text_too_long', `The value has ${cell.length} characters; at most ${longest} are read.`);
      return cell;
    }
    return pattern === undefined ? cell : (pattern.exec(cell)?.[1] ?? null);
  };
  return {
    move: (nextLine, nextValues) => {
      line = nextLine;
      values = profile.trim ? nextValues.map((value) => value.trim()) : nextValues;
    },
    values: () => values,
    text,
    narration: () =>
      patterns.size === 0 ? null : [...patterns.keys()].map((field) => raw(field as Field)).join('\n'),
    date: (field) => {
      const value = text(field);
      const read = value === null ? null : dates(value);
      if (value !== null && read === null) {
        refuse(field, 'date_invalid', `"${excerpt(value)}" is no date of the form ${formOf(profile)}.`);
      }
      return read;
    },
    refuse,
  };
}

function formOf({ date_format: patterns }: Profile): string {
  const shown: Readonly<Record<string, string>> = {
    iso: '2026-11-20T10:00:00Z, 2026-11-20 10:00:00 or 2026-11-20',
    unix: '1795168800 (seconds since 1970)',
    unix_ms: '1795168800000 (milliseconds since 1970)',
  };
  return patterns.map((pattern) => shown[pattern] ?? pattern).join(' or ');
}

/** Everything that a row says, whatever its columns are called and in what order they stand. */
function contentOf(
  row: Omit<StatementRow, 'line_no' | 'content' | 'occurrence' | 'cells'>,
  created: StatementDate | null,
  narration: string | null,
): string {
  return hash(
    'sha256',
    JSON.stringify([
      row.provider_id,
      row.provider_reference,
      row.utr,
      row.provider_beneficiary_id,
      String(row.amount_minor),
      row.currency,
      row.fee_minor === null ? null : String(row.fee_minor),
      row.tax_minor === null ? null : String(row.tax_minor),
      row.status_word,
      row.failure_reason,
      created === null ? null : (created.at ?? created.on),
      row.stated_at,
      // Not of reports that list payouts alone, whose lines were known before there were kinds.
      ...(row.kind === 'payout' && narration === null ? [] : [row.kind, narration]),
    ]),
    'hex',
  );
}

/** Columns with nothing but a name, an amount, a day or a word of the profile: what stands there is kept as it is. */
function structuredColumns({ profile, resolved }: RowTerms): ReadonlySet<number> {
  const free = ([field]: readonly [Field, number]) =>
    field === 'failure_reason' || profile.patterns[field as keyof Profile['patterns']] !== undefined;
  const searched = new Set([...resolved.at].filter(free).map(([, position]) => position));
  const plain = [...resolved.at.values()].filter((position) => !searched.has(position));
  return new Set([...plain, ...[...resolved.sums.values()].flat()]);
}

/** The cells that the profile reads or knows, under their titles; of the others nothing is kept. */
function cellWriter(
  terms: RowTerms,
): (values: readonly string[], names: readonly (string | null)[]) => string {
  const { titles, resolved } = terms;
  const structured = structuredColumns(terms);
  const left = new Set(resolved.unread);
  const order = [...titles.keys()].filter((index) => !left.has(index));
  const keys = order.map((index) => `${JSON.stringify(titles[index])}:`);
  return (values, names) => {
    const kept = (index: number) => {
      const cell = values[index] ?? '';
      return structured.has(index) ? cell : maskBesides(cell, names);
    };
    return `{${order.map((index, position) => `${keys[position]}${JSON.stringify(kept(index))}`).join(',')}}`;
  };
}

/** Account numbers and addresses in a text, but for the names of the payout that were found in it. */
function maskBesides(text: string, names: readonly (string | null)[]): string {
  const name = names.find((each) => each !== null && each !== '' && text.includes(each));
  if (name == null) return maskPrivateText(text);
  const others = names.filter((each) => each !== name);
  return text
    .split(name)
    .map((part) => maskBesides(part, others))
    .join(name);
}
