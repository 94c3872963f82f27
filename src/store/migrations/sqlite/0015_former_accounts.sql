-- The accounts that beneficiaries had before their bank details were changed, and which attempts went to them. Evidence
-- names the account that the money went to, whatever the beneficiary's is now.

create table former_accounts (
  id integer primary key,
  beneficiary_id integer not null references beneficiaries (id),
  fingerprint text not null,
  -- As they were when the details were changed.
  name text not null,
  destination_kind text not null check (destination_kind in ('bank_account', 'vpa')),
  account_sealed text not null,
  account_masked text not null,
  ifsc text,
  bank_name text,
  from_at text not null,
  until_at text not null,
  check ((destination_kind = 'bank_account') = (ifsc is not null))
) strict;
create index former_accounts_by_beneficiary on former_accounts (beneficiary_id);

-- A new data key seals it anew; nothing else of it ever changes.
create trigger former_accounts_stay before update on former_accounts
when old.id <> new.id or old.beneficiary_id <> new.beneficiary_id or old.fingerprint <> new.fingerprint
  or old.name <> new.name or old.destination_kind <> new.destination_kind or old.account_masked <> new.account_masked
  or old.ifsc is not new.ifsc or old.bank_name is not new.bank_name or old.from_at <> new.from_at
  or old.until_at <> new.until_at
begin
  select raise(abort, 'a former account is never changed');
end;
create trigger former_accounts_remain before delete on former_accounts
begin
  select raise(abort, 'a former account is never deleted');
end;

-- An attempt without a row here went to the account that the beneficiary has now.
create table attempt_accounts (
  payout_id integer not null,
  attempt_no integer not null,
  -- Null where an older payrun changed the details: it kept no former accounts.
  former_id integer references former_accounts (id),
  primary key (payout_id, attempt_no),
  foreign key (payout_id, attempt_no) references attempts (payout_id, attempt_no)
) strict;
create trigger attempt_accounts_stay before update on attempt_accounts
begin
  select raise(abort, 'an attempt keeps the account that it went to');
end;
create trigger attempt_accounts_remain before delete on attempt_accounts
begin
  select raise(abort, 'an attempt keeps the account that it went to');
end;

-- What was sent before the details were changed, unless the provider knows the present account by the id it was sent to.
insert into attempt_accounts (payout_id, attempt_no, former_id)
select a.payout_id, a.attempt_no, null
from payouts p join beneficiaries b on b.id = p.beneficiary_id join attempts a on a.payout_id = p.id
where p.fingerprint is not null and not (p.fingerprint = b.fingerprint and a.attempt_no = 1)
  and not exists (
    select 1 from registrations r
    where r.beneficiary_id = b.id and r.provider = a.provider and r.fingerprint = b.fingerprint
      and r.provider_beneficiary_id = a.provider_beneficiary_id);
