/** Breaks that are about a line and not about one payout: nobody's, too much, one of several, or a batch's. */
import { formatAmount } from '../money/money.ts';
import type { Explained, FoundBreak, Terms } from './break.ts';
import { explanationOfMany } from './charges.ts';
import type { LineOutcome, Matching } from './match.ts';
import { compareText, type StatementLine } from './statement-line.ts';

/** A line that was restated, however often, is still the first that the ledger had of it. */
export function roots(matching: Matching): (line: StatementLine) => StatementLine {
  if (matching.superseded.size === 0) return (line) => line;
  const firsts = new Map<bigint, bigint>();
  for (const [earlier, later] of matching.superseded) {
    let last = later;
    for (let next = matching.superseded.get(last.line_id); next; next = matching.superseded.get(last.line_id))
      last = next;
    const known = firsts.get(last.line_id) ?? last.line_id;
    firsts.set(last.line_id, earlier < known ? earlier : known);
  }
  return (line) => {
    const first = firsts.get(line.line_id);
    return first === undefined ? line : { ...line, line_id: first };
  };
}

export function breakOfLine(
  outcome: Exclude<LineOutcome, { outcome: 'matched' | 'bulk' | 'other' }>,
  root: StatementLine,
): FoundBreak {
  const { line, moved_minor } = outcome;
  const base = {
    subject: `line:${root.line_id}`,
    line,
    statement: formatAmount(line.amount_minor, line.currency),
    difference_minor: moved_minor,
    currency: line.currency,
    effects: [],
  };
  switch (outcome.outcome) {
    case 'duplicate':
      // Of a batch, no single payout is the one that the copy is about.
      return outcome.rule === 'batch'
        ? { ...base, kind: 'duplicate_on_statement', attempt: null, ledger: outcome.attempt.batch }
        : {
            ...base,
            kind: 'duplicate_on_statement',
            attempt: outcome.attempt,
            ledger: outcome.attempt.reference_id,
          };
    case 'ambiguous':
      return { ...base, kind: 'ambiguous', attempt: null, ledger: choiceOf(outcome) };
    case 'missing_in_ledger':
      return { ...base, kind: 'missing_in_ledger', attempt: null, ledger: null };
  }
}

function choiceOf({ candidates, sets }: Extract<LineOutcome, { outcome: 'ambiguous' }>): string {
  if (sets === 'too_many') return 'more sets of payouts than can be searched';
  const references = [...new Set(candidates.map((each) => each.reference_id))].sort(compareText);
  const more = references.length > 5 ? `, and ${references.length - 5} more` : '';
  const named = `${references.slice(0, 5).join(', ')}${more}`;
  if (sets === null) return `one of ${named}`;
  return references.length === 0 ? 'more than one set of payouts' : `more than one set of ${named}`;
}

/** A line that names a batch of which no payouts add up to its amount: the batch is certain, the amount differs. */
export function compareBulk(
  { line, moved_minor, attempts }: Extract<LineOutcome, { outcome: 'bulk' }>,
  root: StatementLine,
  terms: Terms,
  found: { breaks: FoundBreak[]; explained: Explained[] },
): void {
  const { currency } = line;
  const sum = attempts.reduce((all, each) => all + each.amount_minor, 0n);
  const returned = line.status === 'reversed';
  // What came back is negative on both sides, so that an entry for the difference goes the right way.
  const ours = returned ? -sum : sum;
  const difference_minor = moved_minor - ours;
  const by = explanationOfMany(attempts, line, line.amount_minor - sum, terms);
  if (by !== null) {
    found.explained.push({ by, line, minor: difference_minor, currency });
    return;
  }
  found.breaks.push({
    kind: 'amount_differs',
    subject: `line:${root.line_id}`,
    attempt: null,
    line,
    ledger: `${formatAmount(ours, currency)} of ${attempts.length} ${returned ? 'returned ' : ''}payouts`,
    statement: formatAmount(moved_minor, currency),
    difference_minor,
    currency,
    effects: [{ minor: difference_minor, currency }],
  });
}
