/** Days, limits and numbers of entries as flags and arguments say them. */
import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { readTag } from '../../domain/ledger/tags.ts';
import { isDay } from '../../domain/reconciliation/calendar.ts';
import { type Context, type Input, text } from '../command.ts';

const DAYS_BACK: ReadonlyMap<string, number> = new Map([
  ['today', 0],
  ['yesterday', 1],
]);

/** A day as it is written, or as `today` and `yesterday` in the ledger's time zone; null for anything else. */
export async function dayOf(context: Context, written: string): Promise<string | null> {
  const back = DAYS_BACK.get(written);
  if (back === undefined) return isDay(written) ? written : null;
  const { ledger } = await context.config();
  // No zone that a ledger may have leaves a day out: noon of today less a day is yesterday.
  const noon = Date.parse(`${dayIn(ledger.time_zone, context.world.now().toISOString())}T12:00:00Z`);
  return new Date(noon - back * 86_400_000).toISOString().slice(0, 10);
}

export async function dayFlag(context: Context, input: Input, name: string): Promise<string | null> {
  const value = text(input, name);
  if (value === undefined) return null;
  const day = await dayOf(context, value);
  if (day !== null) return day;
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new PayrunError(
    'usage',
    'option_invalid',
    `${flag} is "${value}"; write a day such as 2026-11-20, today or yesterday.`,
  );
}

export function limitFlag(input: Input): number | null {
  const value = text(input, 'limit');
  if (value === undefined) return null;
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--limit is "${value}"; write a whole number of at least 1.`,
  );
}

/** `--tag cost_centre=ops`, as it stands in the ledger; null where it is not asked for. */
export function tagFlag(input: Input): string | null {
  const value = text(input, 'tag');
  if (value === undefined) return null;
  const tag = readTag(value);
  if ('problem' in tag) throw new PayrunError('usage', 'option_invalid', `--tag: ${tag.problem}`);
  return value;
}

/** The number of an entry; 18 digits are more than there will be, and fewer than a column holds. */
export function entryNumber(written: string): bigint {
  if (/^[1-9]\d{0,17}$/.test(written)) return BigInt(written);
  throw new PayrunError(
    'usage',
    'argument_invalid',
    `"${written}" is no entry; entries have numbers, such as 15.`,
    {
      hint: 'List them with `payrun ledger register ACCOUNT`.',
    },
  );
}

export async function today(context: Context): Promise<string> {
  const { ledger } = await context.config();
  return dayIn(ledger.time_zone, context.world.now().toISOString());
}
