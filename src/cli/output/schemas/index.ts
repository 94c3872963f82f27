/**
 * The output of every command as a schema: the envelope that --json prints, and the data in it. What stands here is
 * what scripts rely on; a field that goes or changes needs a line in CHANGELOG.md.
 */
import * as z from 'zod';
import { Bug } from '../../../domain/errors.ts';
import { schemaName } from '../render.ts';
import { count } from './fields.ts';

/** Verbs of a noun → the schema of `data`; for a command of one word under its own name. */
export type DataSchemas = Readonly<Record<string, z.ZodType>>;

const NOUN_SCHEMAS: Readonly<Record<string, () => Promise<{ schemas: DataSchemas }>>> = {
  beneficiary: () => import('./beneficiary.ts'),
  batch: () => import('./batch.ts'),
  payout: () => import('./payout.ts'),
  provider: () => import('./provider.ts'),
  ledger: () => import('./ledger.ts'),
  statement: () => import('./statement.ts'),
  reconcile: () => import('./reconcile.ts'),
  break: () => import('./break.ts'),
  audit: () => import('./audit.ts'),
  key: () => import('./key.ts'),
  webhook: () => import('./webhook.ts'),
  sandbox: () => import('./sandbox.ts'),
};

/** `batch submit` → the schema of its `data`. */
export async function outputSchema(command: string): Promise<z.ZodType> {
  const [noun = '', verb = noun] = command.split(' ');
  const load = NOUN_SCHEMAS[noun] ?? (() => import('./setup.ts'));
  const schema = (await load()).schemas[verb];
  if (!schema) throw new Bug(`No output schema for ${command}.`);
  return schema;
}

const warning = z.strictObject({ code: z.string(), message: z.string() });
const rowError = z.strictObject({
  line: z.int(),
  column: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  value: z.string().nullable(),
});
const failure = z.strictObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  rows: z.array(rowError),
  /** Of long work that a second signal has ended: what its progress line would say. */
  so_far: z
    .strictObject({ done: count, total: count.nullable(), counts: z.record(z.string(), count) })
    .optional(),
});

/** The one document that --json prints: `ok` is false exactly where `error` is. */
export async function envelopeSchema(command: string): Promise<z.ZodType> {
  const schema = z.literal(schemaName(command));
  const exit_code = z.int().min(0).max(255);
  const data = await outputSchema(command);
  return z.discriminatedUnion('ok', [
    z.strictObject({ schema, ok: z.literal(true), exit_code, data, warnings: z.array(warning) }),
    z.strictObject({
      schema,
      ok: z.literal(false),
      exit_code,
      error: failure,
      warnings: z.array(warning).optional(),
    }),
  ]);
}
