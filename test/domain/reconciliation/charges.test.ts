import { describe, expect, it } from 'vitest';
import { NETWORK_RULES } from '../../../src/domain/payout/rail.ts';
import type { Terms } from '../../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../../src/domain/reconciliation/calendar.ts';
import { compare } from '../../../src/domain/reconciliation/compare.ts';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import { match } from '../../../src/domain/reconciliation/match.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import { addUp } from '../../../src/domain/reconciliation/totals.ts';
import { attempt, lineOf } from './truth.ts';

const PLAIN: Terms = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};
/** 3.50 and 18 per cent of it, 0.63. */
const RATED: Terms = {
  ...PLAIN,
  rates: { ...NETWORK_RULES, IMPS: { ...NETWORK_RULES.IMPS, fee_minor: 350n, tax_rate: '0.18' } },
};
const SILENT = { fee_minor: null, tax_minor: null } as const;

function reconcile(lines: readonly StatementLine[], attempts: readonly LedgerAttempt[], terms: Terms) {
  const matching = match(lines, attempts);
  const { breaks, explained, ...sums } = compare(matching, attempts, terms);
  const [totals] = addUp(matching, { breaks, explained, ...sums }, attempts);
  expect(totals?.unexplained).toBe(0n);
  return {
    breaks: breaks.map(({ kind, ledger, statement }) => [kind, ledger, statement]),
    explained: totals?.explained,
    differences: totals?.differences,
    other: totals?.statement.other,
  };
}

describe('rows of fee and tax of their own', () => {
  const ours = attempt(1);
  const row = (kind: 'fee' | 'tax', amount_minor: bigint, changes: Partial<StatementLine> = {}) =>
    lineOf(ours, { ...SILENT, kind, amount_minor, ...changes });

  it('are what the payout has cost, and are added up as other', () => {
    const lines = [lineOf(ours, SILENT), row('fee', 350n), row('tax', 63n)];
    expect(reconcile(lines, [ours], PLAIN)).toMatchObject({ breaks: [], other: 413n, differences: 0n });
  });

  it('differ by name, in sum, and whatever a column says beside them', () => {
    const of = (...rows: StatementLine[]) => reconcile([lineOf(ours), ...rows], [ours], PLAIN).breaks;
    expect(of(row('fee', 351n))).toEqual([['fee_differs', '3.50', '3.51']]);
    expect(of(row('fee', 350n), row('fee', 350n, { occurrence: 2 }))).toEqual([
      ['fee_differs', '3.50', '7.00'],
    ]);
    // Given back in full.
    expect(of(row('fee', 350n), row('fee', -350n), row('tax', 63n))).toEqual([
      ['fee_differs', '3.50', '0.00'],
    ]);
  });

  it('are recognised by any of the names, and by none that is not ours', () => {
    for (const names of [
      { provider_id: null },
      { provider_id: null, provider_reference: null },
      { utr: null },
    ]) {
      const lines = [lineOf(ours, SILENT), row('fee', 351n, names)];
      expect(reconcile(lines, [ours], PLAIN).breaks).toEqual([['fee_differs', '3.50', '3.51']]);
    }
    const alien = row('fee', 351n, { provider_id: 'alien', provider_reference: 'alien', utr: null });
    expect(reconcile([lineOf(ours), alien], [ours], PLAIN).breaks).toEqual([]);
  });

  it('count also where the payout itself has no line', () => {
    const young = attempt(1, { paid_on: '2026-11-20' });
    expect(reconcile([row('fee', 351n)], [young], PLAIN).breaks).toEqual([['fee_differs', '3.50', '3.51']]);
  });
});

