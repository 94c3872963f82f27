-- One line may explain many payouts, as a bank debits a batch at once, and rows of fees and taxes name the payout that
-- they are about: a line has as many matches as it explains payouts.

create table line_matches (
  line_id integer not null references statement_lines (id),
  payout_id integer not null references payouts (id),
  attempt_no integer not null,
  rule text not null check (rule in
    ('provider_id', 'provider_reference', 'utr', 'amount_date_beneficiary', 'batch', 'sum')),
  reconciliation_id integer not null references reconciliations (id),
  primary key (line_id, payout_id, attempt_no)
) strict;
insert into line_matches (line_id, payout_id, attempt_no, rule, reconciliation_id)
select line_id, payout_id, attempt_no, rule, reconciliation_id from matches;
drop table matches;
alter table line_matches rename to matches;
create index matches_by_payout on matches (payout_id, attempt_no);
