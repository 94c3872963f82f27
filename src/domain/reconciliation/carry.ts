/**
 * How breaks live on from one reconciliation to the next. The same difference is the same break under the same
 * number; it is closed when it is gone, opened again when it comes back, and a person's explanation stands until the
 * values that it explained are others.
 */
import type { BreakKind, BreakState, FoundBreak } from './break.ts';

/** A break as it is stored. Ids are given by the store; a new break has none yet. */
export interface BreakRecord {
  kind: BreakKind;
  subject: string;
  state: BreakState;
  payout_id: bigint | null;
  attempt_no: number | null;
  line_id: bigint | null;
  reference_id: string | null;
  provider_id: string | null;
  utr: string | null;
  ledger_value: string | null;
  statement_value: string | null;
  difference_minor: bigint | null;
  currency: string | null;
  opened_on: string;
}

export interface StoredBreak extends BreakRecord {
  id: bigint;
  /** What was booked with its explanation and not reversed since; it stands also when the break is open again. */
  entry_id: bigint | null;
}

export interface Carried {
  /** New ones, in the order in which they get their numbers. */
  opened: BreakRecord[];
  /** Closed or resolved before, and open again from today. */
  reopened: StoredBreak[];
  /** Open before and open now, with other values. */
  changed: StoredBreak[];
  /** Open before and open now, as they were; for the count only. */
  same: number;
  closed: StoredBreak[];
  /** Resolved with an entry, and the difference is gone or another: the entry may be one too many. */
  outlived: StoredBreak[];
  /** Open ones by kind, after all of this. */
  by_kind: Map<BreakKind, number>;
}

export function carry(stored: readonly StoredBreak[], found: readonly FoundBreak[], today: string): Carried {
  const known = new Map(stored.map((each) => [keyOf(each), each]));
  const result: Carried = {
    opened: [],
    reopened: [],
    changed: [],
    same: 0,
    closed: [],
    outlived: [],
    by_kind: new Map(),
  };
  const present = new Set<string>();
  for (const each of found) {
    const record = recordOf(each, today);
    const key = keyOf(record);
    const before = known.get(key);
    present.add(key);
    const sameValues = before !== undefined && valuesOf(before) === valuesOf(record);
    if (before?.state === 'resolved' && sameValues) continue;
    result.by_kind.set(record.kind, (result.by_kind.get(record.kind) ?? 0) + 1);
    if (!before) result.opened.push(record);
    else if (before.state !== 'open') result.reopened.push({ ...before, ...record });
    else if (sameValues && before.line_id === record.line_id) result.same += 1;
    else result.changed.push({ ...before, ...record, opened_on: before.opened_on });
    if (before?.entry_id && !sameValues) result.outlived.push(before);
  }
  for (const each of stored) {
    if (present.has(keyOf(each))) continue;
    if (each.state === 'open') result.closed.push({ ...each, state: 'closed' });
    if (each.entry_id) result.outlived.push(each);
  }
  return result;
}

/**
 * What people have decided about differences that are there `before` and gone or others `after`: explanations that
 * stand, and entries that were booked with one.
 */
export function decisionsLost(
  stored: readonly StoredBreak[],
  before: readonly FoundBreak[],
  after: readonly FoundBreak[],
): StoredBreak[] {
  const valuesByKey = (found: readonly FoundBreak[]) =>
    new Map(found.map((each) => recordOf(each, '')).map((each) => [keyOf(each), valuesOf(each)]));
  const [earlier, later] = [valuesByKey(before), valuesByKey(after)];
  return stored.filter((each) => {
    const values = earlier.get(keyOf(each));
    const decided = each.state === 'resolved' || each.entry_id !== null;
    return decided && values !== undefined && later.get(keyOf(each)) !== values;
  });
}

function keyOf(each: Pick<BreakRecord, 'kind' | 'subject'>): string {
  return `${each.kind} ${each.subject}`;
}

function valuesOf(each: BreakRecord): string {
  return [each.ledger_value, each.statement_value, each.difference_minor, each.currency].join('\n');
}

function recordOf(found: FoundBreak, today: string): BreakRecord {
  const { attempt, line } = found;
  return {
    kind: found.kind,
    subject: found.subject,
    state: 'open',
    payout_id: attempt?.payout_id ?? null,
    attempt_no: attempt?.attempt_no ?? null,
    line_id: line?.line_id ?? null,
    reference_id: attempt?.reference_id ?? found.reference_id ?? line?.provider_reference ?? null,
    provider_id: line?.provider_id ?? attempt?.provider_id ?? null,
    utr: line?.utr ?? attempt?.utr ?? null,
    ledger_value: found.ledger,
    statement_value: found.statement,
    difference_minor: found.difference_minor,
    currency: found.currency,
    opened_on: today,
  };
}
