-- The ground: keys, beneficiaries, batches, payouts with their attempts and sends, the journal, the audit log.
-- The database keeps the promises too: what must never happen is a CHECK, a UNIQUE or a trigger here, so that a
-- bug in the program, or a hand in the sqlite3 shell, meets a refusal and not a wrong balance.

create table vault_keys (
  id integer primary key,
  -- Data key and fingerprint key, each sealed under the key file's key.
  wrapped_data_key text not null,
  wrapped_fingerprint_key text not null,
  created_at text not null,
  retired_at text
) strict;

create table beneficiaries (
  id integer primary key,
  beneficiary_ref text not null,
  name text not null,
  destination_kind text not null check (destination_kind in ('bank_account', 'vpa')),
  -- Sealed: AES-256-GCM under the data key. Never in plain text, also not in part beyond the last four.
  account_sealed text not null,
  account_masked text not null,
  -- Keyed HMAC of the account number and IFSC, or of the VPA: equality without the value.
  fingerprint text not null,
  ifsc text,
  bank_name text,
  account_type text check (account_type in ('savings', 'current')),
  email_sealed text,
  email_masked text,
  phone_sealed text,
  phone_masked text,
  -- Keyed HMAC of the whole row as imported: the same row again changes nothing.
  row_fingerprint text not null,
  created_at text not null,
  updated_at text not null,
  check ((destination_kind = 'bank_account') = (ifsc is not null))
) strict;
create unique index beneficiaries_by_ref on beneficiaries (lower(beneficiary_ref));
create index beneficiaries_by_fingerprint on beneficiaries (fingerprint);

-- What a provider knows of a beneficiary. Bound to the fingerprint that was registered: after a change of bank
-- details the row no longer fits and the beneficiary is registered anew.
create table registrations (
  beneficiary_id integer not null references beneficiaries (id),
  provider text not null,
  provider_beneficiary_id text,
  fingerprint text not null,
  status text not null check (status in ('pending', 'verified', 'failed')),
  registered_name text,
  failure_reason text,
  registered_at text not null,
  checked_at text not null,
  primary key (beneficiary_id, provider)
) strict;

create table batches (
  id integer primary key,
  name text not null,
  provider text not null,
  currency text not null,
  row_count integer not null check (row_count > 0),
  amount_minor integer not null check (amount_minor > 0),
  -- SHA-256 over the canonical rows; what an approval is bound to.
  digest text not null,
  file_name text not null,
  file_sha256 text not null,
  -- Order-independent SHA-256 of the rows as the file states them: the same list is recognised in other clothes.
  content_sha256 text not null,
  account text not null,
  imported_at text not null,
  imported_by text not null,
  cancelled_at text
) strict;
create unique index batches_by_name on batches (lower(name)) where cancelled_at is null;
create index batches_by_content on batches (content_sha256);

create table approvals (
  id integer primary key,
  batch_id integer not null references batches (id),
  digest text not null,
  row_count integer not null,
  amount_minor integer not null,
  actor text not null,
  os_user text not null,
  host text not null,
  approved_at text not null,
  voided_at text,
  void_reason text
) strict;
create index approvals_by_batch on approvals (batch_id);

