-- The chain covers everything that is evidence, and not entries and decisions alone. Rows that may change later are
-- chained again with each change: what counts is the last hash of each. Rows that are written by the hundred and never
-- change are chained by the hundred.

create table chain_links (
  seq integer primary key,
  kind text not null,
  item_id integer not null,
  -- How many rows the link covers.
  item_count integer not null default 1 check (item_count > 0),
  -- SHA-256 of those rows as they were written; null for entries and audit events, whose own text is hashed.
  content text,
  hash text not null,
  check (item_id >= 0 and (content is null) = (kind = 'entry' or kind = 'audit'))
) strict;
insert into chain_links (seq, kind, item_id, item_count, content, hash) select seq, kind, item_id, 1, null, hash from chain;
drop table chain;
alter table chain_links rename to chain;
-- Only for what is looked for by its name; entries and audit events are read along the chain.
create index chain_by_record on chain (kind, item_id, seq) where content is not null;

create trigger chain_stays before update on chain
begin
  select raise(abort, 'the chain is never changed');
end;
create trigger chain_remains before delete on chain
begin
  select raise(abort, 'the chain is never deleted');
end;

-- The link that covers a send's answer. Answers come in another order than the requests were made in.
alter table sends add column answered_in integer;
create index sends_by_answer on sends (answered_in) where answered_in is not null;

create trigger sends_keep_their_answers before update on sends
when old.answered_in is not null or old.payout_id <> new.payout_id or old.attempt_no <> new.attempt_no
  or old.kind <> new.kind or old.sent_at <> new.sent_at
begin
  select raise(abort, 'a send keeps its answer');
end;
create trigger sends_remain before delete on sends
begin
  select raise(abort, 'sends are never deleted');
end;
create trigger status_events_stay before update on status_events
begin
  select raise(abort, 'what a provider said is never changed');
end;
create trigger status_events_remain before delete on status_events
begin
  select raise(abort, 'what a provider said is never deleted');
end;

-- SHA-256 over the batch's rows as they were imported, all columns of them; null where an older payrun imported them.
alter table batches add column rows_sha256 text;

-- SHA-256 over the statement's lines in the order of its file, taken when they were stored.
alter table statements add column lines_sha256 text;

-- Which line restates another is written anew by each reconciliation, and nothing else of a line ever.
create trigger statement_lines_stay before update of id, provider, content_sha256, occurrence, provider_id,
  provider_reference, utr, provider_beneficiary_id, kind, amount_minor, currency, fee_minor, tax_minor, status,
  status_word, failure_reason, stated_at, stated_on, cells on statement_lines
begin
  select raise(abort, 'the lines of a statement are never changed');
end;
create trigger statement_lines_remain before delete on statement_lines
begin
  select raise(abort, 'the lines of a statement are never deleted');
end;
create trigger statement_rows_stay before update on statement_rows
begin
  select raise(abort, 'the lines of a statement are never changed');
end;
create trigger statement_rows_remain before delete on statement_rows
begin
  select raise(abort, 'the lines of a statement are never deleted');
end;
