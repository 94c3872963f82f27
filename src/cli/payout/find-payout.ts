/** From what a person typed to the payout that it names; and where it names none, what may have been meant. */
import { PayrunError } from '../../domain/errors.ts';
import type { Reader } from '../../store/database.ts';
import {
  type PayoutListRow,
  payoutRowByProviderReference,
  payoutRowByReference,
  referenceByOtherName,
  referencesLike,
} from '../../store/payout-list.ts';
import { nearest } from '../output/nearest.ts';

/** By its reference_id, or by the reference of any of its attempts, whatever their case. */
export async function findPayout(reader: Reader, reference: string): Promise<PayoutListRow> {
  const row =
    (await payoutRowByReference(reader, reference)) ??
    (await payoutRowByProviderReference(reader, reference));
  if (row) return row;
  const other = await referenceByOtherName(reader, reference);
  const guess = other ?? sameNumber(reference, await referencesLike(reader, reference));
  const hint = other
    ? `That is another name of payout ${other}: use its reference_id.`
    : guess
      ? `Did you mean "${guess}"?`
      : 'List references with `payrun payout list`.';
  throw new PayrunError('failed', 'payout_unknown', `There is no payout ${reference}.`, { hint });
}

/** The payout that a person decides about: the word is about its current attempt, so that it may not name an earlier. */
export async function findPayoutToDecide(reader: Reader, reference: string): Promise<PayoutListRow> {
  const row = await findPayout(reader, reference);
  const named = reference.toLowerCase();
  const current = row.provider_reference ?? row.reference_id;
  if (named === row.reference_id.toLowerCase() || named === current.toLowerCase()) return row;
  throw new PayrunError(
    'failed',
    'payout_state',
    `${reference} is an earlier attempt of payout ${row.reference_id}, whose current one is ${current}.`,
    { hint: `Look at both with \`payrun payout explain ${row.reference_id}\`, and name the current one.` },
  );
}

/** What was meant may be spelled otherwise, but has the same number: another number is another person's payout. */
function sameNumber(reference: string, known: readonly string[]): string | undefined {
  const meant = partsOf(reference);
  const heads = new Map<string, string>();
  for (const each of known) {
    const { head, number } = partsOf(each);
    if (number === meant.number && !heads.has(head)) heads.set(head, each);
  }
  return heads.get(nearest(meant.head, [...heads.keys()]) ?? '');
}

/** `salary-nov-000007` and `salary-nov-7` → `salary-nov-` and `7`; an attempt's `.r2` is no part of either. */
function partsOf(reference: string): { head: string; number: string } {
  const own = reference.toLowerCase().replace(/\.r\d+$/, '');
  const digits = /\d+$/.exec(own)?.[0] ?? '';
  return {
    head: own.slice(0, own.length - digits.length),
    number: digits.replace(/^0+(?=\d)/, ''),
  };
}
