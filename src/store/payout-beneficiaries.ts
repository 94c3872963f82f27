/** Of beneficiaries only what a payout row needs of them: a large file names ten thousand, and their sealed data stays put. */
import type { KnownBeneficiary } from '../domain/payout/payout-row.ts';
import { inList, listParam, type Reader } from './database.ts';

const REFS_A_QUESTION = 5000;

/** By reference in lower case. References are unique without regard to case; the caller compares the spelling. */
export async function beneficiariesForPayouts(
  reader: Reader,
  refs: Iterable<string>,
): Promise<Map<string, KnownBeneficiary>> {
  const known = new Map<string, KnownBeneficiary>();
  const wanted = [...refs];
  for (let from = 0; from < wanted.length; from += REFS_A_QUESTION) {
    const rows = await reader.all<KnownBeneficiary>(
      `select id, beneficiary_ref, destination_kind, fingerprint from beneficiaries
       where lower(beneficiary_ref) in (${inList('refs')})`,
      { refs: listParam(wanted.slice(from, from + REFS_A_QUESTION).map((ref) => ref.toLowerCase())) },
    );
    for (const row of rows) known.set(row.beneficiary_ref.toLowerCase(), row);
  }
  return known;
}
