/** The commands of one word. */
import * as z from 'zod';
import { count, text } from './fields.ts';
import type { DataSchemas } from './index.ts';

export const schemas: DataSchemas = {
  init: z.strictObject({ created: z.array(text), kept: z.array(text) }),
  demo: z.strictObject({
    steps: z.array(z.strictObject({ command: text, exit: count, expected: count })),
    planted: count,
    breaks: count,
  }),
  doctor: z.looseObject({
    items: z.array(
      z.strictObject({
        check: text,
        ok: z.enum(['yes', 'no', 'unknown']),
        detail: text,
        hint: text.nullable(),
      }),
    ),
  }),
  schema: z.union([
    z.strictObject({ items: z.array(z.strictObject({ command: text, schema: text, summary: text })) }),
    z.strictObject({ command: text, json_schema: z.record(text, z.unknown()) }),
  ]),
  completion: z.strictObject({ shell: z.enum(['bash', 'zsh', 'fish']), script: text }),
};
