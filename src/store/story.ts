/** Everything that is stored about one payout, in the order in which it happened: the ground of `payout explain`. */
import { formatAmount } from '../domain/money/money.ts';
import { maskPrivateText } from '../domain/private-text.ts';
import { attempts, sends } from './attempt-story.ts';
import type { Reader } from './database.ts';
import { WITHDRAWN } from './statements.ts';
import { type LinkColumns, linkOf, type StoryEvent, UNCHAINED } from './story-event.ts';
import { webhooks } from './webhook-story.ts';

/** `others` are events that are told from elsewhere. */
export async function storyOf(
  reader: Reader,
  payoutId: bigint,
  others: readonly StoryEvent[],
): Promise<StoryEvent[]> {
  const params = { payout: payoutId };
  const parts = await Promise.all([
    imported(reader, params),
    approvals(reader, params),
    decisions(reader, params),
    attempts(reader, params.payout),
    sends(reader, params.payout),
    webhooks(reader, params.payout),
    statuses(reader, params),
    entries(reader, params),
    lines(reader, params),
    breaks(reader, params),
    holds(reader, params),
  ]);
  return inOrder([...others, ...parts.flat()]);
}

/** What a person wrote as a reason may name an account; the rest of a decision's details names none. */
export type DecisionColumns = LinkColumns & { at: string; actor: string; action: string; details: string };

/** What the audit log has of one decision, as an event of a story. */
export function decisionEvent(row: DecisionColumns): StoryEvent {
  return {
    at: row.at,
    kind: 'decision',
    actor: row.actor,
    what: row.action.replaceAll('_', ' '),
    details: maskedDetails(row.details),
    ...linkOf(row),
  };
}

function maskedDetails(details: string): string {
  return JSON.stringify(JSON.parse(details), (key, value: unknown) =>
    (key === 'reason' || key === 'note') && typeof value === 'string' ? maskPrivateText(value) : value,
  );
}

/** By time; what happened in one instant as its kinds follow each other, and within a kind as given. */
export function inOrder(events: readonly StoryEvent[]): StoryEvent[] {
  return [...events].sort((a, b) => (a.at === b.at ? rankOf(a) - rankOf(b) : a.at < b.at ? -1 : 1));
}

/** Within one instant the cause stands before what it caused: money is in transit before the send, paid after the answer. */
function rankOf(event: StoryEvent): number {
  const ranks: Record<StoryEvent['kind'], number> = {
    import: -1,
    batch: 0,
    approval: 1,
    decision: 2,
    attempt: 3,
    send: 5,
    webhook: 5.5,
    status: 6,
    entry: 7,
    line: 8,
    break: 9,
    hold: 10,
    registration: 11,
    payout: 12,
  };
  return event.kind === 'entry' && event.what.includes(', submitted,') ? 4 : ranks[event.kind];
}

type PayoutParam = { payout: bigint };

async function imported(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    at: string;
    actor: string;
    file: string;
    line: bigint;
    batch: string;
    row: bigint;
  }>(
    `select b.imported_at as at, b.imported_by as actor, b.file_name as file, p.line_no as line, b.name as batch, p.row_no as row
     from payouts p join batches b on b.id = p.batch_id where p.id = :payout`,
    params,
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'batch',
    actor: row.actor,
    what: `imported from ${row.file}, line ${row.line}`,
    details: `row ${row.row} of batch ${row.batch}`,
    ...UNCHAINED,
  }));
}

async function approvals(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    at: string;
    actor: string;
    digest: string;
    voided_at: string | null;
    void_reason: string | null;
    signed_statement: string | null;
  }>(
    `select a.approved_at as at, a.actor, a.digest, a.voided_at, a.void_reason, a.signed_statement
     from approvals a join payouts p on p.batch_id = a.batch_id where p.id = :payout order by a.id`,
    params,
  );
  return rows.flatMap((row): StoryEvent[] => {
    const approved: StoryEvent = {
      at: row.at,
      kind: 'approval',
      actor: row.actor,
      what: 'batch approved',
      details: `digest ${row.digest}${row.signed_statement === null ? '' : ', signed'}`,
      ...UNCHAINED,
    };
    if (row.voided_at === null) return [approved];
    return [
      approved,
      {
        at: row.voided_at,
        kind: 'approval',
        actor: null,
        what: `approval of ${row.actor} voided`,
        details: row.void_reason,
        ...UNCHAINED,
      },
    ];
  });
}

/** About the payout itself, and that its batch was cancelled; a batch before or after it may bear the same name. */
async function decisions(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<DecisionColumns>(
    `select e.at, e.actor, e.action, e.details, c.seq, c.hash
     from payouts p join batches b on b.id = p.batch_id
       join audit_events e on (e.subject_kind = 'payout' and e.subject = p.reference_id)
         or (e.subject_kind = 'batch' and e.subject = b.name and e.action = 'batch_cancelled'
           and e.at >= b.imported_at and e.at <= coalesce(b.cancelled_at, e.at))
       left join chain c on c.kind = 'audit' and c.item_id = e.id
     where p.id = :payout order by e.id`,
    params,
  );
  return rows.map(decisionEvent);
}

