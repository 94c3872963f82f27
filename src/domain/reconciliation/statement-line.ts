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

/**
 * Which line is restated by which other, by line_id. Lines that restate each other are one word about one event, as it
 * was said anew: of the lines of one file at most one belongs to it, so that a second copy stays visible.
 */
export function supersessions(lines: readonly StatementLine[]): Map<bigint, StatementLine> {
  const result = new Map<bigint, StatementLine>();
  for (const group of groupsThatMayRestate(lines)) {
    const words = wordsOf([...group].sort(byLateness), result);
    follow(
      words.sort((a, b) => byLateness(a.last, b.last)),
      result,
    );
  }
  return result;
}

/** One word, as it was said from file to file. */
interface Word {
  members: StatementLine[];
  last: StatementLine;
  /** An earlier word of another status has led to it. */
  led_to: boolean;
}

/** Words that take the same lines: all stand in the same files, with the same UTRs. Those before `at` are of another shape. */
interface Shape {
  words: Word[];
  at: number;
}

/**
 * A success said anew restates the success, and not what was in flight before it: that would leave two successes. Of
 * words of one shape only the first is asked, so that thousands of copies take no longer than they are many.
 */
function wordsOf(ordered: readonly StatementLine[], result: Map<bigint, StatementLine>): Word[] {
  const words: Word[] = [];
  const shapes = new Map<string, Shape>();
  for (const line of ordered) {
    const shape = [...shapes.values()].find(({ words: alike, at }) => {
      const first = alike[at];
      return first?.last.status === line.status && fits(first.members, [line]);
    });
    const before = shape?.words[shape.at];
    const word = before ?? { members: [], last: line, led_to: false };
    if (shape && before) {
      shape.at += 1;
      result.set(before.last.line_id, line);
    } else words.push(word);
    word.members.push(line);
    word.last = line;
    const name = shapeOf(word);
    const same = shapes.get(name);
    if (same) same.words.push(word);
    else shapes.set(name, { words: [word], at: 0 });
  }
  return words;
}

function shapeOf({ members, last }: Word): string {
  const parts = members.map(
    ({ utr, statement_ids, status_word }) => `${status_word} ${utr ?? ''} ${statement_ids.join(',')}`,
  );
  return [last.status, ...new Set(parts.sort())].join('; ');
}

/** In flight, then paid; or failed, and corrected. A success and its reversal are two events. */
function follow(words: readonly Word[], result: Map<bigint, StatementLine>): void {
  if (new Set(words.map(({ last }) => last.status)).size < 2) return;
  for (const [index, { members, last }] of words.entries()) {
    const next = words.find((each, place) => {
      if (place <= index || each.led_to || last.status === each.last.status) return false;
      const statuses = [last.status, each.last.status];
      return !(statuses.includes('success') && statuses.includes('reversed')) && fits(members, each.members);
    });
    if (next === undefined) continue;
    result.set(last.line_id, next.last);
    next.led_to = true;
    next.members.push(...members);
  }
}

/** Lines of one name and one amount that do not all stand in one and the same file, or say in more than one word that they are in flight. */
function groupsThatMayRestate(lines: readonly StatementLine[]): StatementLine[][] {
  const groups = new Map<string, StatementLine[]>();
  const idsOf = idsOfReferences(lines);
  for (const line of lines) {
    const id = line.provider_id ?? idsOf.get(line.provider_reference ?? '') ?? null;
    const identity = identityOf({ provider_id: id, provider_reference: line.provider_reference });
    if (identity === null) continue;
    const of = isOfPayout(line.kind) ? '' : `${line.kind} `;
    const key = `${of}${line.amount_minor} ${line.currency} ${identity}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return [...groups.values()].filter((group) => {
    if (group.length < 2) return false;
    const inFlight = group.filter(({ status }) => status === 'in_flight');
    const words = new Set(inFlight.map(({ status_word }) => status_word));
    return words.size > 1 || new Set(group.map((line) => line.statement_ids[0])).size > 1;
  });
}

/** A name of theirs that a row does not state yet, and another row of the same reference does; null where two do. */
function idsOfReferences(lines: readonly StatementLine[]): ReadonlyMap<string, string | null> {
  const ids = new Map<string, string | null>();
  const wanted = new Set<string>();
  for (const { provider_id, provider_reference } of lines)
    if (provider_id === null && provider_reference !== null) wanted.add(provider_reference);
  if (wanted.size === 0) return ids;
  for (const { provider_id, provider_reference } of lines) {
    if (provider_id === null || provider_reference === null || !wanted.has(provider_reference)) continue;
    const known = ids.get(provider_reference);
    ids.set(provider_reference, known === undefined || known === provider_id ? provider_id : null);
  }
  return ids;
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

/** Whether these can all be about one event: none stands in the file of another, and no UTR is another. */
function fits(some: readonly StatementLine[], others: readonly StatementLine[]): boolean {
  return others.every((other) => some.every((one) => isSameEvent(one, other)));
}

function isSameEvent(one: StatementLine, other: StatementLine): boolean {
  if (one.utr !== null && other.utr !== null && one.utr !== other.utr) return false;
  // Queued and processing, as a file tells them that has a row for each.
  const inFlight = one.status === 'in_flight' && other.status === 'in_flight';
  if (inFlight && one.status_word !== other.status_word) return true;
  // A copy stands in the file of the line that it copies, and so does a second row of the same payout.
  return !one.statement_ids.some((id) => other.statement_ids.includes(id));
}

/** Byte order, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
