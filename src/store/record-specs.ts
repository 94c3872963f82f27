/** Which columns of which tables are evidence beside entries and audit events, by the words that SQL reads them with. */

export interface RecordSpec {
  table: string;
  /** The column, or expression, whose number a record is found by. */
  key: string;
  /** Every column that is evidence. */
  columns: readonly string[];
  /** The order of the rows of one record, where there may be several. */
  order?: string;
  /** Rows that no record is about. */
  where?: string;
  /** Rows that have to have a record; without it, all. */
  required?: string;
  noun: string;
  /** The column with the name that a person knows it by. */
  label?: string;
}

// Nobody believes what these say: approvals are derived anew before anything is sent.
const STATE = "case when attempt_no = 0 and state in ('draft', 'approved') then 'unsent' else state end";
const CHANGED = "case when attempt_no = 0 and state in ('draft', 'approved') then null else updated_at end";

export const RECORDS = {
  payout: {
    table: 'payouts',
    key: 'id',
    columns: [
      'reference_id',
      ...[
        'batch_id',
        'row_no',
        'line_no',
        'beneficiary_id',
        'fingerprint',
        'amount_minor',
        'currency',
        'rail',
      ],
      ...['narration', 'purpose', 'account', 'provider', STATE, 'position', 'cycle', 'attempt_no'],
      ...['hold_reason', 'hold_note', 'provider_id', 'provider_reference', 'provider_status', 'utr'],
      ...['return_utr', 'fee_minor', 'tax_minor', 'failure_code', 'failure_reason', 'cancelled_id'],
      ...['released_at', 'resolved_as', 'created_at', CHANGED, 'submitted_at', 'paid_at'],
      'returned_at',
      'tags',
    ],
    // What is being sent is recorded with its answer; until then its send and its entry say what it is.
    where: "state <> 'submitting'",
    required: "attempt_no > 0 or state not in ('draft', 'approved')",
    noun: 'Payout',
    label: 'reference_id',
  },
  attempt_end: {
    table: 'attempts',
    key: 'payout_id',
    columns: [
      ...[
        'attempt_no',
        'ended_at',
        'state',
        'provider_id',
        'provider_status',
        'utr',
        'return_utr',
        'fee_minor',
      ],
      ...['tax_minor', 'failure_code', 'failure_reason', 'paid_at', 'returned_at'],
    ],
    order: 'attempt_no',
    where: `coalesce(ended_at, state, provider_id, provider_status, utr, return_utr, failure_code, failure_reason, paid_at,
      returned_at, cast(fee_minor as text), cast(tax_minor as text)) is not null`,
    noun: 'The outcome of an earlier attempt of payout',
  },
  batch: {
    table: 'batches',
    key: 'id',
    columns: [
      ...['name', 'provider', 'currency', 'row_count', 'amount_minor', 'digest', 'file_name', 'file_sha256'],
      ...['content_sha256', 'account', 'imported_at', 'imported_by', 'cancelled_at', 'rows_sha256'],
    ],
    noun: 'Batch',
    label: 'name',
  },
  approval: {
    table: 'approvals',
    key: 'id',
    columns: [
      ...['batch_id', 'digest', 'row_count', 'amount_minor', 'actor', 'os_user', 'host', 'approved_at'],
      ...['voided_at', 'void_reason', 'signed_statement'],
    ],
    noun: 'Approval',
  },
  beneficiary: {
    table: 'beneficiaries',
    key: 'id',
    columns: [
      ...[
        'beneficiary_ref',
        'name',
        'destination_kind',
        'account_sealed',
        'account_masked',
        'fingerprint',
        'ifsc',
      ],
      ...['bank_name', 'account_type', 'email_sealed', 'email_masked', 'phone_sealed', 'phone_masked'],
      ...['row_fingerprint', 'created_at', 'updated_at'],
    ],
    noun: 'Beneficiary',
    label: 'beneficiary_ref',
  },
  former_account: {
    table: 'former_accounts',
    key: 'id',
    columns: [
      ...['beneficiary_id', 'fingerprint', 'name', 'destination_kind', 'account_sealed', 'account_masked'],
      ...['ifsc', 'bank_name', 'from_at', 'until_at'],
    ],
    noun: 'Former account',
    label: 'account_masked',
  },
  attempt_account: {
    table: 'attempt_accounts',
    key: 'payout_id',
    columns: ['attempt_no', 'former_id'],
    order: 'attempt_no',
    noun: 'The account that was paid by payout',
  },
  registration: {
    table: 'registrations',
    key: 'beneficiary_id',
    columns: [
      ...[
        'provider',
        'provider_beneficiary_id',
        'fingerprint',
        'status',
        'registered_name',
        'failure_reason',
      ],
      ...['registered_at', 'checked_at'],
    ],
    order: 'provider',
    noun: 'The registration of beneficiary',
  },
  account: {
    table: 'accounts',
    key: 'id',
    columns: ['name', 'class', 'opened_at'],
    noun: 'Account',
    label: 'name',
  },
  vault_key: {
    table: 'vault_keys',
    key: 'id',
    columns: ['wrapped_data_key', 'wrapped_fingerprint_key', 'created_at', 'retired_at'],
    noun: 'Data key',
  },
  closing: {
    table: 'closings',
    key: 'id',
    columns: [
      ...[
        'provider',
        'currency',
        'through',
        'available_minor',
        'in_transit_minor',
        'payout_count',
        'closed_at',
      ],
      'actor',
    ],
    noun: 'Closing',
  },
  restore: {
    table: 'restores',
    key: 'id',
    columns: ['restored_at', 'actor', 'backup_file', 'sent_until'],
    noun: 'Restore',
  },
  restore_check: {
    table: 'restore_checks',
    key: 'restore_id',
    columns: ['provider', 'checked_at'],
    order: 'provider',
    noun: 'The comparison after restore',
  },
  foreign_payout: {
    table: 'foreign_payouts',
    // They have no numbers: one record is about all of them.
    key: '0',
    columns: [
      ...['provider', 'provider_reference', 'provider_id', 'status', 'amount_minor', 'currency'],
      ...['provider_created_at', 'seen_at', 'adopted_at'],
    ],
    order: 'provider, provider_reference',
    noun: 'The list of foreign payouts',
  },
  statement: {
    table: 'statements',
    key: 'id',
    columns: [
      ...['provider', 'profile', 'file_name', 'sha256', 'row_count', 'new_count', 'from_on', 'to_on'],
      ...['imported_at', 'imported_by', 'lines_sha256'],
    ],
    noun: 'Statement',
    label: 'file_name',
  },
  statement_proof: {
    table: 'statement_proofs',
    key: 'statement_id',
    columns: ['proof_no', 'what', 'currency', 'line_no', 'stated', 'found', 'proved'],
    order: 'proof_no',
    noun: 'What the file states of statement',
  },
  withdrawal: {
    table: 'statement_withdrawals',
    key: 'id',
    columns: [
      ...['statement_id', 'withdrawn_at', 'withdrawn_by', 'withdrawn_reason', 'reinstated_at'],
      ...['reinstated_by', 'reinstated_reason'],
    ],
    noun: 'The withdrawal of a statement',
  },
  reconciliation: {
    table: 'reconciliations',
    key: 'id',
    columns: [
      ...[
        'provider',
        'at',
        'today_on',
        'actor',
        'matched_count',
        'expected_count',
        'open_count',
        'new_count',
      ],
      ...['closed_count', 'unexplained'],
    ],
    noun: 'Reconciliation',
  },
  open_amount: {
    table: 'open_amounts',
    key: 'reconciliation_id',
    columns: ['currency', 'open_minor'],
    order: 'currency',
    noun: 'What was left open by reconciliation',
  },
  break: {
    table: 'breaks',
    key: 'id',
    columns: [
      ...['provider', 'kind', 'subject', 'state', 'payout_id', 'attempt_no', 'line_id', 'reference_id'],
      ...[
        'provider_id',
        'utr',
        'ledger_value',
        'statement_value',
        'difference_minor',
        'currency',
        'opened_on',
      ],
      ...['reason', 'note', 'resolved_by', 'resolved_at', 'entry_id'],
    ],
    noun: 'Break',
  },
  webhook: {
    table: 'webhooks',
    key: 'id',
    columns: [
      ...['provider', 'sha256', 'source', 'event', 'provider_id', 'provider_reference', 'status'],
      ...['provider_state', 'amount_minor', 'utr', 'failure_reason', 'stated_at', 'received_at', 'payout_id'],
      ...['attempt_no', 'state', 'tries', 'applied_at', 'effect', 'note'],
    ],
    noun: 'Event',
  },
} as const satisfies Record<string, RecordSpec>;

