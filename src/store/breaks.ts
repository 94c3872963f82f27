/** Breaks and their history. Who may change them and why is the operations' business. */
import type { BreakKind, BreakState } from '../domain/reconciliation/break.ts';
import type { BreakRecord, StoredBreak } from '../domain/reconciliation/carry.ts';
import type { Reader, Transaction } from './database.ts';
import { recordRows, recordRun } from './records.ts';
import { WITHDRAWN } from './statements.ts';

/** As stored, with a person's explanation. */
export interface BreakRow extends Omit<BreakRecord, 'attempt_no'> {
  id: bigint;
  provider: string;
  attempt_no: bigint | null;
  /** Where its line stands, in the newest file that has it, of those that count while there is one. */
  line_no: bigint | null;
  line_statement: bigint | null;
  line_file: string | null;
  reason: string | null;
  note: string | null;
  resolved_by: string | null;
  resolved_at: string | null;
  /** Booked with its explanation, and not reversed since. */
  entry_id: bigint | null;
}

const COLUMNS = `b.id, b.provider, b.kind, b.subject, b.state, b.payout_id, b.attempt_no, b.line_id, b.reference_id,
  b.provider_id, b.utr, b.ledger_value, b.statement_value, b.difference_minor, b.currency, b.opened_on, b.reason, b.note,
  b.resolved_by, b.resolved_at,
  case when exists (select 1 from journal_entries r where r.reverses_id = b.entry_id) then null else b.entry_id end
    as entry_id`;

const PLACE = (what: string) =>
  `(select ${what} from statement_rows r join statements s on s.id = r.statement_id where r.line_id = b.line_id
  order by case when s.id in (${WITHDRAWN}) then 1 else 0 end, s.id desc, r.line_no limit 1)`;
const PLACES = `${PLACE('r.line_no')} as line_no, ${PLACE('s.id')} as line_statement, ${PLACE('s.file_name')} as line_file`;

// A limit that no list reaches: "no limit" is written differently by every engine.
const ALL = 9_007_199_254_740_991n;

export async function breaksOfProvider(reader: Reader, provider: string): Promise<StoredBreak[]> {
  const rows = await reader.all<Omit<BreakRow, 'line_no' | 'line_statement' | 'line_file'>>(
    `select ${COLUMNS} from breaks b where b.provider = :provider order by b.id`,
    { provider },
  );
  return rows.map((row) => ({ ...row, attempt_no: row.attempt_no === null ? null : Number(row.attempt_no) }));
}

export interface BreakFilter {
  state: BreakState | 'all';
  kind: BreakKind | null;
  provider: string | null;
  /** Only breaks after this id; 0 for all. */
  after: bigint;
  limit: number | null;
}

async function listBreaks(reader: Reader, filter: BreakFilter): Promise<BreakRow[]> {
  return reader.all<BreakRow>(
    `select ${COLUMNS}, ${PLACES} from breaks b
     where b.id > :after and (:state = 'all' or b.state = :state) and (:kind is null or b.kind = :kind)
       and (:provider is null or b.provider = :provider)
     order by b.id limit :limit`,
    {
      after: filter.after,
      state: filter.state,
      kind: filter.kind,
      provider: filter.provider,
      limit: filter.limit ?? ALL,
    },
  );
}

const PAGE = 1000;

/** Page by page, so that a list of a million does not have to fit in memory. */
export async function* everyBreak(
  reader: Reader,
  filter: Omit<BreakFilter, 'limit'>,
): AsyncGenerator<BreakRow> {
  for (let after = filter.after; ; ) {
    const rows = await listBreaks(reader, { ...filter, after, limit: PAGE });
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.id;
  }
}

export async function breakById(reader: Reader, id: bigint): Promise<BreakRow | undefined> {
  return reader.get<BreakRow>(`select ${COLUMNS}, ${PLACES} from breaks b where b.id = :id`, { id });
}

/** What belongs to a break's events of one reconciliation, or of one person's decision. */
export interface Occasion {
  at: string;
  actor: string;
  reconciliation_id: bigint | null;
}

export async function openBreaks(
  tx: Transaction,
  provider: string,
  breaks: readonly BreakRecord[],
  occasion: Occasion,
): Promise<void> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from breaks');
  const first = (last?.id ?? 0n) + 1n;
  const numbered = breaks.map((each, index) => ({ ...each, id: first + BigInt(index) }));
  await tx.runMany(
    `insert into breaks (id, provider, kind, subject, state, payout_id, attempt_no, line_id, reference_id, provider_id,
       utr, ledger_value, statement_value, difference_minor, currency, opened_on)
     values (:id, :provider, :kind, :subject, :state, :payout_id, :attempt_no, :line_id, :reference_id, :provider_id,
       :utr, :ledger_value, :statement_value, :difference_minor, :currency, :opened_on)`,
    numbered.map((each) => ({ ...each, provider })),
  );
  await recordBreakEvents(tx, 'opened', numbered, occasion);
}

