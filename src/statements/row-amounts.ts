/**
 * The amounts of a row, each with the way that its money went: by a sign, by two columns, by a word. Nothing that is
 * stated twice may contradict itself, and nothing is taken for zero because it could not be read.
 */
import type { LineKind } from '../domain/reconciliation/statement-line.ts';
import type { CellReader } from './cell-reader.ts';
import type { Field, Profile } from './profile.ts';
import type { Resolved } from './profile-fit.ts';
import { excerpt } from './read-csv.ts';
import { type ReadAmount, readAmount, readSigned, readWorded } from './statement-amount.ts';

/** In minor units, positive where money left; null where the row does not state it. */
export interface AmountReader {
  /** Where an empty amount is reported. */
  field: 'amount' | 'debit' | 'credit';
  /** `moved` is by how much the balance changed: with its fees where the report has them in one. */
  signed(currency: string): { amount: bigint | null; moved: bigint };
  fee(currency: string): bigint | null;
  tax(currency: string, kind: LineKind): bigint | null;
  /** As it is: positive where there is money. */
  balance(currency: string): bigint | null;
}

export function amountReader(cells: CellReader, profile: Profile, resolved: Resolved): AmountReader {
  const { columns } = profile;
  const split = columns.debit !== undefined || columns.credit !== undefined;
  const field = columns.amount !== undefined ? 'amount' : columns.debit === undefined ? 'credit' : 'debit';
  const parsed = (at: Field, read: ReadAmount, position?: number): bigint | null => {
    if (read.ok) return read.minor;
    cells.refuse(at, read.code, read.message, position);
    return null;
  };
  const unsigned = (at: Field, currency: string) => {
    const value = cells.text(at);
    return value === null ? null : parsed(at, readAmount(value, currency, profile));
  };
  const summed = (at: 'fee' | 'tax', currency: string): bigint | null => {
    const positions = resolved.sums.get(at) ?? [resolved.at.get(at) ?? -1];
    let total: bigint | null = null;
    for (const position of positions) {
      const value = cells.values()[position];
      if (value === undefined || value.trim() === '') continue;
      const read = profile.signed_fees
        ? readSigned(value, currency, profile)
        : readAmount(value, currency, profile);
      const minor = parsed(at, read, position);
      if (minor !== null) total = (total ?? 0n) + minor;
    }
    return total;
  };
  const way = (at: 'direction' | 'fee_direction'): 'debit' | 'credit' | null => {
    const word = cells.text(at)?.trim() ?? '';
    const found = profile.directionOf.get(word.toUpperCase()) ?? null;
    if (found === null)
      cells.refuse(at, 'direction_unknown', `"${excerpt(word)}" is neither a word for debit nor for credit.`);
    return found;
  };
  return {
    field,
    signed: (currency) => {
      const moved = split ? moveOf(cells, currency, unsigned) : null;
      if (columns.amount === undefined) return { amount: moved, moved: moved ?? 0n };
      const amount = split
        ? withSignOf(unsigned('amount', currency), moved)
        : directed(cells, profile, currency, way, parsed);
      return { amount, moved: moved ?? amount ?? 0n };
    },
    fee: (currency) => {
      const fee = summed('fee', currency);
      if (fee === null || fee === 0n) return fee;
      const stated = columns.fee_currency === undefined ? null : cells.text('fee_currency');
      if (stated !== null && stated.toUpperCase() !== currency)
        cells.refuse(
          'fee_currency',
          'currency_mixed',
          `The fee is in ${excerpt(stated)}, the amount in ${currency}.`,
        );
      return columns.fee_direction !== undefined && way('fee_direction') === 'credit' ? -fee : fee;
    },
    tax: (currency, kind) => {
      const tax = summed('tax', currency);
      return kind === 'return' && tax !== null && tax < 0n ? 0n : tax;
    },
    balance: (currency) => {
      const value = columns.balance === undefined ? null : cells.text('balance');
      if (value === null) return null;
      const { amount, way: side } = readWorded(value, currency, profile);
      const minor = parsed('balance', amount);
      return minor !== null && side === 'debit' ? -minor : minor;
    },
  };
}

function moveOf(
  cells: CellReader,
  currency: string,
  unsigned: (at: Field, currency: string) => bigint | null,
): bigint | null {
  const debit = unsigned('debit', currency);
  const credit = unsigned('credit', currency);
  if (debit && credit)
    cells.refuse('debit', 'amount_invalid', 'The row has a debit and a credit; it can be only one of them.');
  return debit === null && credit === null ? null : (debit ?? 0n) - (credit ?? 0n);
}

function withSignOf(amount: bigint | null, moved: bigint | null): bigint | null {
  return amount !== null && moved !== null && moved < 0n ? -amount : amount;
}

function directed(
  cells: CellReader,
  profile: Profile,
  currency: string,
  way: (at: 'direction') => 'debit' | 'credit' | null,
  parsed: (at: Field, read: ReadAmount) => bigint | null,
): bigint | null {
  const value = cells.text('amount');
  if (value === null) return null;
  if (profile.sign === 'words') {
    const { amount, way: side } = readWorded(value, currency, profile);
    const minor = parsed('amount', amount);
    if (side === null && minor !== null)
      cells.refuse('amount', 'direction_unknown', 'No word beside the amount says which way it went.');
    return minor !== null && side === 'credit' ? -minor : minor;
  }
  const signed = profile.sign !== 'unsigned';
  const read = signed ? readSigned(value, currency, profile) : readAmount(value, currency, profile);
  const amount = parsed('amount', read);
  if (amount === null) return null;
  if (profile.columns.direction === undefined) return profile.sign === 'debit_negative' ? -amount : amount;
  return way('direction') === 'credit' ? -amount : amount;
}
