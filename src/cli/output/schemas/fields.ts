/** The kinds of values that outputs are made of, spelled once. */
import * as z from 'zod';
import { PAYOUT_STATES } from '../../../domain/payout/payout.ts';

/** A decimal string; the currency stands beside it. */
export const amount = z.string().regex(/^-?\d+(\.\d+)?$/);
export const currency = z.string().regex(/^[A-Z]{3}$/);
export const count = z.int().min(0);
/** RFC 3339, UTC. */
export const time = z.iso.datetime();
/** A day in the ledger's time zone. */
export const day = z.iso.date();
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const text = z.string();
export const state = z.enum(PAYOUT_STATES);

export const stateCounts = z.partialRecord(state, count);
export const stateAmounts = z.partialRecord(state, amount);

/** A list that may go on: `next` is what --after takes, null at the end. */
export function page(item: z.ZodType): z.ZodType {
  return z.strictObject({ items: z.array(item), next: text.nullable() });
}
