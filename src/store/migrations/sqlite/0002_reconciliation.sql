-- Statements, what matches them, and the breaks that live on between reconciliations. Nothing here is money: a
-- statement is evidence, and no table of the books is written when it is read.

create table statements (
  id integer primary key,
  provider text not null,
  profile text not null,
  file_name text not null,
  sha256 text not null,
  row_count integer not null,
  -- Rows that no earlier statement had.
  new_count integer not null,
  from_on text,
  to_on text,
  imported_at text not null,
  imported_by text not null,
  -- The same bytes are one statement, however often they come.
  unique (provider, sha256)
) strict;

-- A line is what it says and how often its file says it: overlapping files bring it once, and two identical rows of
-- one file are two lines.
create table statement_lines (
  id integer primary key,
  provider text not null,
  content_sha256 text not null,
  occurrence integer not null check (occurrence > 0),
  provider_id text,
  provider_reference text,
  utr text,
  provider_beneficiary_id text,
  amount_minor integer not null,
  currency text not null,
  fee_minor integer,
  tax_minor integer,
  status text not null check (status in ('in_flight', 'success', 'failed', 'reversed', 'unknown_word')),
  status_word text not null,
  failure_reason text,
  stated_at text,
  stated_on text,
  -- The row as it stands in its file, as a JSON object of the columns that the profile reads.
  cells text not null,
  -- The line that restates this one. Derived: written by reconcile.
  superseded_by integer references statement_lines (id),
  unique (provider, content_sha256, occurrence)
) strict;
create index statement_lines_by_provider_id on statement_lines (provider, provider_id) where provider_id is not null;

create table statement_rows (
  statement_id integer not null references statements (id),
  line_no integer not null,
  line_id integer not null references statement_lines (id),
  primary key (statement_id, line_no)
) strict;
create index statement_rows_by_line on statement_rows (line_id, statement_id);

create table reconciliations (
  id integer primary key,
  provider text not null,
  at text not null,
  today_on text not null,
  actor text not null,
  matched_count integer not null,
  expected_count integer not null,
  open_count integer not null,
  new_count integer not null,
  closed_count integer not null,
  unexplained text not null
) strict;

-- What explains what, by which rule, as of the latest reconciliation.
create table matches (
  line_id integer primary key references statement_lines (id),
  payout_id integer not null references payouts (id),
  attempt_no integer not null,
  rule text not null check (rule in ('provider_id', 'provider_reference', 'utr', 'amount_date_beneficiary')),
  reconciliation_id integer not null references reconciliations (id)
) strict;
create index matches_by_payout on matches (payout_id, attempt_no);

create table breaks (
  id integer primary key,
  provider text not null,
  kind text not null check (kind in
    ('missing_on_statement', 'in_transit_overdue', 'missing_in_ledger', 'amount_differs', 'currency_differs',
     'status_differs', 'utr_differs', 'fee_differs', 'duplicate_on_statement', 'ambiguous')),
  -- The line or payout that it is about, in a form that stays the same from one reconciliation to the next.
  subject text not null,
  state text not null check (state in ('open', 'resolved', 'closed')),
  payout_id integer references payouts (id),
  attempt_no integer,
  line_id integer references statement_lines (id),
  reference_id text,
  provider_id text,
  utr text,
  ledger_value text,
  statement_value text,
  difference_minor integer,
  currency text,
  opened_on text not null,
  reason text,
  note text,
  resolved_by text,
  resolved_at text,
  check ((state = 'resolved') = (resolved_by is not null)),
  check ((resolved_by is null) = (reason is null)),
  unique (provider, kind, subject)
) strict;
create index breaks_by_state on breaks (provider, state, id);

-- What became of a break, in order.
create table break_events (
  id integer primary key,
  break_id integer not null references breaks (id),
  at text not null,
  event text not null check (event in ('opened', 'changed', 'closed', 'resolved', 'reopened')),
  actor text not null,
  reason text,
  note text,
  ledger_value text,
  statement_value text,
  reconciliation_id integer references reconciliations (id)
) strict;
create index break_events_by_break on break_events (break_id, id);
create trigger break_events_stay before update on break_events
begin
  select raise(abort, 'the history of a break is never changed');
end;
create trigger break_events_remain before delete on break_events
begin
  select raise(abort, 'the history of a break is never deleted');
end;
