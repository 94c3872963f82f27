/** What entries move on one account, as its own statement would say it. */
import { tagParts, tagsOf } from '../domain/ledger/tags.ts';
import type { BookedBalance, StatedBalance } from '../domain/reconciliation/account-balance.ts';
import type { AccountMovement } from '../domain/reconciliation/account-movement.ts';
import { normaliseUtr } from '../domain/reconciliation/statement-line.ts';
import type { Reader } from './database.ts';

/**
 * What the books have of an account at the end of a day, and how much of it is no movement as above: explanations of
 * breaks, and halves of what was reversed, of which the other half is of a later day.
 */
export async function bookedBalance(
  reader: Reader,
  account: string,
  { currency, on }: Pick<StatedBalance, 'currency' | 'on'>,
): Promise<BookedBalance> {
  const row = await reader.get<{ [Name in keyof BookedBalance]: bigint | null }>(
    `with moved as (
       select p.amount_minor as minor,
         case when e.reverses_id is not null or exists (select 1 from journal_entries r where r.reverses_id = e.id)
           then 'reversed' else e.event end as event
       from postings p join accounts a on a.id = p.account_id join journal_entries e on e.id = p.entry_id
       where a.name = :account and p.currency = :currency and e.booked_on <= :on)
     select sum(minor) as balance_minor, sum(case event when 'break_booked' then minor end) as booked_with_breaks,
       sum(case event when 'reversed' then minor end) as reversed_later
     from moved`,
    { account, currency, on },
  );
  return {
    balance_minor: row?.balance_minor ?? 0n,
    booked_with_breaks: row?.booked_with_breaks ?? 0n,
    reversed_later: row?.reversed_later ?? 0n,
  };
}

interface Row {
  entry_id: bigint;
  entry_ref: string | null;
  reference_id: string | null;
  booked_on: string;
  description: string;
  tags: string | null;
  utr: string | null;
  return_utr: string | null;
  provider_reference: string | null;
  currency: string;
  debited_minor: bigint;
}

/**
 * By entry, in their order. An entry that was reversed and its reversal never happened, and what a break's explanation
 * has booked is that explanation and no movement of its own.
 */
export async function movementsOfAccount(reader: Reader, account: string): Promise<AccountMovement[]> {
  const rows = await reader.all<Row>(
    `select e.id as entry_id, e.entry_ref, e.reference_id, e.booked_on, e.description, e.tags, t.utr, t.return_utr,
       t.provider_reference, p.currency, sum(p.amount_minor) as debited_minor
     from postings p join accounts a on a.id = p.account_id join journal_entries e on e.id = p.entry_id
       left join payouts t on t.id = e.payout_id and t.attempt_no = e.attempt_no
     where a.name = :account and e.event <> 'break_booked' and e.reverses_id is null
       and not exists (select 1 from journal_entries r where r.reverses_id = e.id)
     group by e.id, e.entry_ref, e.reference_id, e.booked_on, e.description, e.tags, t.utr, t.return_utr,
       t.provider_reference, p.currency
     having sum(p.amount_minor) <> 0
     order by e.id, p.currency`,
    { account },
  );
  return rows.map((row) => movementOf(row));
}

// Any word that a bank may give back, and those that are a payment's own reference by their shape (RTGS, NEFT, IMPS, UPI).
const WORD = /\b(?=[A-Z]*\d)[A-Z0-9]{6,34}\b/g;
const UTR = /\b([A-Z]{4}R[A-Z0-9]\d{16}|[A-Z]{4}[A-Z0-9]\d{11}|N\d{15}|\d{12})\b/g;

function movementOf(row: Row): AccountMovement {
  const description = row.description.toUpperCase();
  const utrs = [row.utr, row.return_utr].flatMap((utr) => (utr === null ? [] : [normaliseUtr(utr)]));
  utrs.push(...(description.match(UTR) ?? []));
  const names = [
    ...[row.entry_ref, row.reference_id, row.provider_reference],
    ...tagsOf(row.tags).map((tag) => tagParts(tag).value),
    ...(description.match(WORD) ?? []),
  ];
  return {
    entry_id: row.entry_id,
    reference_id: row.entry_ref ?? row.reference_id ?? `entry ${row.entry_id}`,
    names: new Set([...utrs, ...names.flatMap((name) => (name === null ? [] : [normaliseUtr(name)]))]),
    utrs: new Set(utrs),
    booked_on: row.booked_on,
    moved_minor: -row.debited_minor,
    currency: row.currency,
  };
}
