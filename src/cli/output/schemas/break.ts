import * as z from 'zod';
import { BREAK_KINDS, BREAK_STATES } from '../../../domain/reconciliation/break.ts';
import { amount, count, currency, day, page, state, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';

/** Two files are compared without a ledger: then a break has no number and no age. */
const item = {
  break: count.nullable(),
  kind: z.enum(BREAK_KINDS),
  reference_id: text.nullable(),
  provider_id: text.nullable(),
  utr: text.nullable(),
  line: count.nullable(),
  // The two differing values, as text; the difference where it is one of money.
  ledger: text.nullable(),
  statement: text.nullable(),
  difference: amount.nullable(),
  currency: currency.nullable(),
  opened_on: day.nullable(),
  age_days: count.nullable(),
  state: z.enum(BREAK_STATES),
  reason: text.nullable(),
  resolved_by: text.nullable(),
};
export const breakItem = z.strictObject(item);

// `entry` was booked with the explanation; null where nothing was, or where it is reversed.
const decided = { ...item, note: text.nullable(), entry: count.nullable() };
const reopened = { ...decided, reversed_by: count.nullable() };

const statementLine = z.strictObject({
  statement: count,
  file: text,
  line: count,
  // No statement that has it counts any more.
  withdrawn: z.boolean(),
  // As they stand in the file, by its own columns.
  cells: z.record(text, text),
});

const payout = z.strictObject({
  reference_id: text,
  attempt: count.nullable(),
  attempts: count,
  state,
  amount: amount.nullable(),
  currency,
  rail: text,
  provider_reference: text.nullable(),
  provider_id: text.nullable(),
  provider_status: text.nullable(),
  utr: text.nullable(),
  fee: amount.nullable(),
  tax: amount.nullable(),
  submitted_at: time.nullable(),
  paid_at: time.nullable(),
  returned_at: time.nullable(),
});

const event = z.strictObject({
  at: time,
  event: text,
  actor: text,
  reason: text.nullable(),
  note: text.nullable(),
  ledger: text.nullable(),
  statement: text.nullable(),
  reconciliation: count.nullable(),
  entry: count.nullable(),
});

export const schemas: DataSchemas = {
  list: page(breakItem),
  show: z.strictObject({
    ...item,
    provider: text,
    note: text.nullable(),
    entry: count.nullable(),
    resolved_at: time.nullable(),
    statement_line: statementLine.nullable(),
    payout: payout.nullable(),
    history: z.array(event),
  }),
  // One that is named by its number is itself the data.
  resolve: z.union([
    z.strictObject(decided),
    z.strictObject({ resolved: count, booked: count, items: z.array(z.strictObject(decided)) }),
  ]),
  reopen: z.union([
    z.strictObject(reopened),
    z.strictObject({ reopened: count, reversed: count, items: z.array(z.strictObject(reopened)) }),
  ]),
  // `version` says what a break was when it was exported; `break apply` takes a row only for that.
  export: z.strictObject({
    items: z.array(z.strictObject({ ...item, version: text, note: text.nullable() })),
  }),
  apply: z.strictObject({ file: text, rows: count, resolved: count, unchanged: count }),
};
