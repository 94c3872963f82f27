/** What the provider told by itself about a payout, and what became of each event. */
import { formatAmount } from '../domain/money/money.ts';
import { maskPrivateText } from '../domain/private-text.ts';
import type { Reader } from './database.ts';
import { type StoryEvent, UNCHAINED } from './story-event.ts';

interface Told {
  id: bigint;
  source: 'signed' | 'file';
  event: string;
  status: string;
  amount_minor: bigint | null;
  currency: string;
  utr: string | null;
  failure_reason: string | null;
  stated_at: string;
  received_at: string;
  attempt_no: bigint;
  applied_at: string | null;
  effect: string | null;
  note: string | null;
}

/** An event is told when it was received, and what it led to when it was looked into. */
export async function webhooks(reader: Reader, payoutId: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<Told>(
    `select w.id, w.source, w.event, w.status, w.amount_minor, p.currency, w.utr, w.failure_reason, w.stated_at,
       w.received_at, w.attempt_no, w.applied_at, w.effect, w.note
     from webhooks w join payouts p on p.id = w.payout_id where w.payout_id = :payout order by w.id`,
    { payout: payoutId },
  );
  return rows.flatMap((row) => (row.applied_at === null ? [received(row)] : [received(row), applied(row)]));
}

function received(row: Told): StoryEvent {
  const how = row.source === 'signed' ? 'with its signature' : 'from a file, without a signature';
  const facts = [
    `stated ${row.stated_at}`,
    row.amount_minor === null ? null : `${formatAmount(row.amount_minor, row.currency)} ${row.currency}`,
    row.utr === null ? null : `UTR ${row.utr}`,
    row.failure_reason === null ? null : maskPrivateText(row.failure_reason),
  ];
  return {
    at: row.received_at,
    kind: 'webhook',
    actor: null,
    what: `webhook ${row.id} received ${how}: ${row.event}, ${row.status}, about attempt ${row.attempt_no}`,
    details: facts.filter(Boolean).join('; '),
    ...UNCHAINED,
  };
}

function applied(row: Told): StoryEvent {
  return {
    at: row.applied_at ?? row.received_at,
    kind: 'webhook',
    actor: null,
    what: `webhook ${row.id} looked into: ${EFFECTS[row.effect ?? ''] ?? row.effect}`,
    details: row.note === null ? null : maskPrivateText(row.note),
    ...UNCHAINED,
  };
}

/** An event moves nothing by itself: these are the words for what the provider answered when it was asked. */
const EFFECTS: Readonly<Record<string, string>> = {
  moved: 'the provider was asked, and its answer moved the payout',
  noted: 'the provider was asked, and its answer was noted',
  same: 'nothing new',
  held: 'the payout is held for a person',
  contradiction: 'it contradicts what is proven',
  not_found: 'the provider does not know the payout',
  foreign_reference: 'the provider knows another payout under this name',
  earlier_attempt: 'it is about an earlier attempt',
};
