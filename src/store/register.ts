/** An account line by line, forwards and backwards in time, a page at a time, with the balance at any line. */
import type { Reader } from './database.ts';
import type { Params } from './sql-value.ts';

/** Where a line stands in an account: by day, then as written. */
export interface RegisterPlace {
  booked_on: string;
  entry: bigint;
  posting_no: bigint;
}

export interface RegisterRow extends RegisterPlace {
  recorded_at: string;
  event: string;
  reference_id: string | null;
  entry_ref: string | null;
  tags: string | null;
  amount_minor: bigint;
  currency: string;
  description: string;
}

/** Which lines a register has: those of one account, or of one tag in it. */
export interface RegisterScope {
  account_id: bigint;
  /** `key=value`; null for all. */
  tag: string | null;
}

export interface RegisterPage extends RegisterScope {
  since: string | null;
  until: string | null;
  /** The place of the last line of the page before; null for the first page. */
  after: RegisterPlace | null;
  /** Newest first. */
  reverse: boolean;
  limit: number;
}

export async function accountIdOf(reader: Reader, account: string): Promise<bigint | undefined> {
  const row = await reader.get<{ id: bigint }>('select id from accounts where name = :account', { account });
  return row?.id;
}

const COLUMNS = `e.booked_on, e.id as entry, p.posting_no, e.recorded_at, e.event, e.reference_id, e.entry_ref, e.tags,
  p.amount_minor, p.currency, e.description`;

/** A quiet account's lines are read and sorted whole; a busy one's are met soon by walking along the days. */
const QUIET_POSTINGS = 5000n;

/** The kept sums that a scope's balance is read from, and the condition on its entries. */
function scopeSql(scope: RegisterScope): { days: string; entries: string; params: Params } {
  const { account_id, tag } = scope;
  if (tag === null) return { days: 'account_days', entries: '', params: { account_id } };
  return {
    days: '(select * from tag_days where tag = :tag)',
    // A whole tag and no part of one: what is left after taking it out is shorter.
    entries: `and replace(';' || e.tags || ';', ';' || :tag || ';', '') <> ';' || e.tags || ';'`,
    params: { account_id, tag },
  };
}

/** One page of an account's lines: a page costs the same near the beginning, near the end and between. */
export async function registerPage(reader: Reader, page: RegisterPage): Promise<RegisterRow[]> {
  const [beyond, order] = page.reverse ? ['<', 'desc'] : ['>', 'asc'];
  const { after, since, until, limit } = page;
  const scope = scopeSql(page);
  const place =
    after === null ? '' : `and (e.booked_on, e.id, p.posting_no) ${beyond} (:booked_on, :entry, :posting_no)`;
  // Said once more of the day alone, which an index can use.
  const bound = after === null ? '' : `and e.booked_on ${beyond}= :booked_on`;
  const quiet = await reader.get<{ count: bigint }>(
    `select coalesce(sum(d.posting_count), 0) as count from ${scope.days} d where d.account_id = :account_id`,
    scope.params,
  );
  // The engine joins in the order in which tables stand around a cross join.
  const tables =
    (quiet?.count ?? 0n) <= QUIET_POSTINGS
      ? 'postings p cross join journal_entries e'
      : 'journal_entries e cross join postings p';
  return reader.all(
    `select ${COLUMNS}
     from ${tables}
     where p.entry_id = e.id and p.account_id = :account_id ${scope.entries}
       and e.booked_on in (select d.booked_on from ${scope.days} d where d.account_id = :account_id)
       and (:since is null or e.booked_on >= :since) and (:until is null or e.booked_on <= :until) ${bound} ${place}
     order by e.booked_on ${order}, e.id ${order}, p.posting_no ${order} limit :limit`,
    {
      ...scope.params,
      ...{ since, until, limit },
      ...(after === null
        ? {}
        : { booked_on: after.booked_on, entry: after.entry, posting_no: after.posting_no }),
    },
  );
}

/**
 * The balance by currency just after a line, that line included: what was kept up to its day, less what comes after
 * it on that day. `from: 'start'` adds the lines before it instead, which is less work near the beginning of a day.
 */
export async function balancesThrough(
  reader: Reader,
  scope: RegisterScope,
  place: RegisterPlace,
  from: 'start' | 'end',
): Promise<Map<string, bigint>> {
  const { days, entries, params } = scopeSql(scope);
  const [through, sign, onDay] =
    from === 'start'
      ? ['<', '', '(e.id < :entry or (e.id = :entry and p.posting_no <= :posting_no))']
      : ['<=', '-', '(e.id > :entry or (e.id = :entry and p.posting_no > :posting_no))'];
  const rows = await reader.all<{ currency: string; balance_minor: bigint }>(
    `select currency, sum(amount_minor) as balance_minor from (
       select d.currency, d.debit_minor - d.credit_minor as amount_minor from ${days} d
       where d.account_id = :account_id and d.booked_on ${through} :booked_on
       union all
       select p.currency, ${sign}p.amount_minor from journal_entries e cross join postings p
       where e.booked_on = :booked_on and e.id ${from === 'start' ? '<=' : '>='} :entry
         and p.entry_id = e.id and p.account_id = :account_id and ${onDay} ${entries}
     ) moved group by currency`,
    { ...params, booked_on: place.booked_on, entry: place.entry, posting_no: place.posting_no },
  );
  return new Map(rows.map((row) => [row.currency, row.balance_minor]));
}
