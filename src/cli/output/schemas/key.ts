import * as z from 'zod';
import { count } from './fields.ts';
import type { DataSchemas } from './index.ts';

export const schemas: DataSchemas = {
  // `key` is the number of the data key that seals from now on.
  rotate: z.strictObject({ rows: count, resealed: count, key: count }),
};
