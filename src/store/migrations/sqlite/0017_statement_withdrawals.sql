-- Statements that were taken back, because the file was wrong and another came in its place. The statement and its
-- lines stay as they are; a line counts as long as one statement that has it was not taken back.
create table statement_withdrawals (
  id integer primary key,
  statement_id integer not null references statements (id),
  withdrawn_at text not null,
  withdrawn_by text not null,
  withdrawn_reason text not null check (withdrawn_reason <> ''),
  -- Taken in again: the statement counts as before.
  reinstated_at text,
  reinstated_by text,
  reinstated_reason text check (reinstated_reason <> ''),
  check ((reinstated_at is null) = (reinstated_by is null) and (reinstated_at is null) = (reinstated_reason is null))
) strict;
create unique index statement_withdrawals_that_stand on statement_withdrawals (statement_id) where reinstated_at is null;
create trigger statement_withdrawals_stay before update on statement_withdrawals
when old.reinstated_at is not null or new.id <> old.id or new.statement_id <> old.statement_id
  or new.withdrawn_at <> old.withdrawn_at or new.withdrawn_by <> old.withdrawn_by
  or new.withdrawn_reason <> old.withdrawn_reason
begin
  select raise(abort, 'who withdrew a statement is never changed');
end;
create trigger statement_withdrawals_remain before delete on statement_withdrawals
begin
  select raise(abort, 'who withdrew a statement is never deleted');
end;
