import { describe, expect, it } from 'vitest';
import { type Calendar, createCalendar } from '../../../src/domain/reconciliation/calendar.ts';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import { match } from '../../../src/domain/reconciliation/match.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import { attempt, lineOf } from './truth.ts';

const UNNAMED = {
  provider_id: null,
  provider_reference: null,
  utr: null,
  provider_beneficiary_id: null,
} as const;

function paid(no: number, amount: bigint, changes: Partial<LedgerAttempt> = {}): LedgerAttempt {
  return attempt(no, { amount_minor: amount, batch: 'salary', ...changes });
}

function debit(amount: bigint, changes: Partial<StatementLine> = {}): StatementLine {
  return lineOf(attempt(1), { ...UNNAMED, amount_minor: amount, ...changes });
}

/** What became of each line, with the payouts that it explains. */
function outcomes(
  lines: readonly StatementLine[],
  attempts: readonly LedgerAttempt[],
  calendar: Calendar | null = null,
): string[] {
  return match(lines, attempts, calendar).lines.map((each) => {
    const of =
      each.outcome === 'bulk' ? ` ${each.rule} ${each.attempts.map((one) => one.payout_id).sort()}` : '';
    return `${each.outcome}${of}${each.outcome === 'bulk' && !each.exact ? ' differs' : ''}`;
  });
}

const THREE = [paid(1, 700n), paid(2, 300n), paid(3, 110n)];

describe('a line that names a batch', () => {
  const named = (amount: bigint, changes: Partial<StatementLine> = {}) =>
    debit(amount, { provider_reference: 'salary', ...changes });

  it('explains all of it that no other line explains', () => {
    expect(outcomes([named(1110n)], THREE)).toEqual(['bulk batch 1,2,3']);
    expect(outcomes([named(410n), lineOf(paid(1, 700n))], THREE)).toEqual(['bulk batch 2,3', 'matched']);
  });

  it('explains the only payouts that add up to it, even a single one', () => {
    expect(outcomes([named(810n)], THREE)).toEqual(['bulk batch 1,3']);
    expect(outcomes([named(300n), named(810n)], THREE)).toEqual(['bulk batch 2', 'bulk batch 1,3']);
  });

  it('is about the batch also where no sum fits, if it is the only one', () => {
    expect(outcomes([named(1111n)], THREE)).toEqual(['bulk batch 1,2,3 differs']);
    expect(outcomes([named(1111n), named(5n)], THREE)).toEqual(['ambiguous', 'ambiguous']);
  });

  it('has a copy where another one says the same', () => {
    expect(outcomes([named(1110n), named(1110n, { occurrence: 2 })], THREE)).toEqual([
      'bulk batch 1,2,3',
      'duplicate',
    ]);
  });

  it('is ambiguous where two sets fit, and where two lines want the same payout', () => {
    const four = [paid(1, 300n), paid(2, 500n), paid(3, 200n), paid(4, 600n)];
    expect(outcomes([named(800n)], four)).toEqual(['ambiguous']);
    expect(outcomes([named(1000n), named(810n)], THREE)).toEqual(['ambiguous', 'ambiguous']);
  });

  it('may bear a UTR of its own, which is the bank’s', () => {
    expect(outcomes([named(1110n, { utr: 'BULK0001' })], THREE)).toEqual(['bulk batch 1,2,3']);
  });

  it('is nobody’s where the batch paid nothing', () => {
    const pending = THREE.map((each) => ({ ...each, paid: false }));
    expect(outcomes([named(1110n)], pending)).toEqual(['missing_in_ledger']);
  });
});

