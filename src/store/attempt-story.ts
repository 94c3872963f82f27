/** The attempts of a payout and their requests, each send with the account that it went to. */
import type { Reader } from './database.ts';
import { attemptAccount, LOST_ACCOUNT } from './former-accounts.ts';
import { type StoryEvent, UNCHAINED } from './story-event.ts';

export async function attempts(reader: Reader, payout: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<{ at: string; no: bigint; reference: string; body: string; sha: string }>(
    `select stored_at as at, attempt_no as no, provider_reference as reference, body, body_sha256 as sha
     from attempts where payout_id = :payout order by attempt_no`,
    { payout },
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'attempt',
    actor: null,
    what: `attempt ${row.no} stored as ${row.reference}, before anything was sent`,
    details: `${row.body} (sha256 ${row.sha})`,
    ...UNCHAINED,
  }));
}

interface Request {
  at: string;
  answered_at: string | null;
  no: bigint;
  kind: string;
  outcome: string | null;
  reason: string | null;
  http_status: bigint | null;
  transport_error: string | null;
  answer: string | null;
  /** Masked; null where the ledger no longer has it. */
  account: string | null;
  ifsc: string | null;
}

export async function sends(reader: Reader, payout: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<Request>(
    `select s.sent_at as at, s.answered_at, s.attempt_no as no, s.kind, s.outcome, s.reason, s.http_status,
       s.transport_error, s.answer, case when t.payout_id is null then b.account_masked else f.account_masked end as account,
       case when t.payout_id is null then b.ifsc else f.ifsc end as ifsc
     from sends s join payouts p on p.id = s.payout_id join beneficiaries b on b.id = p.beneficiary_id
       ${attemptAccount({ payout_id: 's.payout_id', attempt_no: 's.attempt_no' })}
     where s.payout_id = :payout order by s.id`,
    { payout },
  );
  return rows.map((row) => {
    const how = row.http_status === null ? (row.transport_error ?? '') : `HTTP ${row.http_status}`;
    const outcome = row.outcome ?? 'no answer was stored';
    return {
      at: row.answered_at ?? row.at,
      kind: 'send',
      actor: null,
      what: `attempt ${row.no} ${asked(row)}: ${[outcome.replaceAll('_', ' '), how].filter(Boolean).join(', ')}`,
      details: [row.reason, row.answer].filter(Boolean).join(' — ') || null,
      ...UNCHAINED,
    };
  });
}

function asked({ kind, account, ifsc }: Request): string {
  if (kind === 'look_up') return 'asked by reference';
  if (kind !== 'submit') return 'asked for its status';
  return `sent to ${account ?? LOST_ACCOUNT}${ifsc === null ? '' : `, IFSC ${ifsc}`}`;
}
