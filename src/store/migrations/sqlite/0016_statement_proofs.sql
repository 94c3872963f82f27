-- What a file states about itself (control totals, balances), as it was proved when the file was taken in: whoever looks
-- at the statement later sees what was seen then.
create table statement_proofs (
  statement_id integer not null references statements (id),
  proof_no integer not null check (proof_no > 0),
  what text not null,
  currency text,
  -- Where it is stated.
  line_no integer not null,
  stated text not null,
  -- What the rows come to.
  found text not null,
  proved integer not null check (proved in (0, 1)),
  primary key (statement_id, proof_no)
) strict;
create trigger statement_proofs_stay before update on statement_proofs
begin
  select raise(abort, 'what a statement states is never changed');
end;
create trigger statement_proofs_remain before delete on statement_proofs
begin
  select raise(abort, 'what a statement states is never deleted');
end;
