import { z } from 'zod';
import { envelopeSchema } from '../../src/cli/output/schemas/index.ts';

/** Holds a document that --json printed against the schema of its command: `expectMatchesSchema('batch submit', ran.json())`. */
export async function expectMatchesSchema(command: string, document: unknown): Promise<void> {
  const result = (await envelopeSchema(command)).safeParse(document);
  if (!result.success) {
    throw new Error(
      `The output of payrun ${command} is not of its schema:\n${z.prettifyError(result.error)}\n${JSON.stringify(document, null, 2)}`,
    );
  }
}
