-- A line is known again by sixteen bytes of its hash in place of sixty-four letters, which with a million lines is the
-- difference between an index that stays in memory and one that does not; and a match refers to the attempt that it is
-- of, whose keys are small enough to be looked up a million times.

create table lines_by_key (
  id integer primary key,
  provider text not null,
  -- The first half of content_sha256.
  content_key blob not null check (length(content_key) = 16),
  content_sha256 text not null,
  occurrence integer not null check (occurrence > 0),
  provider_id text,
  provider_reference text,
  utr text,
  provider_beneficiary_id text,
  kind text not null default 'payout'
    check (kind in ('payout', 'return', 'fee', 'tax', 'refund', 'funding', 'adjustment', 'other')),
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
  unique (content_key, occurrence, provider)
) strict;
insert into lines_by_key (id, provider, content_key, content_sha256, occurrence, provider_id, provider_reference, utr,
  provider_beneficiary_id, kind, amount_minor, currency, fee_minor, tax_minor, status, status_word, failure_reason,
  stated_at, stated_on, cells, superseded_by)
select id, provider, unhex(substr(content_sha256, 1, 32)), content_sha256, occurrence, provider_id, provider_reference, utr,
  provider_beneficiary_id, kind, amount_minor, currency, fee_minor, tax_minor, status, status_word, failure_reason,
  stated_at, stated_on, cells, superseded_by
from statement_lines order by id;
drop table statement_lines;
alter table lines_by_key rename to statement_lines;
create index statement_lines_restated on statement_lines (provider) where superseded_by is not null;
create trigger statement_lines_stay before update of id, provider, content_key, content_sha256, occurrence, provider_id,
  provider_reference, utr, provider_beneficiary_id, kind, amount_minor, currency, fee_minor, tax_minor, status,
  status_word, failure_reason, stated_at, stated_on, cells on statement_lines
begin
  select raise(abort, 'the lines of a statement are never changed');
end;
create trigger statement_lines_remain before delete on statement_lines
begin
  select raise(abort, 'the lines of a statement are never deleted');
end;

create table matches_of_attempts (
  line_id integer not null references statement_lines (id),
  payout_id integer not null,
  attempt_no integer not null,
  rule text not null check (rule in
    ('provider_id', 'provider_reference', 'utr', 'amount_date_beneficiary', 'batch', 'sum')),
  reconciliation_id integer not null references reconciliations (id),
  primary key (line_id, payout_id, attempt_no),
  foreign key (payout_id, attempt_no) references attempts (payout_id, attempt_no)
) strict, without rowid;
insert into matches_of_attempts (line_id, payout_id, attempt_no, rule, reconciliation_id)
select line_id, payout_id, attempt_no, rule, reconciliation_id from matches order by line_id, payout_id, attempt_no;
drop table matches;
alter table matches_of_attempts rename to matches;
create index matches_by_payout on matches (payout_id, attempt_no);
