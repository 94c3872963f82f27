/** Payouts and a report of them that are hard to match: of every state, with names that clash and values that differ. */
import { shuffled } from '../domain/reconciliation/truth.ts';
import { type ReportRow, reportRow, type SeededPayout, seeded } from './seed-payouts.ts';

export type Pick = <T>(from: readonly T[]) => T;

/** Payouts of every state, tried once or more, with names that clash. */
export function payoutsOf(pick: Pick, random: () => number, count: number): SeededPayout[] {
  const ways: readonly ((no: number) => Partial<SeededPayout>)[] = [
    () => ({ state: 'failed', position: 'available', paid_at: null, utr: null }),
    () => ({ state: 'returned', position: 'returned', returned_at: '2026-11-19T06:00:00.000Z' }),
    () => ({ state: 'pending', position: 'in_transit', paid_at: null, utr: null }),
    (no) => ({ ended: [{ provider_id: `old_${no}`, state: 'failed', at: '2026-11-17T06:00:00.000Z' }] }),
    (no) => ({ ended: [{ provider_id: `old_${no}`, state: 'returned', at: '2026-11-17T06:00:00.000Z' }] }),
    () => ({ fee_minor: null }),
    () => ({ tax_minor: null, fee_minor: null }),
    () => ({ utr: null }),
    () => ({ utr: 'utr 000 000 001' }),
    () => ({ utr: 'UTR000000001' }),
    () => ({ utr: '' }),
    () => ({ provider_id: null }),
    () => ({ paid_at: '2026-11-19T22:00:00.000Z' }),
  ];
  return Array.from({ length: count }, (_, index) =>
    seeded(index + 1, random() < 0.7 ? {} : pick(ways)(index + 1)),
  );
}

/** What one line says for two payouts of ours. */
const withThird = (minor: bigint) => (Number(minor + seeded(3).amount_minor) / 100).toFixed(2);

export function rowsOf(payouts: readonly SeededPayout[], pick: Pick, random: () => number): string[] {
  const ways: readonly ((other: SeededPayout) => Partial<ReportRow>)[] = [
    () => ({ amount: '77.77' }),
    () => ({ fee: '9.99' }),
    () => ({ fee: '', tax: '' }),
    () => ({ utr: 'OTHER' }),
    () => ({ utr: 'utr000000002' }),
    () => ({ utr: '' }),
    ({ utr }) => ({ utr: utr ?? '' }),
    () => ({ payout_id: '' }),
    () => ({ reference_id: '' }),
    () => ({ reference_id: 'pay' }),
    () => ({ payout_id: '', reference_id: '' }),
    () => ({ payout_id: '', reference_id: '', utr: '' }),
    () => ({ payout_id: '', reference_id: '', utr: '', status: 'FAILED' }),
    ({ amount_minor }) => ({ payout_id: '', reference_id: 'pay', utr: '', amount: withThird(amount_minor) }),
    ({ amount_minor }) => ({ payout_id: '', reference_id: '', utr: '', amount: withThird(amount_minor) }),
    () => ({ payout_id: '', reference_id: '', utr: '', status: 'REVERSED' }),
    ({ provider_id }) => ({ payout_id: provider_id ?? '' }),
    ({ reference_id }) => ({ reference_id }),
    () => ({ status: 'REVERSED' }),
    () => ({ status: 'FAILED' }),
    () => ({ status: 'PARKED' }),
    () => ({ currency: 'USD' }),
    () => ({ completed_at: '' }),
  ];
  const rows: string[] = [];
  for (const payout of payouts) {
    if (random() < 0.05) continue;
    rows.push(reportRow(payout, random() < 0.75 ? {} : pick(ways)(pick(payouts))));
    if (random() < 0.04) rows.push(reportRow(payout));
  }
  return shuffled(rows, random);
}
