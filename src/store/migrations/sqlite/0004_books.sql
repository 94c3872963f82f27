-- Books that are closed, and ledgers that were restored: what a person has proven up to a day stays as it was proven,
-- and a ledger that went back in time sends nothing before it has been compared with the provider.

create table closings (
  id integer primary key,
  provider text not null,
  currency text not null,
  -- The last day that counts: nothing is booked on it or before it any more.
  through text not null,
  available_minor integer not null,
  in_transit_minor integer not null,
  payout_count integer not null,
  closed_at text not null,
  actor text not null,
  unique (provider, currency, through)
) strict;
create index closings_by_day on closings (through);

create trigger closings_stay before update on closings
begin
  select raise(abort, 'a closing is never changed');
end;
create trigger closings_remain before delete on closings
begin
  select raise(abort, 'a closing is never deleted');
end;

-- The day sums are written a few rows at a time, where postings come by the thousand: this is the cheap place to refuse.
create trigger closed_days_stay_empty before insert on account_days
when exists (
  select 1 from closings c join accounts a on a.id = new.account_id
  where c.through >= new.booked_on and c.currency = new.currency and a.name in (
    'assets:providers:' || c.provider || ':available', 'assets:providers:' || c.provider || ':in-transit',
    'expenses:fees:' || c.provider, 'assets:tax-recoverable:' || c.provider, 'liabilities:fees-payable:' || c.provider))
begin
  select raise(abort, 'the day is closed for this account');
end;
create trigger closed_days_stay before update on account_days
when exists (
  select 1 from closings c join accounts a on a.id = new.account_id
  where c.through >= new.booked_on and c.currency = new.currency and a.name in (
    'assets:providers:' || c.provider || ':available', 'assets:providers:' || c.provider || ':in-transit',
    'expenses:fees:' || c.provider, 'assets:tax-recoverable:' || c.provider, 'liabilities:fees-payable:' || c.provider))
begin
  select raise(abort, 'the day is closed for this account');
end;

-- Each time a backup took the ledger's place. What was sent after `sent_until`, this ledger does not know.
create table restores (
  id integer primary key,
  restored_at text not null,
  actor text not null,
  backup_file text not null,
  -- The last send that the backup knows of; null where it knows of none.
  sent_until text
) strict;

-- Which providers' lists have been compared with the ledger since.
create table restore_checks (
  restore_id integer not null references restores (id),
  provider text not null,
  checked_at text not null,
  primary key (restore_id, provider)
) strict;

-- Payouts that a provider listed after a restore and that no payout of this ledger answers for: sent by the ledger
-- that was lost, or by another program. A row that bears such a reference is not sent.
create table foreign_payouts (
  provider text not null,
  provider_reference text not null,
  provider_id text not null,
  status text not null,
  amount_minor integer,
  currency text,
  provider_created_at text,
  seen_at text not null,
  -- When a payout of this ledger took it over.
  adopted_at text,
  primary key (provider, provider_reference)
) strict;
create unique index foreign_payouts_by_reference on foreign_payouts (provider, lower(provider_reference));
