import * as z from 'zod';
import { amount, count, currency, day, sha256, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';

const secret = z.enum(['set', 'missing', 'not configured']);

const provider = z.strictObject({
  provider: text,
  kind: text,
  base_url: text,
  credentials: secret,
  webhook_secret: secret,
  requests_per_second: z.number().min(0),
  concurrency: count,
  timeout_ms: count,
  fees: z.enum(['deducted', 'invoiced']),
  tax: z.enum(['recoverable', 'expense']),
  rails: z.array(
    z.strictObject({
      rail: text,
      min: amount.nullable(),
      max: amount.nullable(),
      fee: amount.nullable(),
      tax_rate: text.nullable(),
    }),
  ),
  capabilities: z.strictObject({
    reference_known_for_ms: count,
    look_up_by_reference: z.boolean(),
    // A "not found" that is younger than this is no hint.
    look_up_lateness_ms: count,
    list_by_status: z.boolean(),
    // What every answer states again; held where it is missing.
    echoes: z.array(z.enum(['reference', 'amount', 'currency', 'beneficiary'])),
    // Refusals that prove that nothing was executed; null: with any code.
    definite_refusals: z.array(
      z.strictObject({
        http_status: count,
        means: z.enum(['refused', 'funds', 'credentials', 'rate_limited']),
        codes: z.array(text).nullable(),
      }),
    ),
  }),
});

export const schemas: DataSchemas = {
  list: z.strictObject({ items: z.array(provider) }),
  check: z.strictObject({
    provider: text,
    kind: text,
    base_url: text,
    credentials: text,
    answered_ms: count,
    available: amount,
    currency,
  }),
  balance: z.strictObject({
    available: amount,
    ledger_available: amount,
    difference: amount,
    in_transit: amount,
    explained: z.boolean(),
    provider: text,
    currency,
    // What the difference can come from, for people.
    note: text.nullable(),
    in_flight_count: count,
    // Those that have been in transit for longest, at most twenty.
    in_flight: z.array(
      z.strictObject({ reference_id: text, amount, state: text, submitted_at: time.nullable() }),
    ),
  }),
  report: z.strictObject({ provider: text, date: day, rows: count, sha256 }),
};
