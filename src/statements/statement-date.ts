/**
 * Dates as reports write them, read by a pattern and never guessed: 03/04 is March or April by the profile alone. A
 * time without an offset is the profile's local time; a date without a time stays a day.
 */
import { isDay } from '../domain/reconciliation/calendar.ts';

/** `at` is RFC 3339 UTC, null where only the day is stated. */
export type StatementDate = { at: string; on: null } | { at: null; on: string };

type Reader = (text: string) => StatementDate | null;

const TOKENS = /YYYY|YY|MMM|MM|M|DD|D|HH|hh|mm|ss|ZZ|A/g;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?)(Z|[+-]\d{2}:?\d{2})?)?$/;
const NAMED = ['iso', 'unix', 'unix_ms'];
// Some write September with four letters.
const FORM_OF_TOKEN: Readonly<Record<string, string>> = {
  MMM: '[A-Za-z]{3,4}',
  ZZ: 'Z|[+-]\\d{2}:?\\d{2}',
  A: '[AaPp][Mm]',
  M: '\\d{1,2}',
  D: '\\d{1,2}',
};

export function isDatePattern(pattern: string): boolean {
  if (NAMED.includes(pattern)) return true;
  const tokens: readonly string[] = pattern.match(TOKENS) ?? [];
  return (
    [
      ['YYYY', 'YY'],
      ['MMM', 'MM', 'M'],
      ['DD', 'D'],
    ].every((either) => either.filter((token) => tokens.includes(token)).length === 1) &&
    tokens.includes('hh') === tokens.includes('A') &&
    !(tokens.includes('hh') && tokens.includes('HH')) &&
    new Set(tokens).size === tokens.length
  );
}

/** Two patterns that the same text may fit with day, month or year elsewhere, as `A and B`; null where there are none. */
export function ambiguousDates(patterns: readonly string[]): string | null {
  for (const [index, pattern] of patterns.entries()) {
    const twin = patterns
      .slice(index + 1)
      .find((other) => shapeOf(other) === shapeOf(pattern) && orderOf(other) !== orderOf(pattern));
    if (twin !== undefined) return `${pattern} and ${twin}`;
  }
  return null;
}

/** What the text looks like, whichever of two digits stand where. */
function shapeOf(pattern: string): string {
  if (NAMED.includes(pattern)) return pattern;
  return pattern.replace(TOKENS, (token) => (['YYYY', 'MMM', 'A', 'ZZ'].includes(token) ? token : '0'));
}

function orderOf(pattern: string): string {
  return (pattern.match(TOKENS) ?? []).map((token) => token.charAt(0)).join('');
}

/** A reader for one profile, or null for text that is a date of none of its forms. */
export function dateReader(patterns: string | readonly string[], timeZone: string): Reader {
  const readers = [patterns].flat().map((pattern) => readerOf(pattern, timeZone));
  const [only] = readers;
  if (only && readers.length === 1) return only;
  return (text) => {
    for (const read of readers) {
      const date = read(text);
      if (date !== null) return date;
    }
    return null;
  };
}

function readerOf(pattern: string, timeZone: string): Reader {
  if (pattern === 'iso') return (text) => readIso(text, timeZone);
  if (pattern === 'unix') return (text) => (/^\d{9,11}$/.test(text) ? atMs(Number(text) * 1000) : null);
  if (pattern === 'unix_ms') return (text) => (/^\d{12,14}$/.test(text) ? atMs(Number(text)) : null);
  return patternReader(pattern, timeZone);
}

function atMs(ms: number): StatementDate {
  return { at: new Date(ms).toISOString(), on: null };
}

function readIso(text: string, timeZone: string): StatementDate | null {
  const parts = ISO.exec(text);
  const day = parts?.[1];
  if (!parts || day === undefined || !isDay(day)) return null;
  const [, , time, offset] = parts;
  if (time === undefined) return { at: null, on: day };
  return instant(day, time, offset ?? null, timeZone);
}

function patternReader(pattern: string, timeZone: string): Reader {
  const tokens: readonly string[] = pattern.match(TOKENS) ?? [];
  const literals = pattern.split(TOKENS).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const source = literals.map((literal, index) => {
    const token = tokens[index];
    return token === undefined ? literal : `${literal}(${FORM_OF_TOKEN[token] ?? `\\d{${token.length}}`})`;
  });
  const expression = new RegExp(`^${source.join('')}$`);
  return (text) => {
    const found = expression.exec(text);
    if (!found) return null;
    const value = (...either: string[]): string | undefined => {
      const at = tokens.findIndex((token) => either.includes(token));
      return at < 0 ? undefined : found[at + 1];
    };
    const year = value('YYYY') ?? `20${value('YY')}`;
    const month = tokens.includes('MMM') ? monthOf(value('MMM') ?? '') : twoDigits(value('MM', 'M'));
    const day = `${year}-${month}-${twoDigits(value('DD', 'D'))}`;
    if (!isDay(day)) return null;
    const hour = hourOf(value('HH'), value('hh'), value('A'));
    if (hour === null) return tokens.includes('hh') ? null : { at: null, on: day };
    return instant(
      day,
      `${hour}:${value('mm') ?? '00'}:${value('ss') ?? '00'}`,
      value('ZZ') ?? null,
      timeZone,
    );
  };
}

function twoDigits(text: string | undefined): string {
  return (text ?? '').padStart(2, '0');
}

/** 12 AM is midnight and 12 PM noon; null where no hour is stated, or one that no such clock shows. */
function hourOf(of24: string | undefined, of12: string | undefined, half: string | undefined): string | null {
  if (of24 !== undefined) return of24;
  const hour = Number(of12 ?? '0');
  if (hour < 1 || hour > 12) return null;
  return twoDigits(String((hour % 12) + (half?.toLowerCase() === 'pm' ? 12 : 0)));
}

function monthOf(name: string): string {
  const known = name.length === 3 || name.toLowerCase() === 'sept';
  return known ? twoDigits(String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1)) : '00';
}

function instant(day: string, time: string, offset: string | null, timeZone: string): StatementDate | null {
  const ms = Date.parse(`${day}T${time}${offset ?? 'Z'}`);
  if (Number.isNaN(ms)) return null;
  return atMs(offset === null ? ms - offsetAt(ms, timeZone) : ms);
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
