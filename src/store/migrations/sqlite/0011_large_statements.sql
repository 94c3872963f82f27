-- What a statement of a million lines costs: nothing asks for lines by the provider's name any more, the few that are
-- restated are found by an index of their own, and two tables are kept in the order of their keys alone.

drop index statement_lines_by_provider_id;
create index statement_lines_restated on statement_lines (provider) where superseded_by is not null;

create table rows_by_key (
  statement_id integer not null references statements (id),
  line_no integer not null,
  line_id integer not null references statement_lines (id),
  primary key (statement_id, line_no)
) strict, without rowid;
insert into rows_by_key (statement_id, line_no, line_id)
select statement_id, line_no, line_id from statement_rows order by statement_id, line_no;
drop table statement_rows;
alter table rows_by_key rename to statement_rows;
create index statement_rows_by_line on statement_rows (line_id, statement_id);

create table matches_by_key (
  line_id integer not null references statement_lines (id),
  payout_id integer not null references payouts (id),
  attempt_no integer not null,
  rule text not null check (rule in
    ('provider_id', 'provider_reference', 'utr', 'amount_date_beneficiary', 'batch', 'sum')),
  reconciliation_id integer not null references reconciliations (id),
  primary key (line_id, payout_id, attempt_no)
) strict, without rowid;
insert into matches_by_key (line_id, payout_id, attempt_no, rule, reconciliation_id)
select line_id, payout_id, attempt_no, rule, reconciliation_id from matches order by line_id, payout_id, attempt_no;
drop table matches;
alter table matches_by_key rename to matches;
create index matches_by_payout on matches (payout_id, attempt_no);
