/** From a name to its batch; where there is none, what may have been meant. */
import { PayrunError } from '../../domain/errors.ts';
import { type BatchRow, batchByName, batchNames } from '../../store/batches.ts';
import type { Reader } from '../../store/database.ts';
import { nearest } from '../output/nearest.ts';

/** The living batch of that name, else the newest that was cancelled. */
export async function findBatch(reader: Reader, name: string): Promise<BatchRow> {
  const batch = await batchByName(reader, name);
  if (batch) return batch;
  const guess = nearest(name, await batchNames(reader));
  throw new PayrunError('failed', 'batch_unknown', `There is no batch ${name}.`, {
    hint: guess ? `Did you mean "${guess}"?` : 'List batches with `payrun batch list`.',
  });
}
