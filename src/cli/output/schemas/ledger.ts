import * as z from 'zod';
import { amount, count, currency, day, page, sha256, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';

export const chain = { length: count, head: sha256 };
export const problems = z.array(z.strictObject({ code: text, message: text, entry: count.nullable() }));

const accountClass = z.enum(['assets', 'liabilities', 'equity', 'income', 'expenses']);
const sides = { currency, debit: amount, credit: amount, balance: amount };

const registerLine = z.strictObject({
  entry: count,
  at: time,
  booked_on: day,
  event: text,
  reference_id: text.nullable(),
  account: text,
  amount,
  currency,
  balance: amount,
  description: text,
  tags: text.nullable(),
});

const postingLine = z.strictObject({
  entry: count,
  at: time,
  booked_on: day,
  event: text,
  reference_id: text.nullable(),
  entry_ref: text.nullable(),
  provider: text.nullable(),
  utr: text.nullable(),
  account: text,
  // One of the two is null.
  debit: amount.nullable(),
  credit: amount.nullable(),
  currency,
  description: text,
  actor: text,
  reverses: count.nullable(),
  tags: text.nullable(),
});

export const schemas: DataSchemas = {
  accounts: z.strictObject({
    items: z.array(
      z.strictObject({
        account: text,
        class: accountClass,
        opened_at: time,
        postings: count,
        first_booked_on: day.nullable(),
        last_booked_on: day.nullable(),
      }),
    ),
  }),
  balances: z.strictObject({
    as_of: day,
    // With --tree each account above others stands for all of them; with --period each period has its movements.
    items: z.array(
      z.strictObject({
        period: z
          .string()
          .regex(/^\d{4}-\d\d(-\d\d)?$/)
          .optional(),
        account: text,
        depth: count.optional(),
        currency,
        opening: amount.optional(),
        debit: amount.optional(),
        credit: amount.optional(),
        balance: amount,
      }),
    ),
  }),
  register: page(registerLine),
  entry: z.strictObject({
    entry: count,
    at: time,
    booked_on: day,
    event: text,
    description: text,
    actor: text,
    reference_id: text.nullable(),
    attempt: count.nullable(),
    provider: text.nullable(),
    utr: text.nullable(),
    entry_ref: text.nullable(),
    tags: text.nullable(),
    reverses: count.nullable(),
    reversed_by: count.nullable(),
    postings: z.array(z.strictObject({ account: text, amount, currency })),
  }),
  'trial-balance': z.strictObject({
    as_of: day,
    items: z.array(z.strictObject({ account: text, ...sides })),
    totals: z.array(z.strictObject(sides)),
  }),
  record: z.strictObject({
    file: text,
    rows: count,
    entries: count,
    accounts_opened: z.array(text),
    items: z.array(z.strictObject({ entry: count, entry_ref: text, booked_on: day, postings: count })),
  }),
  close: z.strictObject({
    provider: text,
    through: day,
    currency,
    closed: z.boolean(),
    balance: amount,
    ledger_available: amount,
    difference: amount,
    in_transit: amount,
    payouts_in_transit: amount,
    in_transit_difference: amount,
    items: z.array(z.strictObject({ reference_id: text, amount, in_transit: amount, currency, since: day })),
  }),
  backup: z.strictObject({
    file: text,
    bytes: count,
    sha256,
    entries: count,
    postings: count,
    chain: z.strictObject(chain),
  }),
  restore: z.strictObject({
    file: text,
    ledger: text,
    // Where the ledger stands that was there before; null where there was none.
    kept: text.nullable(),
    entries: count,
    chain: z.strictObject(chain),
    sent_until: time.nullable(),
  }),
  reverse: z.strictObject({ entry: count, reverses: count, reason: text }),
  verify: z.strictObject({ entries: count, postings: count, problems, chain: z.strictObject(chain) }),
  // `last_entry` is what --since takes to go on from here.
  export: z.strictObject({ last_entry: count, items: z.array(postingLine) }),
};
