import * as z from 'zod';
import { count, page, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';

const item = z.strictObject({
  id: count,
  provider: text,
  event: text,
  provider_id: text,
  // Of our payout, where one answers to the event's names; else the event's.
  reference_id: text,
  // The provider's word, as the event has it.
  status: text,
  received_at: time,
  state: z.enum(['received', 'applied', 'unknown_reference']),
  applied_at: time.nullable(),
  // What looking into it came to; null where that was not done yet, or nobody knows the payout.
  effect: z
    .enum([
      'moved',
      'noted',
      'same',
      'held',
      'contradiction',
      'not_found',
      'foreign_reference',
      'earlier_attempt',
    ])
    .nullable(),
});

export const schemas: DataSchemas = {
  serve: z.strictObject({ stored: count, known: count, refused: count, applied: count, unknown: count }),
  apply: z.strictObject({ file: text, events: count, applied: count, unchanged: count, unknown: count }),
  list: page(item),
};
