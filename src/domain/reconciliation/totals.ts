/**
 * Totals that prove themselves, per currency. Every line that moved money and every event of the books is in exactly
 * one sum; the two totals are added up on their own, and `unexplained` says what the sums leave of them. It is zero,
 * to the last minor unit, or a line was lost on the way.
 */
import type { Comparison, Explained, Unexplained } from './break.ts';
import type { LedgerAttempt } from './ledger-attempt.ts';
import type { Matching } from './match.ts';
import { NOTHING_SETTLED, type Settled } from './settled.ts';
import { compareText, type LineKind } from './statement-line.ts';

/** All in minor units; money that came back is negative. */
export interface Totals {
  currency: string;
  statement: {
    total: bigint;
    matched: bigint;
    duplicate: bigint;
    ambiguous: bigint;
    missing_in_ledger: bigint;
    /** Lines about something else than payouts. */
    other: bigint;
    /** Stated amounts of lines that moved no money; in no other sum. */
    failed: bigint;
    in_flight: bigint;
  };
  ledger: {
    total: bigint;
    matched: bigint;
    expected: bigint;
    missing_on_statement: bigint;
    ambiguous: bigint;
  };
  differences: bigint;
  /** Of the differences: what needs nobody. Charges that the provider's rates explain, and what is tolerated. */
  explained: Record<Explained['by'], bigint>;
  unexplained: bigint;
  /** What the lines of `statement.other` are about. */
  others: Map<LineKind, bigint>;
}

export function addUp(
  matching: Matching,
  comparison: Comparison,
  attempts: readonly LedgerAttempt[],
  settled: Settled = NOTHING_SETTLED,
): Totals[] {
  const byCurrency = new Map<string, Totals>();
  const of = (currency: string): Totals => {
    const known = byCurrency.get(currency);
    if (known) return known;
    const fresh = emptyTotals(currency);
    byCurrency.set(currency, fresh);
    return fresh;
  };
  for (const [currency, { paid, failed }] of settled.sums) {
    const { statement, ledger } = of(currency);
    statement.total += paid;
    statement.matched += paid;
    statement.failed += failed;
    ledger.total += paid;
    ledger.matched += paid;
  }
  for (const { line, moved_minor, outcome } of matching.lines) {
    const { statement, others } = of(line.currency);
    statement.total += moved_minor;
    // One line for many payouts is matched, as one line for one payout is.
    statement[outcome === 'bulk' ? 'matched' : outcome] += moved_minor;
    if (outcome === 'other') others.set(line.kind, (others.get(line.kind) ?? 0n) + moved_minor);
    if (line.status === 'failed') statement.failed += line.amount_minor;
    if (line.status === 'in_flight' || line.status === 'unknown_word')
      statement.in_flight += line.amount_minor;
  }
  for (const { currency, amount_minor, paid, returned } of attempts) {
    const { ledger } = of(currency);
    if (paid) ledger.total += amount_minor;
    if (returned) ledger.total -= amount_minor;
  }
  const add = (
    events: readonly Unexplained[],
    sum: 'matched' | 'expected' | 'missing_on_statement' | 'ambiguous',
  ) => {
    for (const { attempt, minor } of events) of(attempt.currency).ledger[sum] += minor;
  };
  add(comparison.matched, 'matched');
  add(comparison.expected, 'expected');
  add(comparison.missing, 'missing_on_statement');
  add(comparison.ambiguous, 'ambiguous');
  for (const { effects } of comparison.breaks) {
    for (const { currency, minor } of effects) of(currency).differences += minor;
  }
  for (const { by, currency, minor } of comparison.explained) {
    const totals = of(currency);
    totals.differences += minor;
    totals.explained[by] += minor;
  }
  return proveTotals(byCurrency.values());
}

/** By currency, each with what its sums leave unexplained. */
export function proveTotals(sums: Iterable<Totals>): Totals[] {
  const all = [...sums].sort((a, b) => compareText(a.currency, b.currency));
  for (const totals of all) totals.unexplained = unexplained(totals);
  return all;
}

/** Three proofs, each on its own: two that miss by the same amount must not make up for each other. */
function unexplained({ statement, ledger, differences }: Totals): bigint {
  const lines =
    statement.total -
    (statement.matched +
      statement.duplicate +
      statement.ambiguous +
      statement.missing_in_ledger +
      statement.other);
  const events =
    ledger.total - (ledger.matched + ledger.expected + ledger.missing_on_statement + ledger.ambiguous);
  const matched = statement.matched - ledger.matched - differences;
  return absolute(lines) + absolute(events) + absolute(matched);
}

function absolute(minor: bigint): bigint {
  return minor < 0n ? -minor : minor;
}

export function emptyTotals(currency: string): Totals {
  return {
    currency,
    statement: {
      total: 0n,
      matched: 0n,
      duplicate: 0n,
      ambiguous: 0n,
      missing_in_ledger: 0n,
      other: 0n,
      failed: 0n,
      in_flight: 0n,
    },
    ledger: { total: 0n, matched: 0n, expected: 0n, missing_on_statement: 0n, ambiguous: 0n },
    differences: 0n,
    explained: { charges: 0n, tolerance: 0n },
    unexplained: 0n,
    others: new Map(),
  };
}
