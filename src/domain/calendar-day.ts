/** The day of an instant in a time zone: what an entry is booked on, and what `--date` means. */

let lastZone = '';
let formatter: Intl.DateTimeFormat | undefined;
// Instants come in runs; a formatter call costs microseconds and a batch asks a hundred thousand times.
let lastMinute = '';
let lastDay = '';

/** `2026-11-20T19:30:00.000Z` in Asia/Kolkata → `2026-11-21`. Throws a RangeError for text that is no instant. */
export function dayIn(timeZone: string, instant: string): string {
  const minute = instant.slice(0, 16);
  if (timeZone === lastZone && minute === lastMinute && instant.endsWith('Z')) return lastDay;
  if (timeZone !== lastZone || !formatter) {
    // en-CA writes years, months and days in the order of ISO 8601.
    formatter = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    lastZone = timeZone;
  }
  const day = formatter.format(Date.parse(instant));
  if (instant.endsWith('Z')) {
    lastMinute = minute;
    lastDay = day;
  }
  return day;
}