describe('a line without any name', () => {
  it('explains the only set of payouts of its day that adds up to it', () => {
    expect(outcomes([debit(1000n)], THREE)).toEqual(['bulk sum 1,2']);
  });

  it('does not where one of them is of another day, currency or beneficiary, or not paid', () => {
    const toOne = THREE.map((each) => ({ ...each, provider_beneficiary_id: 'ben_1' }));
    const line = debit(1000n, { provider_beneficiary_id: 'ben_1' });
    expect(outcomes([line], toOne)).toEqual(['bulk sum 1,2']);
    for (const other of [
      { paid_on: '2026-11-17' },
      { currency: 'USD' },
      { provider_beneficiary_id: 'ben_other' },
      { paid: false },
    ]) {
      const attempts = toOne.map((each, index) => (index === 1 ? { ...each, ...other } : each));
      expect(outcomes([line], attempts)).toEqual(['missing_in_ledger']);
    }
  });

  it('is never enough with an identifier that is not ours, whatever adds up to it', () => {
    for (const name of [{ utr: 'NOTOURS' }, { provider_id: 'alien' }, { provider_reference: 'alien' }])
      expect(outcomes([debit(1000n, name)], THREE)).toEqual(['missing_in_ledger']);
  });

  it('is nobody’s where only a single payout has its amount, and no beneficiary says whose', () => {
    expect(outcomes([debit(700n)], THREE)).toEqual(['missing_in_ledger']);
    expect(outcomes([debit(1000n)], [...THREE, paid(4, 1000n)])).toEqual(['ambiguous']);
  });

  it('is ambiguous beside its own like, and where their sets overlap', () => {
    expect(outcomes([debit(1000n), debit(1000n, { occurrence: 2 })], THREE)).toEqual([
      'ambiguous',
      'ambiguous',
    ]);
    expect(outcomes([debit(1000n), debit(810n)], THREE)).toEqual(['ambiguous', 'ambiguous']);
  });

  it('takes nothing that a line with a name explains', () => {
    expect(outcomes([debit(1000n), lineOf(paid(2, 300n))], THREE)).toEqual(['missing_in_ledger', 'matched']);
  });

  it('is ambiguous, and says so, where there are more sets than can be searched', () => {
    const many = Array.from({ length: 60 }, (_, no) => paid(no + 1, BigInt(20_000_000 - 1000 * no * no)));
    const [line] = match([debit(310_234_567n)], [...many, paid(99, 1n)]).lines;
    expect(line).toMatchObject({ outcome: 'ambiguous', sets: 'too_many', candidates: [] });
  });

  it('costs no more than its share, however many lines and payouts of a day have no name', () => {
    const attempts = Array.from({ length: 20_000 }, (_, no) => paid(no + 1, BigInt(1_000_000 + 7 * no)));
    const lines = Array.from({ length: 20_000 }, (_, no) =>
      debit(BigInt(50_000_000 + 13 * no), { occurrence: no }),
    );
    const started = performance.now();
    const found = match(lines, attempts).lines;
    expect(new Set(found.map((each) => each.outcome))).toEqual(new Set(['ambiguous']));
    // Four hundred million pairs would take minutes; this leaves room for a busy machine.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a return of many payouts', () => {
  const BACK = THREE.map((each) => ({
    ...each,
    state: 'returned' as const,
    returned: true,
    returned_on: '2026-11-19',
  }));
  const credit = (amount: bigint, changes: Partial<StatementLine> = {}) =>
    debit(amount, { kind: 'return', status: 'reversed', stated_on: '2026-11-19', ...changes });

  it('explains those of a batch that it names, and those of its day that add up to it', () => {
    expect(outcomes([credit(810n, { provider_reference: 'salary' })], BACK)).toEqual(['bulk batch 1,3']);
    expect(outcomes([credit(410n)], BACK)).toEqual(['bulk sum 2,3']);
  });

  it('takes nothing from the debit, nor the debit from it', () => {
    expect(outcomes([credit(1110n), debit(1110n)], BACK)).toEqual(['bulk sum 1,2,3', 'bulk sum 1,2,3']);
    expect(match([credit(1110n)], BACK).lines).toMatchObject([{ moved_minor: -1110n }]);
  });

  it('of a batch of which the books know no return is nobody’s, and money that came in', () => {
    const lines = [credit(1000n, { provider_reference: 'salary' }), ...THREE.map((each) => lineOf(each))];
    expect(match(lines, THREE).lines[0]).toMatchObject({ outcome: 'missing_in_ledger', moved_minor: -1000n });
  });

  it('is about nothing that did not come back, came back on another day, or has a line of its return', () => {
    expect(outcomes([credit(1110n)], THREE)).toEqual(['missing_in_ledger']);
    expect(outcomes([credit(1110n, { provider_reference: 'salary' })], THREE)).toEqual(['missing_in_ledger']);
    expect(outcomes([credit(1110n, { stated_on: '2026-11-18' })], BACK)).toEqual(['missing_in_ledger']);
    const own = BACK.slice(0, 1).map((each) => lineOf(each));
    expect(outcomes([credit(1110n), ...own], BACK)).toEqual(['missing_in_ledger', 'matched']);
  });

  it('is ambiguous where two sets fit, and where two returns want the same payout', () => {
    const four = [300n, 500n, 200n, 600n].map((amount, no) => ({
      ...paid(no + 1, amount),
      returned: true,
      returned_on: '2026-11-19',
    }));
    expect(outcomes([credit(800n)], four)).toEqual(['ambiguous']);
    expect(outcomes([credit(1000n), credit(810n)], BACK)).toEqual(['ambiguous', 'ambiguous']);
  });
});

describe('a return of many payouts on another day', () => {
  const calendar = createCalendar(['Sat', 'Sun'], new Set());
  const back = (no: number, amount: bigint, on: string, changes: Partial<LedgerAttempt> = {}) =>
    paid(no, amount, { state: 'returned', returned: true, returned_on: on, ...changes });
  const credit = (amount: bigint, stated_on: string, changes: Partial<StatementLine> = {}) =>
    debit(amount, { kind: 'return', status: 'reversed', stated_on, ...changes });
  // A Thursday and a Friday.
  const [thursday, friday] = ['2026-11-19', '2026-11-20'];
  const BACK = [
    back(1, 700n, thursday),
    back(2, 300n, thursday, { batch: 'bonus' }),
    back(3, 110n, thursday, { batch: 'bonus' }),
    back(4, 90n, friday, { batch: 'bonus' }),
  ];

  it.each([
    ['all of a day', 1110n, '2026-11-23', 'bulk sum 1,2,3'],
    ['all of a batch', 500n, '2026-11-23', 'bulk sum 2,3,4'],
    ['all of a batch on a day', 410n, '2026-11-23', 'bulk sum 2,3'],
    ['all of several days', 1200n, '2026-11-24', 'bulk sum 1,2,3,4'],
    ['the day after', 1110n, '2026-11-18', 'bulk sum 1,2,3'],
    ['only some of a day', 810n, '2026-11-23', 'missing_in_ledger'],
    ['a single one', 700n, '2026-11-23', 'missing_in_ledger'],
    ['more than three business days', 1110n, '2026-11-25', 'missing_in_ledger'],
  ])('%s', (_, amount, on, outcome) => {
    expect(outcomes([credit(amount, on)], BACK, calendar)).toEqual([outcome]);
  });

  it('is ambiguous where two sets fit, and where two credits want the same payout', () => {
    const twice = [...BACK, back(5, 600n, friday), back(6, 420n, friday)];
    expect(outcomes([credit(1110n, '2026-11-23')], twice, calendar)).toEqual(['ambiguous']);
    const lines = [credit(1110n, '2026-11-23'), credit(500n, '2026-11-23')];
    expect(outcomes(lines, BACK, calendar)).toEqual(['ambiguous', 'ambiguous']);
    expect(outcomes([...lines].reverse(), BACK, calendar)).toEqual(['ambiguous', 'ambiguous']);
  });

  it('takes nothing that a line of its own day explains, and none of another currency', () => {
    const lines = [credit(1110n, thursday), credit(1110n, '2026-11-23')];
    expect(outcomes(lines, BACK, calendar)).toEqual(['bulk sum 1,2,3', 'missing_in_ledger']);
    expect(outcomes([credit(1110n, '2026-11-23', { currency: 'USD' })], BACK, calendar)).toEqual([
      'missing_in_ledger',
    ]);
  });
});
