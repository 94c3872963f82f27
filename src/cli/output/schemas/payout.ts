import * as z from 'zod';
import { amount, count, currency, page, state, stateCounts, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';
import { story } from './story.ts';

export const payoutItem = z.strictObject({
  reference_id: text,
  batch: text,
  row: count,
  beneficiary_ref: text,
  beneficiary_name: text,
  account: text,
  amount,
  currency,
  rail: text,
  state,
  provider: text,
  provider_id: text.nullable(),
  provider_reference: text.nullable(),
  provider_status: text.nullable(),
  utr: text.nullable(),
  return_utr: text.nullable(),
  fee: amount.nullable(),
  tax: amount.nullable(),
  failure_code: text.nullable(),
  failure_reason: text.nullable(),
  attempts: count,
  created_at: time,
  updated_at: time,
  submitted_at: time.nullable(),
  paid_at: time.nullable(),
  returned_at: time.nullable(),
});

export const schemas: DataSchemas = {
  list: page(payoutItem),
  show: payoutItem,
  sync: z.strictObject({ asked: count, changed: count, unusable: count, states: stateCounts }),
  retry: z.strictObject({ retried: count, states: stateCounts, items: z.array(payoutItem) }),
  cancel: payoutItem,
  release: payoutItem,
  resolve: z.union([
    payoutItem,
    z.strictObject({
      resolved: count,
      left: z.array(z.strictObject({ reference_id: text, reason: text })),
      items: z.array(payoutItem),
    }),
  ]),
  explain: z.strictObject({ payout: payoutItem, ...story }),
};
