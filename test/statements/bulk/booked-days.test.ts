import { expect, test } from 'vitest';
import { BookedDays } from '../../../src/statements/bulk/booked-days.ts';
import { DayReader } from '../../../src/statements/bulk/cell-values.ts';
import { FAILED, PAID } from '../../../src/statements/bulk/side-plan.ts';

test('a payout is booked on the latest day of its kind, whatever the order, and on none of the page before', () => {
  const days = new DayReader('Asia/Kolkata');
  const booked = new BookedDays(days);
  const told = (payout: number) =>
    [PAID, FAILED].map((outcome) => {
      const day = booked.of(payout, outcome as typeof PAID);
      return day === null ? null : days.days.texts[day];
    });
  booked.read(
    '1001P2026-11-19\n1003F2026-11-02\n1001P2026-11-20\n1001P2026-11-18\n1003P2026-11-01',
    1001,
    1000,
  );
  expect([1001, 1002, 1003, 2000].map(told)).toEqual([
    ['2026-11-20', null],
    [null, null],
    ['2026-11-01', '2026-11-02'],
    [null, null],
  ]);
  booked.read('2001F2026-12-31', 2001, 1000);
  expect([2001, 2003].map(told)).toEqual([
    [null, '2026-12-31'],
    [null, null],
  ]);
  booked.read('', 3001, 1000);
  expect(told(3001)).toEqual([null, null]);
});
