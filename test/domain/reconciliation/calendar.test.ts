import { describe, expect, it } from 'vitest';
import {
  createCalendar,
  isDay,
  parseHolidays,
  withinSettlement,
} from '../../../src/domain/reconciliation/calendar.ts';

const CALENDAR = createCalendar(['Sat', 'Sun'], new Set(['2026-11-24']));

describe('business days', () => {
  it('leave out weekends and holidays', () => {
    expect(CALENDAR.add('2026-11-20', 1)).toBe('2026-11-23');
    expect(CALENDAR.add('2026-11-21', 1)).toBe('2026-11-23');
    expect(CALENDAR.add('2026-11-23', 1)).toBe('2026-11-25');
    expect(CALENDAR.between('2026-11-20', '2026-11-25')).toBe(2);
    expect(CALENDAR.between('2026-11-25', '2026-11-20')).toBe(0);
  });

  it('keep the window open until so many of them have ended', () => {
    expect(withinSettlement('2026-11-20', '2026-11-23', 1, CALENDAR)).toBe(true);
    expect(withinSettlement('2026-11-20', '2026-11-24', 1, CALENDAR)).toBe(false);
    expect(withinSettlement('2026-11-20', '2026-11-20', 0, CALENDAR)).toBe(false);
  });

  it('need a week with a working day in it', () => {
    const week = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
    expect(() => createCalendar(week, new Set())).toThrow('all seven days');
    expect(createCalendar([], new Set()).add('2026-11-20', 1)).toBe('2026-11-21');
  });
});

describe('the holidays file', () => {
  it('has a day a line, with comments', () => {
    expect([...parseHolidays('# bank holidays\n2026-12-25 # Christmas\r\n\n2026-01-26\n', 'h.txt')]).toEqual([
      '2026-12-25',
      '2026-01-26',
    ]);
  });

  it('is refused with the line of what is no day', () => {
    expect(() => parseHolidays('2026-12-25\n2026-02-30\n', 'h.txt')).toThrow(
      'h.txt:2: "2026-02-30" is no day.',
    );
    expect(isDay('2028-02-29')).toBe(true);
  });
});
