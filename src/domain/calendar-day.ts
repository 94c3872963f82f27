/** The day of an instant in a time zone: what an entry is booked on, and what `--date` means. */

let lastZone = '';
let formatter: Intl.DateTimeFormat | undefined;
// Instants come in runs; a formatter call costs microseconds and a batch asks a hundred thousand times.
let lastMinute = '';
let lastDay = '';

/** Whether the engine knows a zone, such as Asia/Kolkata. Keeps what it made of it, which is most of a day's cost. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** `2026-11-20T19:30:00.000Z` in Asia/Kolkata → `2026-11-21`. Throws a RangeError for text that is no instant. */
export function dayIn(timeZone: string, instant: string): string {
  const minute = instant.slice(0, 16);
  if (timeZone === lastZone && minute === lastMinute && instant.endsWith('Z')) return lastDay;
  const day = formatterOf(timeZone).format(Date.parse(instant));
  if (instant.endsWith('Z')) {
    lastMinute = minute;
    lastDay = day;
  }
  return day;
}

/** Throws a RangeError for a zone that the engine does not know. */
function formatterOf(timeZone: string): Intl.DateTimeFormat {
  if (timeZone === lastZone && formatter) return formatter;
  // en-CA writes years, months and days in the order of ISO 8601.
  formatter = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  lastZone = timeZone;
  lastMinute = '';
  return formatter;
}