create table payouts (
  id integer primary key,
  reference_id text not null,
  batch_id integer not null references batches (id),
  row_no integer not null,
  line_no integer not null,
  beneficiary_id integer not null references beneficiaries (id),
  -- Of the account that the row was sent to, kept where the beneficiary's bank details changed afterwards: the digest
  -- that was approved stays what it was. Null: the beneficiary's own.
  fingerprint text,
  amount_minor integer not null check (amount_minor > 0),
  currency text not null,
  rail text not null,
  narration text,
  purpose text,
  account text not null,
  provider text not null,
  state text not null,
  -- Where the ledger has the amount. Moves only together with the entries that move it.
  position text not null default 'available'
    check (position = 'available' or position = 'in_transit' or position = 'paid' or position = 'returned'),
  -- How often the money of this attempt has left the available balance.
  cycle integer not null default 0,
  attempt_no integer not null default 0,
  hold_reason text,
  hold_note text,
  provider_id text,
  provider_reference text,
  provider_status text,
  utr text,
  return_utr text,
  fee_minor integer,
  tax_minor integer,
  failure_code text,
  failure_reason text,
  -- Its own id once it is cancelled, so that the reference is free again; 0 while it lives.
  cancelled_id integer not null default 0,
  -- When a person let it go on that was held before it was sent; it is not held for the same again.
  released_at text,
  -- A person's word, until a provider's agrees with it.
  resolved_as text
    check (resolved_as is null or resolved_as = 'paid' or resolved_as = 'failed' or resolved_as = 'returned'),
  created_at text not null,
  updated_at text not null,
  submitted_at text,
  paid_at text,
  returned_at text,
  -- When the provider was last asked about this payout; oldest first is asked first.
  checked_at text,
  -- One case and no lists: the engine searches a list for every row that it writes, which cost half of an import.
  check (case state
    when 'draft' then position = 'available' and hold_reason is null
    when 'approved' then position = 'available' and hold_reason is null
    when 'submitting' then position = 'in_transit' and hold_reason is null
    when 'pending' then position = 'in_transit' and hold_reason is null
    when 'unknown' then position = 'in_transit' and hold_reason is null
    when 'held' then hold_reason is not null
    when 'paid' then position = 'paid' and hold_reason is null
    when 'failed' then position = 'available' and hold_reason is null
    when 'returned' then position = 'returned' and hold_reason is null
    when 'cancelled' then position = 'available' and hold_reason is null
    else false end),
  check ((state = 'cancelled') = (cancelled_id <> 0)),
  check (attempt_no > 0 or position = 'available')
) strict;
-- One living payout for each reference. Not by state: an index on a column that every change writes costs every change.
create unique index payouts_by_reference on payouts (lower(reference_id), cancelled_id);
create index payouts_by_batch on payouts (batch_id, state, id);
-- What a provider can be asked about; an import of drafts writes nothing here.
create index payouts_in_transit on payouts (provider, state) where position = 'in_transit';
create index payouts_by_word on payouts (provider) where resolved_as is not null;
create index payouts_by_beneficiary on payouts (beneficiary_id);
create unique index payouts_by_provider_id on payouts (provider, provider_id) where provider_id is not null;
create index payouts_by_utr on payouts (utr) where utr is not null;

-- One try to pay, stored before anything leaves. The body is what is sent, byte for byte, however often.
create table attempts (
  payout_id integer not null references payouts (id),
  attempt_no integer not null check (attempt_no > 0),
  provider text not null,
  provider_reference text not null,
  provider_beneficiary_id text not null,
  body text not null,
  body_sha256 text not null,
  stored_at text not null,
  -- What the attempt came to, written when a later one begins; of the current attempt the payout itself tells.
  ended_at text,
  state text,
  provider_id text,
  provider_status text,
  utr text,
  return_utr text,
  fee_minor integer,
  tax_minor integer,
  failure_code text,
  failure_reason text,
  paid_at text,
  returned_at text,
  primary key (payout_id, attempt_no)
) strict;
create unique index attempts_by_reference on attempts (provider, lower(provider_reference));
create index attempts_by_provider_id on attempts (provider, provider_id) where provider_id is not null;

create trigger attempts_keep_their_bytes before update on attempts
when old.body <> new.body or old.body_sha256 <> new.body_sha256 or old.provider_reference <> new.provider_reference
  or old.provider <> new.provider or old.provider_beneficiary_id <> new.provider_beneficiary_id
begin
  select raise(abort, 'an attempt is sent with the bytes it was stored with');
end;

-- One HTTP request of an attempt. A send without an outcome is one that was interrupted: recovery starts here.
create table sends (
  id integer primary key,
  payout_id integer not null,
  attempt_no integer not null,
  kind text not null check (kind in ('submit', 'look_up', 'status')),
  sent_at text not null,
  answered_at text,
  outcome text,
  reason text,
  http_status integer,
  transport_error text,
  answer text,
  foreign key (payout_id, attempt_no) references attempts (payout_id, attempt_no)
) strict;
create index sends_by_attempt on sends (payout_id, attempt_no);

