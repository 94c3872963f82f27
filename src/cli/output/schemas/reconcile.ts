import * as z from 'zod';
import { BALANCE_STEPS } from '../../../domain/reconciliation/account-balance.ts';
import { BREAK_KINDS } from '../../../domain/reconciliation/break.ts';
import { LINE_KINDS } from '../../../domain/reconciliation/statement-line.ts';
import { breakItem } from './break.ts';
import { amount, count, currency, day, sha256, text } from './fields.ts';
import type { DataSchemas } from './index.ts';
import { proof } from './statement.ts';

const statementSums = z.strictObject({
  total: amount,
  matched: amount,
  duplicate: amount,
  ambiguous: amount,
  missing_in_ledger: amount,
  other: amount,
  // Stated amounts of lines that moved no money; in no other sum.
  failed: amount,
  in_flight: amount,
});
const ledgerSums = z.strictObject({
  total: amount,
  matched: amount,
  expected: amount,
  missing_on_statement: amount,
  ambiguous: amount,
});

export const schemas: DataSchemas = {
  reconcile: z.strictObject({
    reconciliation: count.nullable(),
    provider: text.nullable(),
    statements: z.array(
      z.strictObject({
        file: text,
        sha256,
        profile: text,
        lines: count,
        already_imported: z.boolean(),
        // What the file states about itself, held against its rows when it is taken in; not where two files are compared.
        proofs: z.array(proof).optional(),
      }),
    ),
    coverage: z.strictObject({ from: day.nullable(), to: day.nullable(), missing_days: z.array(day) }),
    matched: count,
    expected: count,
    breaks: z.strictObject({
      open: count,
      new: count,
      carried: count,
      closed: count,
      by_kind: z.partialRecord(z.enum(BREAK_KINDS), count),
      // With --fail-on: how many of the open ones fit it.
      failing: count.optional(),
    }),
    totals: z.array(
      z.strictObject({
        currency,
        statement: statementSums,
        ledger: ledgerSums,
        differences: amount,
        // Of the differences: charges that the provider's rates explain, and what [reconciliation] tolerates.
        explained: z.strictObject({ charges: amount, tolerance: amount }),
        unexplained: amount,
        // What the lines of `other` are about.
        others: z.partialRecord(z.enum(LINE_KINDS), amount),
      }),
    ),
    // Of an account of the books, where its statements state a balance: amounts are those of the account.
    balances: z
      .array(
        z.strictObject({
          currency,
          on: day,
          // Where the balance is stated.
          file: text,
          line: count,
          statement: amount,
          // What each does to the statement's balance on the way to the ledger's.
          steps: z.array(z.strictObject({ step: z.enum(BALANCE_STEPS), count, amount })),
          adjusted: amount,
          ledger: amount,
          difference: amount,
          items: z.array(
            z.strictObject({
              step: z.enum(BALANCE_STEPS),
              date: day.nullable(),
              name: text.nullable(),
              amount,
            }),
          ),
        }),
      )
      .optional(),
    items: z.array(breakItem).optional(),
  }),
};
