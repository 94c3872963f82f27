/**
 * The texts that a batch's two hashes are made of. The digest is what an approval is bound to: every fact that decides
 * who gets how much by which way, in row order. The content is what a file states, whatever its order, encoding and
 * line ends, so that the same list is recognised in other clothes. Neither form may change: approvals would be void.
 */
import type { Rail } from './rail.ts';

export interface CanonicalPayout {
  reference_id: string;
  beneficiary_ref: string;
  /** Keyed fingerprint of the bank account or VPA that will be paid. */
  fingerprint: string;
  amount_minor: bigint;
  currency: string;
  rail: Rail;
  /** The booking account. */
  account: string;
  /** Left out or null: none. */
  tags?: string | null;
}

/** One row of the digest. None of its values can hold a tab or a line break, so that no two rows read alike. */
export function canonicalPayout(row: CanonicalPayout): string {
  const plain = `${row.reference_id}\t${row.beneficiary_ref}\t${row.fingerprint}\t${row.amount_minor}\t${row.currency}\t${row.rail}\t${row.account}`;
  // Tags came later: a row without them reads as it always did.
  return row.tags == null ? `${plain}\n` : `${plain}\t${row.tags}\n`;
}

/** What closes the digest: rows that were cut off or added at the end change it too. */
export function canonicalEnd(rowCount: number, totalMinor: bigint): string {
  return `rows\t${rowCount}\ttotal\t${totalMinor}\n`;
}

/** A row as its file states it; an empty text is what the file does not state. */
export interface StatedPayout {
  reference_id: string;
  beneficiary_ref: string;
  rail: string;
  narration: string;
  purpose: string;
  account: string;
  tags: string;
}

// Control characters are refused in every value, so that this one separates without doubt.
const SEPARATOR = '\x1f';

/** `amount` is in minor units, or the text itself where it is no amount. */
export function statedPayout(row: StatedPayout, amount: string, currency: string): string {
  // Joined and not added up: a hundred thousand sums of nine parts are as many trees in memory.
  const { reference_id, beneficiary_ref, rail, narration, purpose, account, tags } = row;
  const plain = [reference_id, beneficiary_ref, amount, currency, rail, narration, purpose, account];
  if (tags !== '') plain.push(tags);
  plain.push('\n');
  return plain.join(SEPARATOR);
}

/** A row as it is stored at import, every column of it: what `batches.rows_sha256` is made of. */
export interface ImportedRow {
  id: bigint;
  row_no: bigint | number;
  line_no: bigint | number;
  reference_id: string;
  beneficiary_id: bigint;
  amount_minor: bigint;
  currency: string;
  rail: string;
  narration: string | null;
  purpose: string | null;
  account: string;
  tags: string | null;
  provider: string;
  created_at: string;
}

// No value holds a control character, so that "nothing" and an empty text do not read alike.
export const IMPORTED_ABSENT = '\x1e';

/** In the order in which `canonicalImport` has them. */
export const IMPORTED_COLUMNS = [
  ...['id', 'row_no', 'line_no', 'reference_id', 'beneficiary_id', 'amount_minor', 'currency', 'rail'],
  ...['narration', 'purpose', 'account', 'tags', 'provider', 'created_at'],
] as const;

export function canonicalImport(row: ImportedRow): string {
  const absent = IMPORTED_ABSENT;
  return `${row.id}\t${row.row_no}\t${row.line_no}\t${row.reference_id}\t${row.beneficiary_id}\t${row.amount_minor}\t${row.currency}\t${row.rail}\t${row.narration ?? absent}\t${row.purpose ?? absent}\t${row.account}\t${row.tags ?? absent}\t${row.provider}\t${row.created_at}\n`;
}

/** How many approvals a batch needs before it may be sent; with none required the first one does. */
export function approvalsNeeded(required: number): number {
  return Math.max(1, required);
}

/** Names of people are compared as people read them, so that `Ravi` cannot approve what `ravi` imported. */
export function samePerson(one: string, other: string): boolean {
  return one.normalize('NFKC').trim().toLowerCase() === other.normalize('NFKC').trim().toLowerCase();
}