describe('the provider’s rates', () => {
  const unstated = attempt(1, SILENT);

  it('are what a fee has to be that the ledger does not know', () => {
    expect(reconcile([lineOf(attempt(1))], [unstated], RATED).breaks).toEqual([]);
    expect(reconcile([lineOf(unstated, { fee_minor: 351n })], [unstated], RATED).breaks).toEqual([
      ['fee_differs', '3.50 by the rate', '3.51'],
    ]);
    expect(reconcile([lineOf(unstated, { fee_minor: 351n })], [unstated], PLAIN).breaks).toEqual([]);
  });

  it('say nothing of what failed or came back, of another rail, or of another currency', () => {
    for (const changes of [
      { state: 'returned', returned: true } as const,
      { rail: 'NEFT' } as const,
      { rail: null },
      { currency: 'USD' },
    ]) {
      const other = attempt(1, { ...SILENT, ...changes });
      expect(reconcile([lineOf(other, { fee_minor: 0n })], [other], RATED).breaks).toEqual([]);
    }
  });

  it('explain an amount that has the charges in it, to the last minor unit', () => {
    const ours = attempt(1);
    const with413 = lineOf(ours, { ...SILENT, amount_minor: ours.amount_minor + 413n });
    expect(reconcile([with413], [ours], RATED)).toMatchObject({
      breaks: [],
      explained: { charges: 413n, tolerance: 0n },
      differences: 413n,
    });
    for (const [line, terms] of [
      [with413, PLAIN],
      [{ ...with413, amount_minor: ours.amount_minor + 412n }, RATED],
      [{ ...with413, amount_minor: ours.amount_minor - 413n }, RATED],
      // Stated beside the amount, they are not in it.
      [{ ...with413, fee_minor: 350n }, RATED],
    ] as const)
      expect(reconcile([line], [ours], terms).breaks.map(([kind]) => kind)).toEqual(['amount_differs']);
  });

  it('explain a debit of a whole batch, charges and all', () => {
    const batch = [attempt(1, { batch: 'salary' }), attempt(2, { batch: 'salary' })];
    const line = lineOf(attempt(1), {
      ...SILENT,
      provider_id: null,
      provider_reference: 'salary',
      utr: null,
      amount_minor: batch.reduce((sum, each) => sum + each.amount_minor + 413n, 0n),
    });
    expect(reconcile([line], batch, RATED)).toMatchObject({ breaks: [], explained: { charges: 826n } });
    expect(reconcile([line], batch, PLAIN).breaks.map(([kind]) => kind)).toEqual(['amount_differs']);
  });
});

describe('a tolerance', () => {
  const ours = attempt(1);
  const within: Terms = { ...PLAIN, tolerance: new Map([['INR', 5n]]) };
  const off = (by: bigint, changes: Partial<StatementLine> = {}) =>
    lineOf(ours, { amount_minor: ours.amount_minor + by, ...changes });

  it('takes amounts of identified pairs as equal, and the totals say how much that was', () => {
    for (const by of [5n, -5n]) {
      expect(reconcile([off(by)], [ours], within)).toMatchObject({
        breaks: [],
        explained: { charges: 0n, tolerance: by },
        differences: by,
      });
    }
    expect(reconcile([off(6n)], [ours], within).breaks).toHaveLength(1);
    expect(reconcile([off(5n)], [ours], PLAIN).breaks).toHaveLength(1);
    const dollars: Terms = { ...PLAIN, tolerance: new Map([['USD', 5n]]) };
    expect(reconcile([off(5n)], [ours], dollars).breaks).toHaveLength(1);
  });

  it('is no evidence of identity', () => {
    const unnamed = { provider_id: null, provider_reference: null, utr: null };
    expect(reconcile([off(0n, unnamed)], [ours], within).breaks).toEqual([]);
    expect(reconcile([off(1n, unnamed)], [ours], within).breaks.map(([kind]) => kind)).toEqual([
      'missing_on_statement',
      'missing_in_ledger',
    ]);
  });

  it('is for amounts, not for fees', () => {
    expect(reconcile([off(0n, { fee_minor: 351n })], [ours], within).breaks).toHaveLength(1);
  });
});
