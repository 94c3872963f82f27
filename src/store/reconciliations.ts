/**
 * Both sides of a reconciliation as the store has them: our attempts as flat rows, and the matches that the last one
 * left. Statement lines are in statements.ts, breaks in breaks.ts.
 */
import type { PayoutState, Position } from '../domain/payout/payout.ts';
import type { Rail } from '../domain/payout/rail.ts';
import type { Rule } from '../domain/reconciliation/match.ts';
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';

/** One attempt with what is known of it: of the current one the payout tells, of ended ones the attempt itself. */
export interface AttemptRow {
  payout_id: bigint;
  attempt_no: bigint;
  /** The batch's name. */
  batch: string;
  rail: Rail;
  reference_id: string;
  provider_reference: string;
  provider_beneficiary_id: string;
  amount_minor: bigint;
  currency: string;
  state: PayoutState;
  /** Null for attempts that ended: their state says where the money is. */
  position: Position | null;
  provider_id: string | null;
  utr: string | null;
  return_utr: string | null;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  stored_at: string;
  paid_at: string | null;
  returned_at: string | null;
  updated_at: string;
  /** The days on which the events are booked, null where there is no entry. */
  paid_on: string | null;
  returned_on: string | null;
  failed_on: string | null;
}

// `provider || ''` in what follows: the numbers narrow a page down, and no index by provider may be taken for it.

/** In the order of their payouts; of those alone whose number is greater than `after`, up to `through`. */
export async function attemptsOfProvider(
  reader: Reader,
  provider: string,
  { after, through }: { after: bigint; through: bigint } = { after: 0n, through: ALL },
): Promise<AttemptRow[]> {
  return reader.all<AttemptRow>(
    `with days as (
       select payout_id, attempt_no,
         max(case when event = 'paid' then booked_on end) as paid_on,
         max(case when event = 'returned' then booked_on end) as returned_on,
         max(case when event in ('failed', 'failed_after_paid') then booked_on end) as failed_on
       from journal_entries
       where provider = :provider and payout_id is not null
         and payout_id > :after and payout_id <= :through
         and event in ('paid', 'returned', 'failed', 'failed_after_paid')
       group by payout_id, attempt_no)
     select a.payout_id, a.attempt_no, b.name as batch, p.rail, p.reference_id, a.provider_reference, a.provider_beneficiary_id,
       p.amount_minor, p.currency, a.stored_at, d.paid_on, d.returned_on, d.failed_on,
       case when a.ended_at is null then p.updated_at else a.ended_at end as updated_at,
       case when a.ended_at is null then p.state else a.state end as state,
       case when a.ended_at is null then p.position end as position,
       case when a.ended_at is null then p.provider_id else a.provider_id end as provider_id,
       case when a.ended_at is null then p.utr else a.utr end as utr,
       case when a.ended_at is null then p.return_utr else a.return_utr end as return_utr,
       case when a.ended_at is null then p.fee_minor else a.fee_minor end as fee_minor,
       case when a.ended_at is null then p.tax_minor else a.tax_minor end as tax_minor,
       case when a.ended_at is null then p.paid_at else a.paid_at end as paid_at,
       case when a.ended_at is null then p.returned_at else a.returned_at end as returned_at
     from attempts a
     join payouts p on p.id = a.payout_id
     join batches b on b.id = p.batch_id
     left join days d on d.payout_id = a.payout_id and d.attempt_no = a.attempt_no
     where a.provider || '' = :provider and a.payout_id > :after and a.payout_id <= :through
     order by a.payout_id, a.attempt_no`,
    { provider, after, through },
  );
}

/** What of an attempt decides whether it can be settled in bulk; amounts of 2^53 or more are not exact. */
export type PlainAttempt = readonly [
  payout_id: number,
  attempt_no: number,
  /** Null where a later attempt has begun. */
  state: PayoutState | null,
  position: Position,
  provider_id: string | null,
  provider_reference: string,
  utr: string | null,
  amount_minor: number,
  currency: string,
  fee_minor: number | null,
  tax_minor: number | null,
  /** The day on which it was booked as paid, or as failed; null where there is no entry. */
  booked_on: string | null,
  /** When it was paid, or when it failed. */
  at: string | null,
];

