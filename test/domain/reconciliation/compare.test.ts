import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FoundBreak, Terms } from '../../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../../src/domain/reconciliation/calendar.ts';
import { compare } from '../../../src/domain/reconciliation/compare.ts';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import { match } from '../../../src/domain/reconciliation/match.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import { addUp } from '../../../src/domain/reconciliation/totals.ts';
import { attempt, DAY, lineOf, plant, randomOf, shuffled } from './truth.ts';

const TERMS: Terms = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};

function reconcile(lines: readonly StatementLine[], attempts: readonly LedgerAttempt[], terms = TERMS) {
  const matching = match(lines, attempts);
  const comparison = compare(matching, attempts, terms);
  return { matching, comparison, totals: addUp(matching, comparison, attempts) };
}

function named(found: FoundBreak): string {
  return `${found.kind} ${found.attempt?.reference_id ?? found.line?.provider_reference ?? '-'}`;
}

function kinds(lines: readonly StatementLine[], attempts: readonly LedgerAttempt[], terms = TERMS): string[] {
  return reconcile(lines, attempts, terms).comparison.breaks.map((each) => each.kind);
}

describe('planted differences', () => {
  it('are found exactly, and none is invented', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { lines, attempts, planted } = plant(seed, 400);
        expect(reconcile(lines, attempts).comparison.breaks.map(named).sort()).toEqual(planted);
      }),
      { numRuns: 40 },
    );
  });

  it('leave nothing unexplained in the totals, to the last minor unit', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { lines, attempts } = plant(seed, 200);
        for (const totals of reconcile(lines, attempts).totals) {
          expect(totals.unexplained).toBe(0n);
          expect(totals.statement.matched - totals.ledger.matched).toBe(totals.differences);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('are the same whatever the order of lines and payouts', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (seed, order) => {
        const { lines, attempts } = plant(seed, 120);
        const random = randomOf(order);
        const again = reconcile(shuffled(lines, random), shuffled(attempts, random));
        const first = reconcile(lines, attempts);
        const shape = ({ comparison, totals }: typeof first) => ({
          totals,
          breaks: comparison.breaks.map(({ kind, subject, ledger, statement, difference_minor }) => [
            kind,
            subject,
            ledger,
            statement,
            difference_minor,
          ]),
        });
        expect(shape(again)).toEqual(shape(first));
      }),
      { numRuns: 40 },
    );
  });
});

describe('totals', () => {
  it('say so when a line is lost', () => {
    const ours = attempt(1);
    const lines = [lineOf(ours), lineOf(attempt(2))];
    const matching = match(lines, [ours]);
    const comparison = compare(matching, [ours], TERMS);
    const [totals] = addUp(matching, { ...comparison, matched: [] }, [ours]);
    expect(totals?.unexplained).not.toBe(0n);
  });

  it('agree for any line status against any state', () => {
    const statuses = ['success', 'failed', 'reversed', 'in_flight', 'unknown_word'] as const;
    const states = ['paid', 'returned', 'failed', 'pending', 'held', 'approved'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...states),
        fc.boolean(),
        fc.array(
          fc.record({
            status: fc.constantFrom(...statuses),
            more: fc.constantFrom(0n, 1n, -1n),
            usd: fc.boolean(),
          }),
          {
            maxLength: 5,
          },
        ),
        (state, heldAsPaid, said) => {
          const paid = state === 'paid' || state === 'returned' || (state === 'held' && heldAsPaid);
          const ours = attempt(1, { state, paid, returned: state === 'returned', returned_on: DAY });
          const lines = said.map(({ status, more, usd }, index) =>
            lineOf(ours, {
              status,
              status_word: status.toUpperCase(),
              amount_minor: ours.amount_minor + more,
              currency: usd ? 'USD' : 'INR',
              statement_ids: [BigInt(index % 2)],
              occurrence: index + 1,
            }),
          );
          for (const totals of reconcile(lines, [ours]).totals) expect(totals.unexplained).toBe(0n);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what is compared', () => {
  it('an empty cell is never a difference, on either side', () => {
    const ours = attempt(1, { fee_minor: null, tax_minor: null, utr: null });
    expect(kinds([lineOf(ours, { fee_minor: 5n, tax_minor: 1n, utr: 'A1' })], [ours])).toEqual([]);
    const stated = attempt(1);
    expect(kinds([lineOf(stated, { fee_minor: null, tax_minor: null, utr: null })], [stated])).toEqual([]);
  });

  it('a stated zero is a value', () => {
    const ours = attempt(1, { tax_minor: 0n });
    expect(kinds([lineOf(ours, { fee_minor: 0n })], [ours])).toEqual(['fee_differs']);
  });

  it('an in-flight line beside a final one of the same file was true when it was said', () => {
    const ours = attempt(1);
    const earlier = lineOf(ours, { status: 'in_flight', status_word: 'QUEUED', utr: null });
    expect(kinds([earlier, lineOf(ours)], [ours])).toEqual([]);
    expect(kinds([earlier], [ours])).toEqual(['status_differs']);
  });

  it('a reversal may state the UTR of the return', () => {
    const back = attempt(1, { state: 'returned', returned: true, return_utr: 'BACK1' });
    expect(kinds([lineOf(back, { utr: 'BACK1' })], [back])).toEqual([]);
    expect(kinds([lineOf(back, { utr: 'BACK2' })], [back])).toEqual(['utr_differs']);
  });

  it('an unknown status word differs from every state', () => {
    const ours = attempt(1);
    expect(kinds([lineOf(ours, { status: 'unknown_word', status_word: 'PARKED' })], [ours])).toEqual([
      'status_differs',
    ]);
  });

  it('a success line of a payout that came back later explains that it was paid; the return is expected', () => {
    const back = attempt(1, { state: 'returned', returned: true, returned_on: '2026-11-20' });
    const { comparison } = reconcile([lineOf(back, { status: 'success', status_word: 'SUCCESS' })], [back]);
    expect(comparison.breaks).toEqual([]);
    expect(comparison.expected).toEqual([{ attempt: back, minor: -back.amount_minor }]);
  });

  it('a young payout is expected and an old one missing; with no window it is missing at once', () => {
    const today = attempt(1, { paid_on: '2026-11-20' });
    expect(kinds([], [today])).toEqual([]);
    expect(kinds([], [attempt(1, { paid_on: '2026-11-18' })])).toEqual(['missing_on_statement']);
    expect(kinds([], [today], { ...TERMS, settlement_days: 0 })).toEqual(['missing_on_statement']);
  });

  it('a settling line ends the wait of an overdue payout, and an in-flight line does not', () => {
    const open = attempt(1, { state: 'pending', paid: false, paid_on: null });
    expect(kinds([lineOf(open)], [open])).toEqual(['in_transit_overdue']);
    expect(kinds([lineOf(open, { status: 'success', status_word: 'SUCCESS' })], [open])).toEqual([
      'status_differs',
    ]);
  });
});
