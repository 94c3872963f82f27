/**
 * Which days the statements speak of, and on which days our payouts changed without any statement that shows it. A
 * day is missing only where nothing speaks for a report of it: no line is dated on it, nothing that happened on it is
 * explained by a line, and the settlement window has passed. Refusals never reach a report and prove nothing.
 */
import type { Terms } from './break.ts';
import { withinSettlement } from './calendar.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { Matching } from './match.ts';
import { NOTHING_SETTLED, type Settled } from './settled.ts';
import type { StatementLine } from './statement-line.ts';

export interface Coverage {
  from: string | null;
  to: string | null;
  missing_days: string[];
}

export function coverageOf(
  lines: readonly StatementLine[],
  matching: Matching,
  attempts: readonly LedgerAttempt[],
  terms: Terms,
  settled: Settled = NOTHING_SETTLED,
): Coverage {
  const covered = new Set<string>(settled.dated);
  for (const line of lines) if (line.stated_on !== null) covered.add(line.stated_on);
  const dated = [...covered].sort();
  for (const day of [...settled.explained, ...explainedDays(matching)]) covered.add(day);
  const changed = new Set<string>();
  for (const attempt of attempts) for (const day of daysOf(attempt)) changed.add(day);
  const missing = [...changed].filter(
    (day) => !covered.has(day) && !withinSettlement(day, terms.today, terms.settlement_days, terms.calendar),
  );
  return { from: dated[0] ?? null, to: dated.at(-1) ?? null, missing_days: missing.sort() };
}

/** The report of a return carries the day on which the payout was paid; that it explains the return shows its own day. */
function explainedDays(matching: Matching): Set<string> {
  const days = new Set<string>();
  for (const outcome of matching.lines) {
    if (outcome.outcome === 'bulk')
      for (const { paid_on, returned_on } of outcome.attempts) {
        const day = outcome.line.status === 'reversed' ? returned_on : paid_on;
        if (day !== null) days.add(day);
      }
    if (outcome.outcome !== 'matched') continue;
    const { line, attempt } = outcome;
    const explained =
      line.status === 'reversed'
        ? [attempt.returned_on, attempt.paid_on]
        : line.status === 'failed'
          ? [attempt.failed_on]
          : [attempt.paid_on];
    for (const day of explained) if (day !== null) days.add(day);
  }
  return days;
}

function daysOf(attempt: LedgerAttempt): string[] {
  const days: (string | null)[] = [];
  if (attempt.paid) days.push(attempt.paid_on);
  if (attempt.returned) days.push(attempt.returned_on);
  // Without a name of theirs the provider never had it.
  if (attempt.state === 'failed' && attempt.provider_id !== null) days.push(attempt.failed_on);
  return days.filter((day) => day !== null);
}
