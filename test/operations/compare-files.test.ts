/** Files as providers send them: overlapping, sorted otherwise, late, the same line twice. What they say decides. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import type { StatementLine } from '../../src/domain/reconciliation/statement-line.ts';
import { compareFiles } from '../../src/operations/compare-files.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import { plant, randomOf, shuffled } from '../domain/reconciliation/truth.ts';
import { HEADER } from './seed-payouts.ts';

const PROFILES = await loadProfiles({}, '');
const READING = {
  profile: null,
  profiles: PROFILES,
  expected_profile: profileOfKind('nxtbanking', PROFILES),
  time_zone: 'Asia/Kolkata',
};
const TERMS = {
  today: '2026-11-20',
  settlement_days: 1,
  calendar: createCalendar(['Sat', 'Sun'], new Set()),
  rates: null,
  tolerance: new Map(),
};
// What a report of nxtbanking and a list of ours can say; the rest of the stories needs beneficiaries, kinds or batches.
const SAYABLE = [
  'none',
  'missing_on_statement',
  'in_transit_overdue',
  'missing_in_ledger',
  'amount_differs',
  'currency_differs',
  'status_differs',
  'utr_differs',
  'fee_differs',
  'duplicate_on_statement',
  'two_differences',
  'returned_only',
  'returned_both',
  'failed',
] as const;

function rupees(minor: bigint | null): string {
  return minor === null ? '' : `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
}

function row(line: StatementLine): string {
  const at = line.stated_at ?? '';
  const money = [line.amount_minor, line.fee_minor, line.tax_minor].map(rupees);
  return [
    line.provider_id,
    line.provider_reference,
    line.utr,
    line.provider_beneficiary_id,
    ...money,
    ...[line.currency, 'IMPS', line.status_word, '', at, at],
  ].join(',');
}

function file(name: string, lines: readonly string[]) {
  return { name, bytes: Buffer.from(`${[HEADER, ...lines].join('\n')}\n`) };
}

/** Three reports of three days: each line on one of them, and most of a day again on the day after. */
function days(lines: readonly StatementLine[], random: () => number): string[][] {
  const result: string[][] = [[], [], []];
  const dayOf = new Map<string, number>();
  const again = new Set<string>();
  for (const line of lines) {
    const text = row(line);
    // Two identical lines are two where one file has both.
    const day = dayOf.get(text) ?? Math.floor(random() * 3);
    if (!dayOf.has(text) && random() < 0.8) again.add(text);
    dayOf.set(text, day);
    result[day]?.push(text);
    if (again.has(text)) result[day + 1]?.push(text);
  }
  return result.map((rows) => shuffled(rows, random));
}

const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

test('three days of overlapping reports say the same in every order, repeated, and as planted', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { lines, attempts, planted } = plant(seed, 90, SAYABLE);
      const ours = file(
        'ours.csv',
        attempts.map(
          ({ reference_id, provider_id, utr, amount_minor, fee_minor, tax_minor, state, paid_on }) =>
            [
              reference_id,
              provider_id,
              utr,
              rupees(amount_minor),
              rupees(fee_minor),
              rupees(tax_minor),
              state,
              paid_on,
            ].join(','),
        ),
      );
      const header = 'reference_id,provider_id,utr,amount,fee,tax,state,paid_at\n';
      const list = { ...ours, bytes: Buffer.from(ours.bytes.toString().replace(`${HEADER}\n`, header)) };
      const reports = days(lines, randomOf(seed));
      const run = (order: readonly number[]) => {
        const inputs = order.map((index) => file(`${index}.csv`, reports[index] ?? []));
        const { breaks, totals, matched, expected } = compareFiles(inputs, list, READING, TERMS);
        const found = breaks.map(({ kind, attempt, line, ledger, statement }) =>
          [kind, attempt?.reference_id ?? line?.provider_reference ?? '-', ledger, statement].join(' '),
        );
        return { found: found.sort(), totals, matched, expected };
      };
      const first = run(ORDERS[0]);
      // Only what was submitted, and when, says that a payout is too long on its way; a list of ours does not.
      const sayable = planted.filter((each) => !each.startsWith('in_transit_overdue'));
      expect(first.found.map((each) => each.split(' ').slice(0, 2).join(' ')).sort()).toEqual(sayable);
      for (const order of [...ORDERS, [0, 1, 2, 0, 2, 1]]) expect(run(order)).toEqual(first);
    }),
    { numRuns: 12 },
  );
});

test('a return that is younger than the settlement window is expected, where our file has its day', () => {
  const line = 'po_1,pay-1,U1,ben_1,5.00,,,INR,IMPS,SUCCESS,,2026-11-10T06:00:00Z,2026-11-10T06:00:00Z';
  const compared = (returnedAt: string) =>
    compareFiles(
      [file('report.csv', [line])],
      {
        name: 'ours.csv',
        bytes: Buffer.from(
          `reference_id,amount,state,paid_at,returned_at\npay-1,5.00,returned,2026-11-10T06:00:00Z,${returnedAt}\n`,
        ),
      },
      READING,
      TERMS,
    );
  expect(compared('2026-11-19T06:00:00Z')).toMatchObject({ breaks: [], expected: 1 });
  for (const day of ['2026-11-11T06:00:00Z', ''])
    expect(compared(day).breaks).toMatchObject([{ kind: 'missing_on_statement', difference_minor: 500n }]);
});
