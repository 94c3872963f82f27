/** A beneficiary's side of the books: every entry that moved the amount of a payout to them, with what it came to. */
import type { PayoutState } from '../domain/payout/payout.ts';
import { inList, listParam, type Reader } from './database.ts';
import type { Params } from './sql-value.ts';

/** Where a line stands: by day, then as written. */
export interface AccountPlace {
  booked_on: string;
  entry: bigint;
}

export interface BeneficiaryLine extends AccountPlace {
  recorded_at: string;
  event: string;
  reference_id: string;
  batch: string;
  /** Of the payout, as it is now; so are the UTRs. */
  state: PayoutState;
  utr: string | null;
  return_utr: string | null;
  /** The payout's. */
  amount_minor: bigint;
  currency: string;
  description: string;
}

export interface LinePage {
  beneficiary_id: bigint;
  /** The events that move a payout's amount. */
  events: readonly string[];
  since: string | null;
  until: string | null;
  /** The place of the last line of the page before; null for the first page. */
  after: AccountPlace | null;
  limit: number;
}

const TABLES = 'payouts o join journal_entries e on e.payout_id = o.id join batches b on b.id = o.batch_id';

export async function beneficiaryLines(reader: Reader, page: LinePage): Promise<BeneficiaryLine[]> {
  const { after } = page;
  const beyond = after === null ? '' : 'and (e.booked_on, e.id) > (:after_day, :after_entry)';
  return reader.all(
    `select e.booked_on, e.id as entry, e.recorded_at, e.event, o.reference_id, b.name as batch, o.state, o.utr,
       o.return_utr, o.amount_minor, o.currency, e.description
     from ${TABLES}
     where o.beneficiary_id = :beneficiary_id and e.event in (${inList('events')})
       and (:since is null or e.booked_on >= :since) and (:until is null or e.booked_on <= :until) ${beyond}
     order by e.booked_on, e.id limit :limit`,
    {
      beneficiary_id: page.beneficiary_id,
      events: listParam(page.events),
      ...{ since: page.since, until: page.until, limit: page.limit },
      ...(after === null ? {} : { after_day: after.booked_on, after_entry: after.entry }),
    },
  );
}

export interface EventSum {
  event: string;
  currency: string;
  amount_minor: bigint;
}

/** What each event came to before a line, by currency. */
export async function sumsBefore(
  reader: Reader,
  page: Pick<LinePage, 'beneficiary_id' | 'events'>,
  place: AccountPlace,
): Promise<EventSum[]> {
  const params: Params = {
    beneficiary_id: page.beneficiary_id,
    events: listParam(page.events),
    booked_on: place.booked_on,
    entry: place.entry,
  };
  return reader.all(
    `select e.event, o.currency, sum(o.amount_minor) as amount_minor from ${TABLES}
     where o.beneficiary_id = :beneficiary_id and e.event in (${inList('events')})
       and (e.booked_on, e.id) < (:booked_on, :entry)
     group by e.event, o.currency`,
    params,
  );
}

export interface StateSum {
  currency: string;
  state: PayoutState;
  position: string;
  count: bigint;
  amount_minor: bigint;
}

/** All payouts to a beneficiary, also those of which nothing was sent. */
export async function payoutSums(reader: Reader, beneficiaryId: bigint): Promise<StateSum[]> {
  return reader.all(
    `select currency, state, position, count(*) as count, sum(amount_minor) as amount_minor from payouts
     where beneficiary_id = :beneficiary group by currency, state, position order by currency, state, position`,
    { beneficiary: beneficiaryId },
  );
}
