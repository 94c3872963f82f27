/** From what a person typed to the payout that it names; and where it names none, what may have been meant. */
import { PayrunError } from '../../domain/errors.ts';
import type { Reader } from '../../store/database.ts';
import {
  type PayoutListRow,
  payoutRowByReference,
  referenceByOtherName,
  referencesLike,
} from '../../store/payout-list.ts';
import { nearest } from '../output/nearest.ts';

export async function findPayout(reader: Reader, reference: string): Promise<PayoutListRow> {
  const row = await payoutRowByReference(reader, reference);
  if (row) return row;
  const other = await referenceByOtherName(reader, reference);
  const guess = other ?? nearest(reference, await referencesLike(reader, reference));
  const hint = other
    ? `That is another name of payout ${other}: use its reference_id.`
    : guess
      ? `Did you mean "${guess}"?`
      : 'List references with `payrun payout list`.';
  throw new PayrunError('failed', 'payout_unknown', `There is no payout ${reference}.`, { hint });
}
