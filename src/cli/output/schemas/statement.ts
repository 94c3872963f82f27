import * as z from 'zod';
import { LINE_KINDS } from '../../../domain/reconciliation/statement-line.ts';
import { STATED_TOTALS } from '../../../statements/profile-schema.ts';
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
const taken = {
  ...statement,
  imported_at: time,
  imported_by: text,
  // Null while it counts.
  withdrawn_at: time.nullable(),
  withdrawn_by: text.nullable(),
  withdrawn_reason: text.nullable(),
};
// What the reconciliation found that followed on a withdrawal.
const turned = z.strictObject({
  ...taken,
  reason: text,
  reconciliation: count,
  matched: count,
  expected: count,
  missing_days: z.array(day),
  breaks: z.strictObject({ open: count, new: count, carried: count, closed: count }),
});

// Every physical line of the file is in exactly one of these but `lines`, which is their sum.
const lineCount = z.strictObject({
  lines: count,
  taken: count,
  // Inside the cells of rows.
  continued: count,
  header: count,
  skipped: count,
  totals: count,
  footer: count,
  blank: count,
  refused: count,
});
export const proof = z.strictObject({
  what: z.enum([...STATED_TOTALS, 'running_balance']),
  currency: currency.nullable(),
  line: count,
  stated: text,
  found: text,
  proved: z.boolean(),
});

const line = z.strictObject({
  line: count,
  kind: z.enum(LINE_KINDS),
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
  // How many payouts it explains; a bulk debit has more than one, and then no single reference.
  payouts: count,
  // By what it was matched; null where it explains nothing.
  rule: text.nullable(),
  // A later line states the same anew.
  superseded: z.boolean(),
});

export const schemas: DataSchemas = {
  import: z.strictObject({
    ...statement,
    already_imported: z.boolean(),
    // Null where the file was taken in before.
    count: lineCount.nullable(),
    proofs: z.array(proof),
  }),
  inspect: z.strictObject({
    file: text,
    profile: text,
    encoding: text,
    delimiter: text,
    candidates: z.array(text),
    near: z.array(z.strictObject({ profile: text, missing: z.array(text) })),
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
    kinds: z.array(
      z.strictObject({
        kind: z.enum(LINE_KINDS),
        rows: count,
        // Money that came in is negative.
        amounts: z.array(z.strictObject({ currency, amount })),
      }),
    ),
    count: lineCount,
    proofs: z.array(proof),
    problem_count: count,
    // The first hundred.
    problems: z.array(z.strictObject({ line: count, column: text.nullable(), code: text, message: text })),
  }),
  list: page(z.strictObject(taken)),
  withdraw: turned,
  reinstate: turned,
  show: z.strictObject({
    ...taken,
    // What its file states about itself, as it was proved when it was taken in.
    proofs: z.array(proof),
    items: z.array(line),
    next: text.nullable(),
  }),
};
