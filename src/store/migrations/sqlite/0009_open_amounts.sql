-- What a reconciliation left open, as amounts: a break changes and closes later, and what stood open on that day would
-- be lost with it.

create table open_amounts (
  reconciliation_id integer not null references reconciliations (id),
  currency text not null,
  -- The differences of the open breaks, added up without their signs.
  open_minor integer not null check (open_minor >= 0),
  primary key (reconciliation_id, currency)
) strict;
