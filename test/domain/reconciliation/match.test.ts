import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import { match } from '../../../src/domain/reconciliation/match.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import { attempt, lineOf } from './truth.ts';

const UNNAMED = { provider_id: null, provider_reference: null, utr: null } as const;

function outcomes(lines: readonly StatementLine[], attempts: readonly LedgerAttempt[]): string[] {
  return match(lines, attempts).lines.map((each) =>
    `${each.outcome} ${'rule' in each ? each.rule : ''}`.trim(),
  );
}

describe('the passes', () => {
  it('take the best evidence that a line has', () => {
    const ours = attempt(1);
    expect(outcomes([lineOf(ours)], [ours])).toEqual(['matched provider_id']);
    expect(outcomes([lineOf(ours, { provider_id: null })], [ours])).toEqual(['matched provider_reference']);
    expect(outcomes([lineOf(ours, { provider_id: null, provider_reference: null })], [ours])).toEqual([
      'matched utr',
    ]);
    expect(outcomes([lineOf(ours, UNNAMED)], [ours])).toEqual(['matched amount_date_beneficiary']);
  });

  it('leave a line alone whose name is not ours, whatever else fits', () => {
    const ours = attempt(1);
    const alien = lineOf(ours, { provider_id: 'alien', provider_reference: 'alien' });
    expect(outcomes([alien], [ours])).toEqual(['missing_in_ledger']);
    expect(outcomes([lineOf(ours, { ...UNNAMED, utr: 'NOTOURS' })], [ours])).toEqual(['missing_in_ledger']);
    // Our UTR under a name that is not this payout's proves nothing.
    for (const name of [{ provider_id: 'alien' }, { provider_reference: 'alien' }])
      expect(outcomes([lineOf(ours, { ...UNNAMED, utr: ours.utr, ...name })], [ours])).toEqual([
        'missing_in_ledger',
      ]);
  });

  it('call names of two payouts ambiguous', () => {
    const [one, two] = [attempt(1), attempt(2)];
    expect(outcomes([lineOf(one, { provider_reference: two.provider_reference })], [one, two])).toEqual([
      'ambiguous',
    ]);
  });

  it('do not trust a UTR that two payouts or two lines carry', () => {
    const twin = attempt(2, { utr: attempt(1).utr });
    const byUtr = { provider_id: null, provider_reference: null };
    expect(outcomes([lineOf(twin, byUtr)], [attempt(1), twin])).toEqual(['ambiguous']);
    const ours = attempt(1);
    const lines = [lineOf(ours, byUtr), lineOf(ours, { ...byUtr, amount_minor: 1n })];
    expect(outcomes(lines, [ours])).toEqual(['ambiguous', 'ambiguous']);
  });

  it('call our reference under another provider_id a copy beside the real line, and ambiguous alone', () => {
    const ours = attempt(1);
    const copy = lineOf(ours, { provider_id: 'po_other' });
    expect(outcomes([copy], [ours])).toEqual(['ambiguous']);
    expect(outcomes([lineOf(ours), copy], [ours]).sort()).toEqual([
      'duplicate provider_reference',
      'matched provider_id',
    ]);
  });

  it('let the line that agrees explain the payout, and call the other a copy', () => {
    const ours = attempt(1);
    for (const more of [1n, -1n, 2n, -2n]) {
      const lines = [lineOf(ours, { amount_minor: ours.amount_minor + more }), lineOf(ours)];
      expect(outcomes(lines, [ours])).toEqual(['duplicate provider_id', 'matched provider_id']);
    }
  });

  it('never guess between two unnamed lines or two candidates', () => {
    const ours = attempt(1);
    const twin = attempt(8, { amount_minor: ours.amount_minor });
    expect(outcomes([lineOf(ours, UNNAMED)], [ours, twin])).toEqual(['ambiguous']);
    expect(outcomes([lineOf(ours, UNNAMED), lineOf(ours, { ...UNNAMED, occurrence: 2 })], [ours])).toEqual([
      'ambiguous',
      'ambiguous',
    ]);
  });

  it('do not give an unnamed line to a payout that a named line explains already', () => {
    const ours = attempt(1);
    const twin = attempt(8, { amount_minor: ours.amount_minor });
    const both = match([lineOf(ours, UNNAMED), lineOf(ours)], [ours, twin]).lines;
    expect(both.map((each) => ('attempt' in each ? each.attempt.payout_id : null)).sort()).toEqual([1n, 8n]);
  });
});

