import * as z from 'zod';
import { amount, count, currency, page, sha256, stateAmounts, stateCounts, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';
import { payoutItem } from './payout.ts';

/** What `batch submit` says, and `batch show` with more after it. */
const standing = {
  batch: text,
  provider: text,
  digest: sha256,
  rows: count,
  amount,
  currency,
  states: stateCounts,
  amounts: stateAmounts,
};

const origin = {
  account: text,
  file: text,
  imported_at: time,
  imported_by: text,
  cancelled_at: time.nullable(),
};

const failures = z.array(z.strictObject({ code: text.nullable(), rail: text, count, amount }));
const byRail = z.array(z.strictObject({ rail: text, count, amount, paid: count, not_paid: count }));
const approvals = z.array(
  z.strictObject({
    actor: text,
    approved_at: time,
    signed: z.boolean(),
    expires_at: time.nullable(),
    valid: z.boolean(),
    void_reason: text.nullable(),
  }),
);
// With --check: what the first statement says, and every approval that was given.
const checked = z.array(
  z.strictObject({
    file: text,
    approver: text,
    expires_at: time,
    valid: z.boolean(),
    void_reason: text.nullable(),
  }),
);
const stated = { batch: text, digest: sha256, file_sha256: sha256, rows: count, amount, currency };
const findings = z.array(z.strictObject({ row: count.nullable(), code: text, message: text }));

export const schemas: DataSchemas = {
  import: z.strictObject({ batch: text, digest: sha256, file_sha256: sha256, rows: count, amount, currency }),
  check: z.strictObject({
    rows: count,
    amount,
    fee_estimate: amount.nullable(),
    tax_estimate: amount.nullable(),
    available: amount.nullable(),
    covered: z.boolean().nullable(),
    findings,
  }),
  approve: z.union([
    z.strictObject({ batch: text, digest: sha256, approvals: count, required: count }),
    // With --statement and --sign; `text` is what the file holds.
    z.strictObject({ ...stated, approver: text, stated_at: time, expires_at: time, text }),
    z.strictObject({ ...stated, approvals: count, required: count, items: checked }),
  ]),
  submit: z.strictObject(standing),
  show: z.strictObject({
    ...standing,
    // Paid of those whose outcome is proven; null where none is.
    success_rate: text.regex(/^[01]\.\d{4}$/).nullable(),
    failures,
    by_rail: byRail,
    approvals_required: count,
    approvals_valid: count,
    approvals,
    ...origin,
    file_sha256: sha256,
  }),
  list: page(
    z.strictObject({
      batch: text,
      provider: text,
      rows: count,
      amount,
      currency,
      states: stateCounts,
      ...origin,
    }),
  ),
  cancel: z.strictObject({ batch: text, cancelled: count, kept: count, states: stateCounts }),
  export: z.strictObject({ batch: text, items: z.array(payoutItem) }),
};
