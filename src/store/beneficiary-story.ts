/** Everything that is stored about one beneficiary, in the order in which it happened, with nothing private in it. */
import { formatAmount } from '../domain/money/money.ts';
import type { BeneficiaryRecord } from './beneficiaries.ts';
import { inList, listParam, type Reader } from './database.ts';
import { type DecisionColumns, decisionEvent, inOrder } from './story.ts';
import { type LinkColumns, linkOf, type StoryEvent, UNCHAINED } from './story-event.ts';

export async function beneficiaryStory(
  reader: Reader,
  beneficiary: BeneficiaryRecord,
): Promise<StoryEvent[]> {
  const changes = await decisions(reader, beneficiary.beneficiary_ref);
  const imports = await importsAt(reader, [beneficiary.created_at, beneficiary.updated_at]);
  const parts = await Promise.all([
    registrations(reader, beneficiary.id),
    voidedApprovals(reader, beneficiary.id),
    payouts(reader, beneficiary.id),
  ]);
  return inOrder([
    ...imported(beneficiary, changes, imports),
    ...changes.map(decisionEvent),
    ...parts.flat(),
  ]);
}

const CHANGED = 'beneficiary_details_changed';
const IMPORTED = 'beneficiaries_imported';

/** The subject is the reference as it was first written. */
async function decisions(reader: Reader, subject: string): Promise<DecisionColumns[]> {
  return reader.all(
    `select e.at, e.actor, e.action, e.details, c.seq, c.hash
     from audit_events e left join chain c on c.kind = 'audit' and c.item_id = e.id
     where e.subject_kind = 'beneficiary' and e.subject = :subject and e.action <> '${IMPORTED}' order by e.id`,
    { subject },
  );
}

type ImportColumns = LinkColumns & { at: string; actor: string };

/** Who imported a file at these instants; an older payrun kept that of payouts alone. */
async function importsAt(reader: Reader, instants: readonly string[]): Promise<ImportColumns[]> {
  return reader.all(
    `select e.at, e.actor, c.seq, c.hash from audit_events e left join chain c on c.kind = 'audit' and c.item_id = e.id
     where e.subject_kind = 'beneficiary' and e.action = '${IMPORTED}' and e.at in (${inList('instants')}) order by e.id`,
    { instants: listParam(instants) },
  );
}

/** Where two files came in one instant, nothing tells which of them it was. */
function importedBy(
  imports: readonly ImportColumns[],
  at: string,
): Pick<StoryEvent, 'actor' | 'seq' | 'hash'> {
  const [only, another] = imports.filter((each) => each.at === at);
  if (only === undefined || another !== undefined) return { actor: null, ...UNCHAINED };
  return { actor: only.actor, ...linkOf(only) };
}

/** A change of the name, the bank's name, the e-mail or the phone leaves nothing but its time. */
function imported(
  beneficiary: BeneficiaryRecord,
  decided: readonly DecisionColumns[],
  imports: readonly ImportColumns[],
): StoryEvent[] {
  const { created_at, updated_at } = beneficiary;
  const changes = decided.filter(({ action }) => action === CHANGED);
  const [first] = changes;
  const before = first && (JSON.parse(first.details) as { account_before?: string; ifsc_before?: string });
  const account = before?.account_before ?? beneficiary.account_masked;
  const ifsc = before ? before.ifsc_before : beneficiary.ifsc;
  const begun: StoryEvent = {
    at: created_at,
    kind: 'import',
    what: `imported with account ${account}${ifsc ? `, IFSC ${ifsc}` : ''}`,
    details: null,
    ...importedBy(imports, created_at),
  };
  if (updated_at === created_at || changes.some(({ at }) => at === updated_at)) return [begun];
  return [
    begun,
    {
      at: updated_at,
      kind: 'import',
      what: 'imported again with other details, the account the same',
      details: null,
      ...importedBy(imports, updated_at),
    },
  ];
}

/** Of the present account: a change of bank details ends what a provider knew of the one before. */
async function registrations(reader: Reader, beneficiary: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    provider: string;
    provider_id: string | null;
    status: string;
    name: string | null;
    failure: string | null;
    registered_at: string;
    checked_at: string;
  }>(
    `select provider, provider_beneficiary_id as provider_id, status, registered_name as name, failure_reason as failure,
       registered_at, checked_at
     from registrations where beneficiary_id = :beneficiary order by registered_at, provider`,
    { beneficiary },
  );
  return rows.flatMap((row): StoryEvent[] => [
    {
      at: row.registered_at,
      kind: 'registration',
      actor: null,
      what:
        row.provider_id === null
          ? `given to ${row.provider}`
          : `registered with ${row.provider} as ${row.provider_id}`,
      details: null,
      ...UNCHAINED,
    },
    {
      at: row.checked_at,
      kind: 'registration',
      actor: null,
      what: `penny drop of ${row.provider}: ${row.status}`,
      details:
        [row.name && `the bank knows the account as ${row.name}`, row.failure].filter(Boolean).join('; ') ||
        null,
      ...UNCHAINED,
    },
  ]);
}

async function voidedApprovals(reader: Reader, beneficiary: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<{ at: string; actor: string; batch: string; reason: string | null }>(
    `select a.voided_at as at, a.actor, b.name as batch, a.void_reason as reason
     from approvals a join batches b on b.id = a.batch_id
     where a.voided_at is not null
       and a.batch_id in (select batch_id from payouts where beneficiary_id = :beneficiary)
     order by a.id`,
    { beneficiary },
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'approval',
    actor: null,
    what: `approval of batch ${row.batch} by ${row.actor} voided`,
    details: row.reason,
    ...UNCHAINED,
  }));
}

async function payouts(reader: Reader, beneficiary: bigint): Promise<StoryEvent[]> {
  const rows = await reader.all<{
    at: string;
    actor: string;
    reference: string;
    amount_minor: bigint;
    currency: string;
    rail: string;
    state: string;
    utr: string | null;
    return_utr: string | null;
    failure: string | null;
    batch: string;
    row: bigint;
  }>(
    `select p.created_at as at, b.imported_by as actor, p.reference_id as reference, p.amount_minor, p.currency, p.rail,
       p.state, p.utr, p.return_utr, p.failure_reason as failure, b.name as batch, p.row_no as row
     from payouts p join batches b on b.id = p.batch_id
     where p.beneficiary_id = :beneficiary order by p.id`,
    { beneficiary },
  );
  return rows.map((row) => ({
    at: row.at,
    kind: 'payout',
    actor: row.actor,
    what: `payout ${row.reference} imported, ${formatAmount(row.amount_minor, row.currency)} ${row.currency} by ${row.rail}; it is ${row.state} now`,
    details: [
      `row ${row.row} of batch ${row.batch}`,
      row.utr && `UTR ${row.utr}`,
      row.return_utr && `UTR of the return ${row.return_utr}`,
      row.failure,
    ]
      .filter(Boolean)
      .join('; '),
    ...UNCHAINED,
  }));
}