describe('lines that restate each other', () => {
  const ours = attempt(1);
  const inFile = (file: bigint, changes: Partial<StatementLine>) =>
    lineOf(ours, { statement_ids: [file], ...changes });

  it('count once: processing, then success, then its fee', () => {
    const lines = [
      inFile(1n, { status: 'in_flight', status_word: 'PROCESSING', utr: null, fee_minor: null }),
      inFile(2n, { fee_minor: null }),
      inFile(3n, {}),
    ];
    const matching = match(lines, [ours]);
    expect(matching.lines.map((each) => each.line.line_id)).toEqual([lines[2]?.line_id]);
    expect(matching.superseded.size).toBe(2);
  });

  it('do so in whatever order their files came; of two that say as much, the file that came last has the word', () => {
    for (const [blank, full] of [
      [1n, 2n],
      [2n, 1n],
    ] as const) {
      const lines = [inFile(blank, { fee_minor: null }), inFile(full, {})];
      expect(match(lines, [ours]).lines.map((each) => each.line.fee_minor)).toEqual([ours.fee_minor]);
      const corrected = [inFile(blank, { fee_minor: 1n }), inFile(full, { fee_minor: 2n })];
      expect(match(corrected, [ours]).lines.map((each) => each.line.fee_minor)).toEqual([
        full > blank ? 2n : 1n,
      ]);
    }
  });

  it('do not in one file: the second is a copy', () => {
    const lines = [inFile(1n, { fee_minor: null }), inFile(1n, {})];
    expect(outcomes(lines, [ours]).sort()).toEqual(['duplicate provider_id', 'matched provider_id']);
  });

  it('do not where a later file has both, wherever the first came from', () => {
    const lines = [inFile(1n, { fee_minor: null, statement_ids: [1n, 2n] }), inFile(2n, {})];
    expect(outcomes(lines, [ours]).sort()).toEqual(['duplicate provider_id', 'matched provider_id']);
  });

  it('do not with another UTR or another amount', () => {
    for (const changes of [{ utr: 'OTHER' }, { amount_minor: 5n }]) {
      expect(outcomes([inFile(1n, {}), inFile(2n, changes)], [ours]).sort()).toEqual([
        'duplicate provider_id',
        'matched provider_id',
      ]);
    }
  });

  it('keep a success and its reversal as two events, of which the second takes back', () => {
    const lines = [inFile(1n, {}), inFile(2n, { status: 'reversed', status_word: 'REVERSED' })];
    const back = attempt(1, { state: 'returned', returned: true });
    const matching = match(lines, [back]);
    expect(matching.lines.map((each) => [each.outcome, each.moved_minor]).sort()).toEqual([
      ['matched', -back.amount_minor],
      ['matched', back.amount_minor],
    ]);
  });

  it('leave an exact copy visible when the one before is restated', () => {
    const lines = [
      inFile(1n, { fee_minor: null }),
      inFile(1n, { fee_minor: null, occurrence: 2 }),
      inFile(2n, {}),
    ];
    expect(outcomes(lines, [ours]).sort()).toEqual(['duplicate provider_id', 'matched provider_id']);
  });

  it('are not taken back by an in-flight word that is fetched late, whatever time and values it states', () => {
    const queued = { status: 'in_flight', status_word: 'QUEUED' } as const;
    for (const changes of [{ utr: null }, { stated_at: '2026-11-19T06:00:00.000Z' }]) {
      const lines = [inFile(1n, {}), inFile(2n, { ...queued, ...changes })];
      expect(match(lines, [ours]).lines.map((each) => each.line.status)).toEqual(['success']);
    }
  });

  const queued = { status: 'in_flight', status_word: 'QUEUED', utr: null, fee_minor: null } as const;

  it('leave one success where an in-flight row stands in the file of the first', () => {
    const lines = [inFile(1n, queued), inFile(1n, { fee_minor: null }), inFile(2n, {})];
    expect(outcomes(lines, [ours])).not.toContain('duplicate provider_id');
    expect(match(lines, [ours]).lines.filter(({ line }) => line.status === 'success')).toHaveLength(1);
  });

  it('count once that are in flight by two words in one file, and twice by the same', () => {
    const pending = [attempt(1, { state: 'pending', paid: false, paid_on: null })];
    const processing = { ...queued, status_word: 'PROCESSING' };
    expect(outcomes([inFile(1n, queued), inFile(1n, processing)], pending)).toEqual(['matched provider_id']);
    const twice = [inFile(1n, queued), inFile(1n, { ...queued, occurrence: 2 })];
    expect(outcomes(twice, pending).sort()).toEqual(['duplicate provider_id', 'matched provider_id']);
  });

  it('leave a copy visible also where a line of another file lies between the two', () => {
    const lines = [
      inFile(1n, { stated_at: '2026-11-18T06:00:00.000Z' }),
      inFile(2n, { stated_at: '2026-11-18T07:00:00.000Z' }),
      inFile(1n, { stated_at: '2026-11-18T08:00:00.000Z' }),
    ];
    expect(outcomes(lines, [ours]).sort()).toEqual(['duplicate provider_id', 'matched provider_id']);
  });

  it('are known again where the later one first states the provider’s name for the payout', () => {
    const lines = [inFile(1n, { provider_id: null, fee_minor: null }), inFile(2n, {})];
    expect(outcomes(lines, [ours])).toEqual(['matched provider_id']);
    expect(outcomes(lines.reverse(), [ours])).toEqual(['matched provider_id']);
    // Two names under one reference are two lines, and one of neither name is neither's.
    const three = [...lines, inFile(3n, { provider_id: 'po_other' })];
    expect(outcomes(three, [ours]).filter((each) => each.startsWith('duplicate'))).toHaveLength(2);
  });

  it('cost no more than they are many, where thousands say the same', () => {
    const lines = Array.from({ length: 10_000 }, (_, no) =>
      inFile(no % 2 === 0 ? 1n : 2n, { fee_minor: no % 2 === 0 ? null : 350n, occurrence: (no >> 1) + 1 }),
    );
    const started = performance.now();
    expect(match(lines, [ours]).superseded.size).toBe(5_000);
    // Each pair of them would take seven seconds; this leaves room for a busy machine.
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('are no copies while no file has two of them, in whatever files and order they come', () => {
    const story = [
      queued,
      { ...queued, status_word: 'PROCESSING' },
      { fee_minor: null, utr: null },
      { fee_minor: null },
      {},
    ];
    const places = fc.tuple(...story.map(() => fc.subarray([1n, 2n, 3n, 4n], { minLength: 1 })));
    fc.assert(
      fc.property(places, fc.boolean(), (files, turned) => {
        const taken = new Set<string>();
        const lines = story.flatMap((changes, index) => {
          const status = 'status' in changes ? changes.status_word : 'SUCCESS';
          const free = (files[index] ?? []).filter((file) => !taken.has(`${status} ${file}`));
          for (const file of free) taken.add(`${status} ${file}`);
          return free.length === 0 ? [] : [lineOf(ours, { ...changes, statement_ids: free })];
        });
        const told = outcomes(turned ? lines.reverse() : lines, [ours]);
        expect(told.filter((each) => each.startsWith('duplicate'))).toEqual([]);
      }),
    );
  });
});
