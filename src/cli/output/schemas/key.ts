import * as z from 'zod';
import { count, text } from './fields.ts';
import type { DataSchemas } from './index.ts';

export const schemas: DataSchemas = {
  // `file` holds the private half.
  new: z.strictObject({ name: text, public_key: text, file: text }),
  // `key` is the number of the data key that seals from now on.
  rotate: z.strictObject({ rows: count, resealed: count, key: count }),
};
