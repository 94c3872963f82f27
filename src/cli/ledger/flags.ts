/** Days, limits and numbers of entries as flags and arguments say them. */
import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { readTag } from '../../domain/ledger/tags.ts';
import { isDay } from '../../domain/reconciliation/calendar.ts';
import { type Context, type Input, text } from '../command.ts';

export function dayFlag(input: Input, name: string): string | null {
  const value = text(input, name);
  if (value === undefined) return null;
  if (isDay(value)) return value;
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new PayrunError('usage', 'option_invalid', `${flag} is "${value}"; write a day such as 2026-11-20.`);
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
