/** Returns of many payouts by one line, planted into a ledger and a report of which the rest is known, too. */
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import { attempt, lineOf, plant, randomOf, shuffled, type Truth } from './truth.ts';

const STORIES = [
  'of_batch',
  'of_day',
  'of_beneficiary',
  'debit_and_return_at_once',
  'debit_missing',
  'of_part',
  'amount',
  'copy',
  'ambiguous',
  'not_ours',
] as const;

export function plantWithReturns(seed: number, count: number, returns: number): Truth {
  const truth = plant(seed, count);
  const random = randomOf(seed + 1_000_000);
  for (let no = 1; no <= returns; no += 1)
    plantOne(truth, no, STORIES[Math.floor(random() * STORIES.length)] ?? 'of_batch', random);
  truth.attempts = shuffled(truth.attempts, random);
  truth.lines = shuffled(truth.lines, random);
  truth.planted.sort();
  return truth;
}

function plantOne(truth: Truth, no: number, what: (typeof STORIES)[number], random: () => number): void {
  const batch = `returns-${no}`;
  // A day of its own for each, so that the payouts of one are no candidates of the other.
  const day = new Date(no * 86_400_000).toISOString().slice(0, 10);
  const amounts =
    what === 'ambiguous'
      ? [600n, 500n, 300n, 200n]
      : Array.from(
          { length: 3 + Math.floor(random() * 4) },
          () => 10_000_000n + BigInt(Math.floor(random() * 1e12)),
        );
  const members = amounts.map((amount_minor, index) =>
    attempt(no + (index + 20) * 1_000_000, {
      batch,
      provider_beneficiary_id: what === 'of_beneficiary' ? `back_${no}` : `back_${no}_${index}`,
      amount_minor,
      state: 'returned',
      returned: true,
      returned_on: day,
    }),
  );
  const [first, ...others] = members;
  if (!first) return;
  truth.attempts.push(...members);
  const paid = members.map((each) => lineOf({ ...each, returned: false }));
  const back = (of: readonly LedgerAttempt[], changes: Partial<StatementLine> = {}) =>
    lineOf(first, {
      provider_id: null,
      provider_reference: batch,
      utr: null,
      provider_beneficiary_id: null,
      fee_minor: null,
      tax_minor: null,
      kind: 'return',
      amount_minor: of.reduce((all, each) => all + each.amount_minor, 0n),
      stated_on: day,
      ...changes,
    });
  switch (what) {
    case 'of_batch':
      // One of them has a line of its own.
      truth.lines.push(...paid, lineOf(first), back(others));
      return;
    case 'of_day':
      truth.lines.push(...paid, back(members, { provider_reference: null }));
      return;
    case 'of_beneficiary':
      truth.lines.push(
        ...paid,
        back(members, { provider_reference: null, provider_beneficiary_id: `back_${no}` }),
      );
      return;
    case 'debit_and_return_at_once':
      truth.lines.push(back(members, { kind: 'payout', status: 'success', status_word: 'SUCCESS' }));
      truth.lines.push(back(others), lineOf(first));
      return;
    case 'debit_missing':
      // That it came back does not say by which line it had left.
      truth.lines.push(...paid.slice(1), back(members));
      truth.planted.push(`missing_on_statement ${first.reference_id}`);
      return;
    case 'of_part':
      truth.lines.push(...paid, back(others));
      truth.planted.push(`missing_on_statement ${first.reference_id}`);
      return;
    case 'amount':
      truth.lines.push(...paid, back(members, { amount_minor: 1n }));
      truth.planted.push(`amount_differs ${batch}`);
      return;
    case 'copy':
      truth.lines.push(...paid, back(members), back(members, { occurrence: 2 }));
      truth.planted.push(`duplicate_on_statement ${batch}`);
      return;
    case 'ambiguous':
      // 600 and 200, or 500 and 300: whose money came back is not known; that it had left is.
      truth.lines.push(...paid, back([], { provider_reference: null, amount_minor: 800n }));
      truth.planted.push('ambiguous -');
      return;
    case 'not_ours':
      truth.lines.push(...paid, back(members, { provider_reference: `alien-${no}` }));
      truth.planted.push(`missing_in_ledger alien-${no}`);
      truth.planted.push(...members.map((each) => `missing_on_statement ${each.reference_id}`));
  }
}
