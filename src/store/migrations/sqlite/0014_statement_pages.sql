-- The plain lines of a large statement are kept by the page, as its file writes them: a million rows of nineteen
-- columns and their places in the file took four times what it takes to read both sides. A line that more is to be
-- said of than that it and a payout agree (a difference, a second file that has it) also becomes a row of
-- statement_lines, under the number that it has here.

-- How the rows of the statement's pages are read, as JSON; null where it has none.
alter table statements add column page_form text;

create table statement_pages (
  -- The number of its first line; the others follow.
  first_id integer primary key,
  line_count integer not null check (line_count > 0),
  statement_id integer not null references statements (id),
  -- One line for each: its number in the file, and its cells.
  lines blob not null
) strict;
create index statement_pages_by_statement on statement_pages (statement_id, first_id);
create trigger statement_pages_stay before update on statement_pages
begin
  select raise(abort, 'the lines of a statement are never changed');
end;
create trigger statement_pages_remain before delete on statement_pages
begin
  select raise(abort, 'the lines of a statement are never deleted');
end;

-- What lines of pages are known again by, as rows are by theirs: the first half of the hash of what they say.
create table line_keys (
  content_key blob not null check (length(content_key) = 16),
  line_id integer not null,
  primary key (content_key, line_id)
) strict, without rowid;

-- Which payout each line of a page agrees with, and by which rule. Derived: written by reconcile.
create table page_matches (
  first_id integer primary key references statement_pages (first_id),
  -- Five bytes for each line: the payout's number, 0 where there is none, and the rule's.
  matched blob not null,
  lowest_payout integer not null,
  highest_payout integer not null,
  reconciliation_id integer not null references reconciliations (id)
) strict;
create index page_matches_by_payout on page_matches (lowest_payout, highest_payout);
