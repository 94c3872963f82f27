/**
 * A line of a provider's report, and when one line restates another. Providers send the same payout again as it goes
 * on: processing yesterday, success today, its fee the day after. The latest of these counts and the others are
 * kept; a success and its later reversal are two events, and two lines in one file never restate each other.
 */
import type { ProviderState } from '../payout/payout.ts';

export const LINE_KINDS = [
  'payout',
  'return', // of a payout: its money came back
  'fee',
  'tax',
  'refund',
  'funding',
  'adjustment',
  'other',
] as const;
export type LineKind = (typeof LINE_KINDS)[number];

/** Whether a line is about a payout, and is matched; the others are only added up. */
export function isOfPayout(kind: LineKind): boolean {
  return kind === 'payout' || kind === 'return';
}

/** Amounts in minor units. Null is "not stated", never zero and never a difference. */
export interface StatementLine {
  line_id: bigint;
  /** The statements in which it stands, oldest first. */
  statement_ids: readonly bigint[];
  /** What the line says, as one text: equal for lines that say the same. */
  content: string;
  /** The how-manieth line of this content it is in its file, from 1. */
  occurrence: number;
  provider_id: string | null;
  provider_reference: string | null;
  /** Upper-case, without spaces. */
  utr: string | null;
  provider_beneficiary_id: string | null;
  kind: LineKind;
  /** Of lines about something else than payouts: negative where money came in. */
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  status: ProviderState;
  /** The provider's word, raw. */
  status_word: string;
  /** RFC 3339 UTC: when it was completed, else created; for the order of lines that restate each other. */
  stated_at: string | null;
  /** The day on which it was completed, else created, in the ledger's time zone. */
  stated_on: string | null;
}

/** Rails write the same reference with and without spaces, in either case. */
export function normaliseUtr(text: string): string {
  return text.replace(/\s+/g, '').toUpperCase();
}

/** What names the payout on the provider's side, or null where the line carries neither name. */
export function identityOf(line: Pick<StatementLine, 'provider_id' | 'provider_reference'>): string | null {
  if (line.provider_id !== null) return `id:${line.provider_id}`;
  if (line.provider_reference !== null) return `ref:${line.provider_reference}`;
  return null;
}

/** Which line is restated by which other, by line_id. A line restates at most one, so that a second copy stays visible. */
export function supersessions(lines: readonly StatementLine[]): Map<bigint, StatementLine> {
  const result = new Map<bigint, StatementLine>();
  for (const group of groupsThatMayRestate(lines)) {
    const ordered = [...group].sort(byLateness);
    const taken = new Set<bigint>();
    for (const [index, earlier] of ordered.entries()) {
      for (let next = index + 1; next < ordered.length; next += 1) {
        const later = ordered[next];
        if (later === undefined || taken.has(later.line_id) || !restates(later, earlier)) continue;
        result.set(earlier.line_id, later);
        taken.add(later.line_id);
        break;
      }
    }
  }
  return result;
}

/** Lines of one name and one amount that do not all stand in one and the same file. */
function groupsThatMayRestate(lines: readonly StatementLine[]): StatementLine[][] {
  const groups = new Map<string, StatementLine[]>();
  for (const line of lines) {
    const identity = identityOf(line);
    if (identity === null) continue;
    const of = isOfPayout(line.kind) ? '' : `${line.kind} `;
    const key = `${of}${line.amount_minor} ${line.currency} ${identity}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return [...groups.values()].filter(
    (group) => group.length > 1 && new Set(group.map((line) => line.statement_ids[0])).size > 1,
  );
}

/**
 * What a line says decides which of two is the later one, so that files may come in any order. Only where both say as
 * much at the same instant, and not the same, the file that came last has the word: that is a correction.
 */
function byLateness(a: StatementLine, b: StatementLine): number {
  return (
    phase(a.status) - phase(b.status) ||
    compareText(a.stated_at ?? '', b.stated_at ?? '') ||
    stated(a) - stated(b) ||
    compareBigint(a.statement_ids[0] ?? 0n, b.statement_ids[0] ?? 0n) ||
    compareText(a.content, b.content) ||
    a.occurrence - b.occurrence
  );
}

/** An in-flight word that is fetched late never takes a final one back. */
function phase(status: ProviderState): number {
  return status === 'in_flight' || status === 'unknown_word' ? 0 : 1;
}

/** How many of the values are stated that come late: a row with its fee is later than the same without. */
function stated({ utr, fee_minor, tax_minor }: StatementLine): number {
  return [utr, fee_minor, tax_minor].filter((value) => value !== null).length;
}

function restates(later: StatementLine, earlier: StatementLine): boolean {
  if (later.utr !== null && earlier.utr !== null && later.utr !== earlier.utr) return false;
  const statuses = [earlier.status, later.status];
  if (statuses.includes('success') && statuses.includes('reversed')) return false;
  // A copy stands in the file of the line that it copies, and so does a second row of the same payout.
  return !earlier.statement_ids.some((id) => later.statement_ids.includes(id));
}

/** Byte order, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
