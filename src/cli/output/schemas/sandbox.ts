import * as z from 'zod';
import { count, text } from './fields.ts';
import type { DataSchemas } from './index.ts';

export const schemas: DataSchemas = {
  serve: z.strictObject({ url: text, requests: count, payouts: count }),
};
