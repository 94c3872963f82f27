/**
 * Business days: when a settlement window ends and how old a break is. Days are text, `YYYY-MM-DD`, so that no time
 * zone can shift them; which days count is the configuration's business.
 */
import { PayrunError } from '../errors.ts';

const WEEKDAYS: readonly string[] = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

export interface Calendar {
  isBusinessDay(day: string): boolean;
  /** The `count`-th business day after `day`; `day` itself for 0, whatever it is. */
  add(day: string, count: number): string;
  /** Business days after `from` up to and including `to`; 0 where `to` is not later. */
  between(from: string, to: string): number;
}

const DAY_MS = 86_400_000;
const DAY_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

export function isDay(text: string): boolean {
  if (!DAY_PATTERN.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // 30 February rolls over to March in some engines; only a day that comes back as it went in is one.
  return !Number.isNaN(ms) && dayOf(ms / DAY_MS) === text;
}

export function createCalendar(weekend: readonly string[], holidays: ReadonlySet<string>): Calendar {
  const off = new Set(weekend.map((name) => WEEKDAYS.indexOf(name)));
  if (off.size >= WEEKDAYS.length) {
    throw new PayrunError(
      'usage',
      'calendar_invalid',
      '[calendar] weekend names all seven days, so that no day is a business day.',
      {
        hint: 'Leave at least one day out; weekend = [] makes every day a business day.',
      },
    );
  }
  const isBusiness = (number: number, day: string) => !off.has(weekdayOf(number)) && !holidays.has(day);
  // A hundred thousand payouts share a few days, and a walk over a long holiday is not free.
  const added = new Map<string, string>();
  const walk = (day: string, count: number): string => {
    let number = numberOf(day);
    let at = day;
    for (let left = count; left > 0; ) {
      number += 1;
      at = dayOf(number);
      if (isBusiness(number, at)) left -= 1;
    }
    return at;
  };
  return {
    isBusinessDay: (day) => isBusiness(numberOf(day), day),
    add(day, count) {
      const key = `${day}+${count}`;
      const known = added.get(key);
      if (known !== undefined) return known;
      const result = walk(day, count);
      added.set(key, result);
      return result;
    },
    between(from, to) {
      let count = 0;
      const last = numberOf(to);
      for (let number = numberOf(from) + 1; number <= last; number += 1) {
        if (isBusiness(number, dayOf(number))) count += 1;
      }
      return count;
    },
  };
}

/**
 * Whether what happened on `day` may still be missing from the provider's reports: until so many business days after
 * it have ended. Zero means that it must be there at once.
 */
export function withinSettlement(
  day: string,
  today: string,
  settlementDays: number,
  calendar: Calendar,
): boolean {
  return settlementDays > 0 && today <= calendar.add(day, settlementDays);
}

/** One day a line, `#` starts a comment. `file` is named in the error. */
export function parseHolidays(text: string, file: string): ReadonlySet<string> {
  const days = new Set<string>();
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const day = line.replace(/#.*$/, '').trim();
    if (day === '') continue;
    if (!isDay(day)) {
      throw new PayrunError('usage', 'holidays_invalid', `${file}:${index + 1}: "${day}" is no day.`, {
        hint: 'Write one day a line as YYYY-MM-DD; what follows a # is a comment.',
      });
    }
    days.add(day);
  }
  return days;
}

function numberOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
}

function dayOf(number: number): string {
  return new Date(number * DAY_MS).toISOString().slice(0, 10);
}

/** 1 January 1970 was a Thursday. */
function weekdayOf(number: number): number {
  return (((number + 4) % 7) + 7) % 7;
}
