/** A payout as every output shows it: these fields, in this order. */
import { Bug } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { Reader } from '../../store/database.ts';
import { LOST_ACCOUNT } from '../../store/former-accounts.ts';
import { type PayoutListRow, payoutRowById } from '../../store/payout-list.ts';
import type { Data } from '../command.ts';

export const PAYOUT_COLUMNS = [
  'reference_id',
  'batch',
  'row',
  'beneficiary_ref',
  'beneficiary_name',
  'account',
  'amount',
  'currency',
  'rail',
  'state',
  'provider',
  'provider_id',
  'provider_reference',
  'provider_status',
  'utr',
  'return_utr',
  'fee',
  'tax',
  'failure_code',
  'failure_reason',
  'attempts',
  'created_at',
  'updated_at',
  'submitted_at',
  'paid_at',
  'returned_at',
] as const;

/** What a person looks at first; the rest is in the other formats and in `payout show`. */
export const PAYOUT_TABLE = [
  { key: 'reference_id' },
  { key: 'beneficiary_name' },
  { key: 'account', spare: true },
  { key: 'amount', align: 'right' as const },
  { key: 'currency' },
  { key: 'rail', spare: true },
  { key: 'state' },
  { key: 'utr' },
  { key: 'failure_reason', title: 'reason' },
];

/** `account` is that which it was, or will be, sent to: the masked one unless a revealed one is given. */
export function itemOf(row: PayoutListRow, revealed?: string): Data & { reference_id: string } {
  const { currency } = row;
  return {
    reference_id: row.reference_id,
    batch: row.batch,
    row: Number(row.row_no),
    beneficiary_ref: row.beneficiary_ref,
    beneficiary_name: row.beneficiary_name,
    account: revealed ?? row.account_masked ?? LOST_ACCOUNT,
    amount: formatAmount(row.amount_minor, currency),
    currency,
    rail: row.rail,
    state: row.state,
    provider: row.provider,
    provider_id: row.provider_id,
    provider_reference: row.provider_reference,
    provider_status: row.provider_status,
    utr: row.utr,
    return_utr: row.return_utr,
    fee: row.fee_minor === null ? null : formatAmount(row.fee_minor, currency),
    tax: row.tax_minor === null ? null : formatAmount(row.tax_minor, currency),
    failure_code: row.failure_code,
    failure_reason: whyNotPaid(row),
    attempts: Number(row.attempt_no),
    created_at: instant(row.created_at),
    updated_at: instant(row.updated_at),
    submitted_at: row.submitted_at === null ? null : instant(row.submitted_at),
    paid_at: row.paid_at === null ? null : instant(row.paid_at),
    returned_at: row.returned_at === null ? null : instant(row.returned_at),
  };
}

/** One payout as an outcome: a held one has not failed, so that a person reads its reason as one. */
export function onePayout(item: Data): { data: Data; shown: Data } {
  const spelled = Object.entries(item).map(([name, value]) => [
    name === 'failure_reason' ? 'reason' : name,
    value,
  ]);
  return { data: item, shown: Object.fromEntries(spelled) as Data };
}

/** For a held payout, why it is held: the person who has to decide looks where failures are explained. */
function whyNotPaid(row: PayoutListRow): string | null {
  if (row.hold_reason === null) return row.failure_reason;
  return row.hold_note === null ? row.hold_reason : `held, ${row.hold_reason}: ${row.hold_note}`;
}

// What payrun writes itself; only a provider's own spelling has to be brought into this one.
const OURS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function instant(text: string): string {
  if (OURS.test(text)) return text;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? text : new Date(ms).toISOString();
}

export async function payoutItem(reader: Reader, id: bigint): Promise<Data> {
  const row = await payoutRowById(reader, id);
  if (!row) throw new Bug(`Payout ${id} has gone from the ledger.`);
  return itemOf(row);
}
