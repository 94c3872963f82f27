import * as z from 'zod';
import { amount, count, currency, day, page, sha256, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';

const statement = {
  statement: count,
  provider: text,
  file: text,
  sha256,
  profile: text,
  lines: count,
  // Those that no earlier statement held.
  new_lines: count,
  from: day.nullable(),
  to: day.nullable(),
};
const taken = { ...statement, imported_at: time, imported_by: text };

const line = z.strictObject({
  line: count,
  provider_id: text.nullable(),
  provider_reference: text.nullable(),
  utr: text.nullable(),
  amount: amount.nullable(),
  currency: currency.nullable(),
  fee: amount.nullable(),
  tax: amount.nullable(),
  status: text.nullable(),
  date: day.nullable(),
  reference_id: text.nullable(),
  // By what it was matched; null where it explains nothing.
  rule: text.nullable(),
  // A later line states the same anew.
  superseded: z.boolean(),
});

export const schemas: DataSchemas = {
  import: z.strictObject({ ...statement, already_imported: z.boolean() }),
  inspect: z.strictObject({
    file: text,
    profile: text,
    candidates: z.array(text),
    columns: z.array(z.strictObject({ column: text, becomes: text.nullable() })),
    rows: z.array(
      z.strictObject({
        line: count,
        kind: text,
        provider_id: text.nullable(),
        provider_reference: text.nullable(),
        utr: text.nullable(),
        amount,
        currency,
        status: text,
        date: day.nullable(),
      }),
    ),
    problems: z.array(z.strictObject({ line: count, column: text.nullable(), code: text, message: text })),
  }),
  list: page(z.strictObject(taken)),
  show: z.strictObject({ ...taken, items: z.array(line), next: text.nullable() }),
};