export type RecordKind = keyof typeof RECORDS;
export const RECORD_KINDS = Object.keys(RECORDS) as RecordKind[];

/** Their order is that of their numbers; the columns of an attempt are those that are fixed when it is stored. */
export const SERIES = {
  send: {
    from: 'sends s left join attempts a on a.payout_id = s.payout_id and a.attempt_no = s.attempt_no',
    columns: [
      ...['s.id', 's.payout_id', 's.attempt_no', 's.kind', 's.sent_at', 'a.provider', 'a.provider_reference'],
      ...['a.provider_beneficiary_id', 'a.body', 'a.body_sha256', 'a.stored_at'],
    ],
    id: 's.id',
    table: 'sends',
    noun: 'Send',
  },
  answer: {
    from: 'sends s',
    columns: [
      ...['s.id', 's.answered_in', 's.answered_at', 's.outcome', 's.reason', 's.http_status'],
      ...['s.transport_error', 's.answer'],
    ],
    id: 's.answered_in',
    table: 'sends',
    noun: 'The answer to a send',
  },
  status: {
    from: 'status_events s',
    columns: [
      ...['s.id', 's.payout_id', 's.attempt_no', 's.source', 's.status', 's.provider_at', 's.seen_at'],
      ...['s.state_before', 's.state_after', 's.note'],
    ],
    id: 's.id',
    table: 'status_events',
    noun: 'Status',
  },
  break_event: {
    from: 'break_events s',
    columns: [
      ...['s.id', 's.break_id', 's.at', 's.event', 's.actor', 's.reason', 's.note', 's.ledger_value'],
      ...['s.statement_value', 's.reconciliation_id', 's.entry_id'],
    ],
    id: 's.id',
    table: 'break_events',
    noun: 'A break’s event',
  },
} as const;

export type SeriesKind = keyof typeof SERIES;