/** Writes new values and states; a person's explanation of other values or of an open break is no longer one. */
export async function saveBreaks(
  tx: Transaction,
  event: 'changed' | 'closed' | 'reopened',
  breaks: readonly StoredBreak[],
  occasion: Occasion,
): Promise<void> {
  await tx.runMany(
    `update breaks set state = :state, payout_id = :payout_id, attempt_no = :attempt_no, line_id = :line_id,
       reference_id = :reference_id, provider_id = :provider_id, utr = :utr, ledger_value = :ledger_value,
       statement_value = :statement_value, difference_minor = :difference_minor, currency = :currency,
       opened_on = :opened_on, reason = null, note = null, resolved_by = null, resolved_at = null
     where id = :id`,
    breaks.map((each) => ({
      id: each.id,
      state: each.state,
      payout_id: each.payout_id,
      attempt_no: each.attempt_no,
      line_id: each.line_id,
      reference_id: each.reference_id,
      provider_id: each.provider_id,
      utr: each.utr,
      ledger_value: each.ledger_value,
      statement_value: each.statement_value,
      difference_minor: each.difference_minor,
      currency: each.currency,
      opened_on: each.opened_on,
    })),
  );
  await recordBreakEvents(tx, event, breaks, occasion);
}

export interface Decision {
  row: BreakRow;
  reason: string;
  note: string | null;
  /** Booked with it. */
  entry_id: bigint | null;
}

/** Open → resolved, each only if it is still open; answers how many were. */
export async function resolveBreaks(
  tx: Transaction,
  decisions: readonly Decision[],
  occasion: Occasion,
): Promise<number> {
  const changed = await tx.runMany(
    `update breaks set state = 'resolved', reason = :reason, note = :note, resolved_by = :actor, resolved_at = :at,
       entry_id = coalesce(:entry_id, entry_id)
     where id = :id and state = 'open'`,
    decisions.map(({ row, reason, note, entry_id }) => ({
      id: row.id,
      actor: occasion.actor,
      at: occasion.at,
      reason,
      note,
      entry_id,
    })),
  );
  await recordBreakEvents(
    tx,
    'resolved',
    decisions.map(({ row, ...explanation }) => ({ ...row, ...explanation })),
    occasion,
  );
  return changed;
}

/** Resolved → open with its age, each only if it is still resolved, and without its entry; answers how many were. */
export async function reopenBreaks(
  tx: Transaction,
  rows: readonly BreakRow[],
  note: string | null,
  occasion: Occasion,
): Promise<number> {
  const changed = await tx.runMany(
    `update breaks set state = 'open', reason = null, note = null, resolved_by = null, resolved_at = null,
       entry_id = null
     where id = :id and state = 'resolved'`,
    rows.map(({ id }) => ({ id })),
  );
  await recordBreakEvents(
    tx,
    'reopened',
    rows.map((row) => ({ ...row, reason: null, note })),
    occasion,
  );
  return changed;
}

export interface BreakEvent {
  at: string;
  event: string;
  actor: string;
  reason: string | null;
  note: string | null;
  ledger_value: string | null;
  statement_value: string | null;
  reconciliation_id: bigint | null;
  entry_id: bigint | null;
}

export async function breakEvents(reader: Reader, breakId: bigint): Promise<BreakEvent[]> {
  return reader.all<BreakEvent>(
    `select at, event, actor, reason, note, ledger_value, statement_value, reconciliation_id, entry_id
     from break_events where break_id = :id order by id`,
    { id: breakId },
  );
}

/** `reason`, `note` and `entry_id` are a person's, and left out of what a reconciliation did. */
async function recordBreakEvents(
  tx: Transaction,
  event: 'opened' | 'changed' | 'closed' | 'resolved' | 'reopened',
  breaks: readonly (Pick<StoredBreak, 'id' | 'ledger_value' | 'statement_value'> &
    Partial<Pick<BreakRow, 'reason' | 'note' | 'entry_id'>>)[],
  occasion: Occasion,
): Promise<void> {
  const personal = occasion.reconciliation_id === null;
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from break_events');
  const first = (last?.id ?? 0n) + 1n;
  await tx.runMany(
    `insert into break_events (id, break_id, at, event, actor, reason, note, ledger_value, statement_value,
       reconciliation_id, entry_id)
     values (:id, :break_id, :at, :event, :actor, :reason, :note, :ledger_value, :statement_value, :reconciliation_id,
       :entry_id)`,
    breaks.map((each, index) => ({
      id: first + BigInt(index),
      break_id: each.id,
      event,
      ledger_value: each.ledger_value,
      statement_value: each.statement_value,
      reason: personal ? (each.reason ?? null) : null,
      note: personal ? (each.note ?? null) : null,
      entry_id: personal ? (each.entry_id ?? null) : null,
      ...occasion,
    })),
  );
  // Each event comes with a change of its break.
  await recordRun(tx, 'break_event', first, breaks.length);
  await recordRows(
    tx,
    'break',
    breaks.map(({ id }) => id),
  );
}
