-- What money was for beyond its account. Both columns hold the canonical text `key=value;key=value`, sorted by key.

alter table payouts add column tags text check (tags <> '');
alter table journal_entries add column tags text check (tags <> '');

-- The day sums once more for each tag, so that a report by cost centre reads no entries. Derived, kept in the
-- transaction of the postings, and proven by `ledger verify`.
create table tag_days (
  tag text not null,
  account_id integer not null references accounts (id),
  currency text not null,
  booked_on text not null,
  debit_minor integer not null,
  credit_minor integer not null,
  posting_count integer not null,
  primary key (tag, account_id, currency, booked_on)
) strict;
