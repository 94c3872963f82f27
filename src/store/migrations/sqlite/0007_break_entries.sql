-- A person may have an entry booked with the explanation of a break: the break keeps which, as long as it stands.

alter table breaks add column entry_id integer references journal_entries (id);
alter table break_events add column entry_id integer references journal_entries (id);
