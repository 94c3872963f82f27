-- The sandbox's own file. A payout's whole course is decided when it is accepted and written in one row that never
-- changes: what it is at any instant follows from the row and the clock, so that a restart changes nothing.

create table account (
  id integer primary key check (id = 1),
  opening_balance_minor integer not null check (opening_balance_minor >= 0)
) strict;

create table beneficiaries (
  no integer primary key,
  beneficiary_id text not null unique,
  name text not null,
  account_number text,
  ifsc text,
  vpa text,
  bank_name text,
  type text check (type in ('current', 'savings')),
  registered_name text,
  failure_reason text,
  created_at text not null,
  -- When the penny drop answers.
  checked_at text not null,
  check ((account_number is null) = (ifsc is null)),
  check ((account_number is null) <> (vpa is null))
) strict;
create unique index beneficiaries_by_account on beneficiaries (account_number, ifsc);
create unique index beneficiaries_by_vpa on beneficiaries (lower(vpa));

create table payouts (
  no integer primary key,
  payout_id text not null unique,
  -- Comes again only where the sandbox was asked to forget references.
  reference_id text not null,
  beneficiary_id text not null references beneficiaries (beneficiary_id),
  amount_minor integer not null check (amount_minor > 0),
  mode text not null check (mode in ('IMPS', 'NEFT', 'RTGS', 'UPI')),
  narration text,
  created_at text not null,
  processes_at text not null,
  -- Null: never settles.
  settles_at text,
  outcome text not null check (outcome in ('SUCCESS', 'FAILED')),
  reverses_at text,
  utr text unique,
  fee_minor integer,
  tax_minor integer,
  failure_reason text
) strict;
