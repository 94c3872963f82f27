/**
 * Dates as reports write them, read by a pattern and never guessed: 03/04 is March or April by the profile alone. A
 * time without an offset is the profile's local time; a date without a time stays a day.
 */
import { isDay } from '../domain/reconciliation/calendar.ts';

/** `at` is RFC 3339 UTC, null where only the day is stated. */
export type StatementDate = { at: string; on: null } | { at: null; on: string };

const TOKENS = /YYYY|YY|MMM|MM|DD|HH|mm|ss|ZZ/g;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)(Z|[+-]\d{2}:?\d{2})?)?$/;

export function isDatePattern(pattern: string): boolean {
  if (pattern === 'iso') return true;
  const tokens: readonly string[] = pattern.match(TOKENS) ?? [];
  return (
    [['YYYY', 'YY'], ['MMM', 'MM'], ['DD']].every(
      (either) => either.filter((token) => tokens.includes(token)).length === 1,
    ) && new Set(tokens).size === tokens.length
  );
}

/** A reader for one profile, or null for text that is no date of that form. */
export function dateReader(pattern: string, timeZone: string): (text: string) => StatementDate | null {
  return pattern === 'iso' ? (text) => readIso(text, timeZone) : patternReader(pattern, timeZone);
}

function readIso(text: string, timeZone: string): StatementDate | null {
  const parts = ISO.exec(text);
  const day = parts?.[1];
  if (!parts || day === undefined || !isDay(day)) return null;
  const [, , time, offset] = parts;
  if (time === undefined) return { at: null, on: day };
  return instant(day, time, offset ?? null, timeZone);
}

function patternReader(pattern: string, timeZone: string): (text: string) => StatementDate | null {
  const tokens: readonly string[] = pattern.match(TOKENS) ?? [];
  const literals = pattern.split(TOKENS).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const source = literals.map((literal, index) => {
    const token = tokens[index];
    return token === undefined ? literal : `${literal}(${formOfToken(token)})`;
  });
  const expression = new RegExp(`^${source.join('')}$`);
  return (text) => {
    const found = expression.exec(text);
    if (!found) return null;
    const value = (token: string) => found[tokens.indexOf(token) + 1];
    const year = tokens.includes('YY') ? `20${value('YY')}` : value('YYYY');
    const month = tokens.includes('MMM') ? monthOf(value('MMM') ?? '') : value('MM');
    const day = `${year}-${month}-${value('DD')}`;
    if (!isDay(day)) return null;
    if (!tokens.includes('HH')) return { at: null, on: day };
    const offset = tokens.includes('ZZ') ? (value('ZZ') ?? null) : null;
    const part = (token: string) => (tokens.includes(token) ? value(token) : '00');
    return instant(day, `${part('HH')}:${part('mm')}:${part('ss')}`, offset, timeZone);
  };
}

function formOfToken(token: string): string {
  if (token === 'MMM') return '[A-Za-z]{3}';
  return token === 'ZZ' ? 'Z|[+-]\\d{2}:?\\d{2}' : `\\d{${token.length}}`;
}

function monthOf(name: string): string {
  return String(MONTHS.indexOf(name.toLowerCase()) + 1).padStart(2, '0');
}

function instant(day: string, time: string, offset: string | null, timeZone: string): StatementDate | null {
  const ms = Date.parse(`${day}T${time}${offset ?? 'Z'}`);
  if (Number.isNaN(ms)) return null;
  const utc = offset === null ? ms - offsetAt(ms, timeZone) : ms;
  return { at: new Date(utc).toISOString(), on: null };
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** How far the zone's clocks are ahead of UTC when they show this wall time. */
function offsetAt(wallMs: number, timeZone: string): number {
  // Zones change their offset on the hour or half hour at the most; asking once for each saves a formatter call a row.
  const key = `${timeZone} ${Math.floor(wallMs / 1_800_000)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const first = zoneOffset(wallMs, timeZone);
  const offset = zoneOffset(wallMs - first, timeZone);
  offsets.set(key, offset);
  return offset;
}

function zoneOffset(utcMs: number, timeZone: string): number {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  const parts = new Map(formatter.formatToParts(utcMs).map((part) => [part.type, part.value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '00';
  const wall = Date.parse(
    `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`,
  );
  return wall - Math.floor(utcMs / 1000) * 1000;
}
