import * as z from 'zod';
import { count, page, text, time } from './fields.ts';
import type { DataSchemas } from './index.ts';
import { chain, problems } from './ledger.ts';

const event = z.strictObject({
  id: count,
  at: time,
  actor: text,
  os_user: text,
  host: text,
  action: text,
  subject_kind: text,
  subject: text,
  // By action: what was decided, and on what.
  details: z.unknown(),
});

export const schemas: DataSchemas = {
  log: page(event),
  head: z.strictObject(chain),
  verify: z.strictObject({
    ...chain,
    entries: count,
    audit_events: count,
    // Since the head that --from named; null without one, or where it is not on the chain.
    items_since: count.nullable(),
    problems,
  }),
};