-- What providers said, in the order in which it reached us, and what it changed.
create table status_events (
  id integer primary key,
  payout_id integer not null references payouts (id),
  attempt_no integer not null,
  source text not null,
  status text not null,
  provider_at text,
  seen_at text not null,
  state_before text not null,
  state_after text not null,
  note text
) strict;
create index status_events_by_payout on status_events (payout_id);

create table accounts (
  id integer primary key,
  name text not null unique,
  class text not null check (class in ('assets', 'liabilities', 'equity', 'income', 'expenses')),
  opened_at text not null
) strict;

create table journal_entries (
  id integer primary key,
  event text not null,
  payout_id integer references payouts (id),
  attempt_no integer,
  cycle integer,
  reference_id text,
  provider text,
  booked_on text not null,
  recorded_at text not null,
  description text not null,
  actor text not null,
  entry_ref text unique,
  reverses_id integer unique references journal_entries (id),
  check ((payout_id is null) = (attempt_no is null) and (payout_id is null) = (cycle is null))
) strict;
-- Each event of each send of each attempt is posted at most once.
create unique index journal_entries_by_event on journal_entries (payout_id, attempt_no, cycle, event)
  where payout_id is not null;
create index journal_entries_by_day on journal_entries (booked_on);

create table postings (
  entry_id integer not null references journal_entries (id),
  posting_no integer not null,
  account_id integer not null references accounts (id),
  amount_minor integer not null check (amount_minor <> 0),
  currency text not null,
  primary key (entry_id, posting_no)
) strict;
create index postings_by_account on postings (account_id, entry_id);

create trigger journal_entries_stay before update on journal_entries
begin
  select raise(abort, 'journal entries are never changed; reverse the entry');
end;
create trigger journal_entries_remain before delete on journal_entries
begin
  select raise(abort, 'journal entries are never deleted; reverse the entry');
end;
create trigger postings_stay before update on postings
begin
  select raise(abort, 'postings are never changed; reverse the entry');
end;
create trigger postings_remain before delete on postings
begin
  select raise(abort, 'postings are never deleted; reverse the entry');
end;

-- Derived, kept in the transaction of the postings, and proven by `ledger verify`.
create table account_days (
  account_id integer not null references accounts (id),
  currency text not null,
  booked_on text not null,
  debit_minor integer not null,
  credit_minor integer not null,
  posting_count integer not null,
  primary key (account_id, currency, booked_on)
) strict;

-- Every decision of a person, with who and when: approvals, resolutions, changes of bank details, reveals.
create table audit_events (
  id integer primary key,
  at text not null,
  actor text not null,
  os_user text not null,
  host text not null,
  action text not null,
  subject_kind text not null,
  subject text not null,
  details text not null
) strict;
create index audit_events_by_subject on audit_events (subject_kind, subject);
create trigger audit_events_stay before update on audit_events
begin
  select raise(abort, 'the audit log is never changed');
end;
create trigger audit_events_remain before delete on audit_events
begin
  select raise(abort, 'the audit log is never deleted');
end;

-- One SHA-256 chain: hash = SHA-256(previous hash ‖ canonical item). Its head, kept elsewhere, makes any edit visible.
create table chain (
  seq integer primary key,
  kind text not null check (kind in ('entry', 'audit')),
  item_id integer not null,
  hash text not null,
  unique (kind, item_id)
) strict;
create trigger chain_stays before update on chain
begin
  select raise(abort, 'the chain is never changed');
end;
create trigger chain_remains before delete on chain
begin
  select raise(abort, 'the chain is never deleted');
end;

-- Who submits on this ledger. The lock itself is held by the operating system and dies with its process; the
-- epoch fences the writes of an owner that was stopped and has been replaced meanwhile.
create table runners (
  id integer primary key check (id = 1),
  epoch integer not null,
  pid integer not null,
  host text not null,
  actor text not null,
  command text not null,
  since text not null
) strict;

-- Up to when a provider was asked for payouts that it has returned.
create table sync_marks (
  provider text primary key,
  returned_until text not null
) strict;