export async function plainAttemptsOfProvider(
  reader: Reader,
  provider: string,
  { after, through }: { after: bigint; through: bigint },
): Promise<PlainAttempt[]> {
  const booked = (events: string) =>
    `(select max(e.booked_on) from journal_entries e where e.payout_id = a.payout_id
        and e.attempt_no = a.attempt_no and e.provider = :provider and e.event in (${events}))`;
  return reader.values<PlainAttempt>(
    `select a.payout_id, a.attempt_no, case when a.ended_at is null then p.state end, p.position,
       case when a.ended_at is null then p.provider_id else a.provider_id end, a.provider_reference,
       case when a.ended_at is null then p.utr else a.utr end, p.amount_minor, p.currency, p.fee_minor, p.tax_minor,
       case p.state when 'paid' then ${booked("'paid'")}
         when 'failed' then ${booked("'failed', 'failed_after_paid'")} end,
       case p.state when 'paid' then p.paid_at when 'failed' then p.updated_at end
     from attempts a join payouts p on p.id = a.payout_id
     where a.provider || '' = :provider and a.payout_id > :after and a.payout_id <= :through
     order by a.payout_id, a.attempt_no`,
    { provider, after, through },
  );
}

// Between values and between payouts of a text; a value that has a quote says that it is not to be read so.
const VALUE_END = '\u001f';
const PAYOUT_END = '\n';

/**
 * The same payouts as one text (statements/bulk/payout-texts.ts reads it), as far as they can be settled in bulk: first
 * attempts that are paid or failed. `count` is how many of them there are, `all` how many attempts in all. The days on
 * which they are booked are a text of their own (booked-days.ts): to look for them payout by payout takes as long as all else.
 */
export async function plainAttemptsText(
  reader: Reader,
  provider: string,
  { after, through }: { after: bigint; through: bigint },
): Promise<{ text: string; booked: string; count: number; all: number }> {
  const page = { provider, after, through };
  const named = (column: string) => `coalesce(case ${column} when '' then '"' else ${column} end, '')`;
  const values = [
    'a.payout_id',
    "case p.state when 'paid' then 'P' else 'F' end",
    'p.currency',
    'p.amount_minor',
    "coalesce(cast(p.fee_minor as text), '')",
    "coalesce(cast(p.tax_minor as text), '')",
    "coalesce(case p.state when 'paid' then p.paid_at else p.updated_at end, '')",
    named('p.provider_id'),
    'a.provider_reference',
    named('p.utr'),
  ];
  const settled = `a.attempt_no = 1 and a.ended_at is null and (p.state = 'paid' and p.position = 'paid'
    or p.state = 'failed' and p.position not in ('paid', 'returned'))`;
  const [row] = await reader.values<readonly [text: string | null, count: number, all: number]>(
    `select string_agg(case when ${settled} then concat_ws('${VALUE_END}', ${values.join(', ')}) end, '${PAYOUT_END}'),
       sum(case when ${settled} then 1 else 0 end), count(*)
     from attempts a join payouts p on p.id = a.payout_id
     where a.provider || '' = :provider and a.payout_id > :after and a.payout_id <= :through`,
    page,
  );
  const [days] = await reader.values<readonly [text: string | null]>(
    `select string_agg(payout_id || case event when 'paid' then 'P' else 'F' end || booked_on, '${PAYOUT_END}')
     from journal_entries
     where payout_id > :after and payout_id <= :through and attempt_no = 1 and provider = :provider
       and event in ('paid', 'failed', 'failed_after_paid')`,
    page,
  );
  return { text: row?.[0] ?? '', booked: days?.[0] ?? '', count: row?.[1] ?? 0, all: row?.[2] ?? 0 };
}

// A number that no row reaches.
const ALL = 9_007_199_254_740_991n;

/** How many lines there are, as rows and in pages, and the highest numbers of lines and of payouts with an attempt. */
export async function sizesOfProvider(
  reader: Reader,
  provider: string,
): Promise<{ lines: bigint; packed: bigint; last_line: bigint; last_payout: bigint }> {
  const found = await reader.get<{
    rows: bigint;
    packed: bigint;
    last_row: bigint;
    last_packed: bigint | null;
    last_payout: bigint;
  }>(
    `select (select count(*) from statement_lines where provider = :provider) as rows,
       (select coalesce(sum(p.line_count), 0) from statement_pages p join statements s on s.id = p.statement_id
        where s.provider = :provider) as packed,
       (select coalesce(max(id), 0) from statement_lines) as last_row,
       (select max(first_id + line_count - 1) from statement_pages
        where first_id = (select max(first_id) from statement_pages)) as last_packed,
       (select coalesce(max(payout_id), 0) from attempts) as last_payout`,
    { provider },
  );
  const { rows, packed, last_row, last_payout } = found ?? NO_SIZES;
  const last_packed = found?.last_packed ?? 0n;
  return {
    lines: rows + packed,
    packed,
    last_line: last_row > last_packed ? last_row : last_packed,
    last_payout,
  };
}

