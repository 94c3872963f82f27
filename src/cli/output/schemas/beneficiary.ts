import * as z from 'zod';
import {
  amount,
  count,
  currency,
  day,
  page,
  state,
  stateAmounts,
  stateCounts,
  text,
  time,
} from './fields.ts';
import type { DataSchemas } from './index.ts';
import { story } from './story.ts';

/** What a provider knows of a beneficiary. */
const known = {
  provider_beneficiary_id: text.nullable(),
  status: z.enum(['unregistered', 'pending', 'verified', 'failed']),
  registered_name: text.nullable(),
  name_matches: z.boolean().nullable(),
  failure_reason: text.nullable(),
};

const beneficiary = z.strictObject({
  beneficiary_ref: text,
  name: text,
  destination_kind: z.enum(['bank_account', 'vpa']),
  account: text,
  ifsc: text.nullable(),
  bank_name: text.nullable(),
  account_type: z.enum(['savings', 'current']).nullable(),
  email: text.nullable(),
  phone: text.nullable(),
  registrations: z.array(z.strictObject({ provider: text, ...known, checked_at: time })),
  created_at: time,
  updated_at: time,
});

// Masked, the oldest first; a change of bank details ends one.
const formerAccount = z.strictObject({
  name: text,
  destination_kind: z.enum(['bank_account', 'vpa']),
  account: text,
  ifsc: text.nullable(),
  bank_name: text.nullable(),
  from: time,
  until: time,
});

const whole = beneficiary.extend({ former_accounts: z.array(formerAccount) });

const accountLine = z.strictObject({
  entry: count,
  at: time,
  booked_on: day,
  event: text,
  reference_id: text,
  batch: text,
  // Of the payout, as it is now.
  state,
  amount,
  currency,
  // Running totals after the line.
  in_transit: amount,
  paid: amount,
  utr: text.nullable(),
  return_utr: text.nullable(),
  description: text,
});

const verified = z.strictObject({ beneficiary_ref: text, name: text, ...known });

export const schemas: DataSchemas = {
  import: z.strictObject({ file: text, rows: count, created: count, changed: count, unchanged: count }),
  list: page(beneficiary),
  show: whole,
  account: z.strictObject({
    beneficiary_ref: text,
    name: text,
    account: text,
    // Of all payouts, whatever the lines are limited to.
    currencies: z.array(
      z.strictObject({
        currency,
        payouts: count,
        in_transit: amount,
        paid: amount,
        states: stateCounts,
        amounts: stateAmounts,
      }),
    ),
    items: z.array(accountLine),
    next: text.nullable(),
  }),
  explain: z.strictObject({ beneficiary: whole, ...story }),
  verify: z.strictObject({ provider: text, items: z.array(verified) }),
};