async function statuses(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    at: string;
    source: string;
    status: string;
    before: string;
    after: string;
    provider_at: string | null;
    note: string | null;
  }>(
    `select seen_at as at, source, status, state_before as before, state_after as after, provider_at, note
     from status_events where payout_id = :payout order by id`,
    params,
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'status',
    actor: null,
    what: `provider says ${row.status} (${row.source.replaceAll('_', ' ')}): ${row.before === row.after ? `stays ${row.after}` : `${row.before} → ${row.after}`}`,
    details:
      [row.note, row.provider_at && `at ${row.provider_at} by its clock`].filter(Boolean).join('; ') || null,
    ...UNCHAINED,
  }));
}

/** Its own entries, those that were booked with the explanation of a break of it, and what reverses any of them. */
async function entries(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<
    LinkColumns & {
      id: bigint;
      at: string;
      actor: string;
      event: string;
      booked_on: string;
      account: string;
      amount_minor: bigint;
      currency: string;
    }
  >(
    `with recursive own (id) as (
       select id from journal_entries where payout_id = :payout
       union
       select x.entry_id from breaks b join break_events x on x.break_id = b.id
       where b.payout_id = :payout and x.entry_id is not null
       union
       select r.id from own join journal_entries r on r.reverses_id = own.id
     )
     select e.id, e.recorded_at as at, e.actor, e.event, e.booked_on, a.name as account, s.amount_minor, s.currency,
       c.seq, c.hash
     from own join journal_entries e on e.id = own.id join postings s on s.entry_id = e.id join accounts a on a.id = s.account_id
       left join chain c on c.kind = 'entry' and c.item_id = e.id
     order by e.id, s.posting_no`,
    params,
  );
  const byEntry = new Map<bigint, StoryEvent & { lines: string[] }>();
  for (const row of rows) {
    const event = byEntry.get(row.id) ?? {
      at: row.at,
      kind: 'entry' as const,
      actor: row.actor,
      what: `entry ${row.id}, ${row.event.replaceAll('_', ' ')}, booked on ${row.booked_on}`,
      details: null,
      ...linkOf(row),
      lines: [],
    };
    event.lines.push(`${row.account} ${formatAmount(row.amount_minor, row.currency)} ${row.currency}`);
    byEntry.set(row.id, event);
  }
  return [...byEntry.values()].map(({ lines, ...event }) => ({ ...event, details: lines.join('; ') }));
}

interface StatementPlace {
  at: string;
  file: string;
  line: bigint;
  rule: string;
  status: string;
  amount_minor: bigint;
  currency: string;
  utr: string | null;
  /** 1 where the statement was taken back, and the line counts by another one alone. */
  withdrawn?: bigint;
}

/** Where the payout stands on the provider's statements, and by what each line was recognised. */
async function lines(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<StatementPlace>(
    `select min(s.imported_at) as at, s.file_name as file, r.line_no as line, m.rule, l.status_word as status,
       l.amount_minor, l.currency, l.utr, case when s.id in (${WITHDRAWN}) then 1 else 0 end as withdrawn
     from matches m join statement_lines l on l.id = m.line_id
       join statement_rows r on r.line_id = l.id join statements s on s.id = r.statement_id
     where m.payout_id = :payout
     group by s.id, s.file_name, r.line_no, m.rule, l.status_word, l.amount_minor, l.currency, l.utr
     order by s.id, r.line_no`,
    params,
  );
  return rows.map(lineEvent);
}

export function lineEvent(row: StatementPlace): StoryEvent {
  const statement = row.withdrawn === 1n ? 'withdrawn statement' : 'statement';
  return {
    at: row.at,
    kind: 'line',
    actor: null,
    what: `on ${statement} ${row.file}, line ${row.line}: ${row.status} ${formatAmount(row.amount_minor, row.currency)} ${row.currency}`,
    details: `matched by ${row.rule.replaceAll('_', ' ')}${row.utr === null ? '' : `, UTR ${row.utr}`}`,
    ...UNCHAINED,
  };
}

/** Each change of each break when it was made and by whom; what closed by itself bears the name of who reconciled. */
async function breaks(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    id: bigint;
    kind: string;
    at: string;
    event: string;
    actor: string;
    reason: string | null;
    note: string | null;
    ledger: string | null;
    statement: string | null;
  }>(
    `select b.id, b.kind, e.at, e.event, e.actor, e.reason, e.note, e.ledger_value as ledger, e.statement_value as statement
     from breaks b join break_events e on e.break_id = b.id
     where b.payout_id = :payout order by e.id`,
    params,
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'break',
    actor: row.actor,
    what: `break ${row.id}, ${row.kind.replaceAll('_', ' ')}, ${row.event}${row.reason === null ? '' : ` as ${row.reason.replaceAll('_', ' ')}`}`,
    details:
      [
        row.ledger === null && row.statement === null
          ? null
          : `ledger ${row.ledger ?? '-'}, statement ${row.statement ?? '-'}`,
        row.note && maskPrivateText(row.note),
      ]
        .filter(Boolean)
        .join('; ') || null,
    ...UNCHAINED,
  }));
}

/** A payout that is held now; what an earlier hold was for stands with the decision that ended it. */
async function holds(reader: Reader, params: PayoutParam): Promise<StoryEvent[]> {
  const rows = await reader.all<{ at: string; reason: string; note: string | null }>(
    `select updated_at as at, hold_reason as reason, hold_note as note from payouts where id = :payout and state = 'held'`,
    params,
  );
  return rows.map(({ at, reason, note }) => ({
    at,
    kind: 'hold',
    actor: null,
    what: `held for a person to decide: ${reason.replaceAll('_', ' ')}`,
    details: note,
    ...UNCHAINED,
  }));
}