const NO_SIZES = { rows: 0n, packed: 0n, last_row: 0n, last_payout: 0n };

export interface StoredMatch {
  line_id: bigint;
  payout_id: bigint;
  attempt_no: bigint;
  rule: Rule;
}

export async function matchesOfProvider(reader: Reader, provider: string): Promise<StoredMatch[]> {
  return reader.all<StoredMatch>(
    `select m.line_id, m.payout_id, m.attempt_no, m.rule from matches m
     join statement_lines l on l.id = m.line_id where l.provider = :provider`,
    { provider },
  );
}

/** The same, of some lines by their numbers. */
export async function matchesOfLines(
  reader: Reader,
  provider: string,
  { after, through }: { after: bigint; through: bigint },
): Promise<(readonly [line_id: number, payout_id: number, attempt_no: number, rule: Rule])[]> {
  return reader.values(
    `select m.line_id, m.payout_id, m.attempt_no, m.rule from matches m
     join statement_lines l on l.id = m.line_id
     where l.provider || '' = :provider and m.line_id > :after and m.line_id <= :through`,
    { provider, after, through },
  );
}

/** Matches that are all new: line, payout, attempt, rule. */
export async function insertMatches(
  tx: Transaction,
  reconciliationId: bigint,
  matches: Iterable<readonly [number, number, number, Rule]>,
): Promise<void> {
  await tx.insertMany('matches', ['line_id', 'payout_id', 'attempt_no', 'rule'], matches, {
    reconciliation_id: reconciliationId,
  });
}

export async function deleteMatches(tx: Transaction, gone: readonly StoredMatch[]): Promise<void> {
  await tx.runMany(
    'delete from matches where line_id = :line_id and payout_id = :payout_id and attempt_no = :attempt_no',
    gone.map(({ line_id, payout_id, attempt_no }) => ({ line_id, payout_id, attempt_no })),
  );
}

export async function saveMatches(
  tx: Transaction,
  reconciliationId: bigint,
  matches: readonly StoredMatch[],
  gone: readonly StoredMatch[],
): Promise<void> {
  await deleteMatches(tx, gone);
  await tx.runMany(
    `insert into matches (line_id, payout_id, attempt_no, rule, reconciliation_id)
     values (:line_id, :payout_id, :attempt_no, :rule, :reconciliation)
     on conflict (line_id, payout_id, attempt_no) do update set rule = excluded.rule,
       reconciliation_id = excluded.reconciliation_id`,
    matches.map((match) => ({ ...match, reconciliation: reconciliationId })),
  );
}

export interface Reconciliation {
  provider: string;
  at: string;
  today_on: string;
  actor: string;
  matched_count: number;
  expected_count: number;
  open_count: number;
  new_count: number;
  closed_count: number;
  /** Per currency, as JSON: what the totals could not explain. */
  unexplained: string;
}

/** Reserves the number under which matches and breaks refer to this reconciliation; its counts follow at its end. */
export async function beginReconciliation(
  tx: Transaction,
  reconciliation: Pick<Reconciliation, 'provider' | 'at' | 'today_on' | 'actor'>,
): Promise<bigint> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from reconciliations');
  const id = (last?.id ?? 0n) + 1n;
  await tx.run(
    `insert into reconciliations (id, provider, at, today_on, actor, matched_count, expected_count, open_count,
       new_count, closed_count, unexplained)
     values (:id, :provider, :at, :today_on, :actor, 0, 0, 0, 0, 0, '{}')`,
    { id, ...reconciliation },
  );
  await recordRows(tx, 'reconciliation', [id]);
  return id;
}

export async function finishReconciliation(
  tx: Transaction,
  id: bigint,
  counts: Pick<
    Reconciliation,
    'matched_count' | 'expected_count' | 'open_count' | 'new_count' | 'closed_count' | 'unexplained'
  >,
): Promise<void> {
  await tx.run(
    `update reconciliations set matched_count = :matched_count, expected_count = :expected_count,
       open_count = :open_count, new_count = :new_count, closed_count = :closed_count, unexplained = :unexplained
     where id = :id`,
    { id, ...counts },
  );
  await recordRows(tx, 'reconciliation', [id]);
}

/** The latest of a provider, oldest first. */
export async function recentReconciliations(
  reader: Reader,
  provider: string,
  limit: number,
): Promise<{ id: bigint; today_on: string; open_count: bigint }[]> {
  const rows = await reader.all<{ id: bigint; today_on: string; open_count: bigint }>(
    `select id, today_on, open_count from reconciliations where provider = :provider order by id desc limit :limit`,
    { provider, limit },
  );
  return rows.reverse();
}
