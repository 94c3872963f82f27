/** The words of `payout list` as a filter: days are those of the ledger's time zone, states are spelled exactly. */
import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { PAYOUT_STATES, type PayoutState } from '../../domain/payout/payout.ts';
import { beneficiariesByRef } from '../../store/beneficiaries.ts';
import type { Reader } from '../../store/database.ts';
import type { PayoutFilter } from '../../store/payout-list.ts';
import { findBatch } from '../batch/find-batch.ts';
import { type Context, type Input, type Option, text } from '../command.ts';
import { parseDuration } from '../config.ts';
import { dayOf } from '../ledger/flags.ts';
import { nearest } from '../output/nearest.ts';

export const FILTER_OPTIONS: readonly Option[] = [
  { flags: '--batch <name>', description: 'only this batch' },
  {
    flags: '--state <states>',
    description: `only these states, with commas: ${PAYOUT_STATES.join(', ')}`,
    repeatable: true,
  },
  { flags: '--provider <name>', description: 'only this provider' },
  { flags: '--beneficiary <ref>', description: 'only this beneficiary' },
  { flags: '--utr <utr>', description: 'only the payout with this UTR, of the payment or of its return' },
  {
    flags: '--since <time>',
    description: 'imported on this day or later, or since an instant such as 2026-11-21T09:30:00Z',
  },
  { flags: '--until <time>', description: 'imported on this day or earlier, or before an instant' },
  { flags: '--older-than <duration>', description: 'not changed for so long, such as 10m' },
];

export async function readFilter(context: Context, input: Input): Promise<PayoutFilter> {
  const database = await context.ledger();
  const batch = text(input, 'batch');
  const beneficiary = text(input, 'beneficiary');
  const zone = (await context.config()).ledger.time_zone;
  return {
    batch_id: batch === undefined ? null : (await findBatch(database, batch)).id,
    states: readStates(input.options.state),
    provider: text(input, 'provider') ?? null,
    beneficiary_id: beneficiary === undefined ? null : await beneficiaryId(database, beneficiary),
    utr: text(input, 'utr')?.toUpperCase().replaceAll(/\s/g, '') ?? null,
    since: readTime(await written(context, input, 'since'), '--since', zone, 0),
    until: readTime(await written(context, input, 'until'), '--until', zone, 1),
    updated_before: readAge(text(input, 'olderThan'), context.world.now()),
  };
}

/** With `today` and `yesterday` as the days that they are. */
async function written(context: Context, input: Input, name: string): Promise<string | undefined> {
  const value = text(input, name);
  return value === undefined ? undefined : ((await dayOf(context, value)) ?? value);
}

function readStates(given: Input['options'][string]): PayoutState[] | null {
  if (given === undefined || typeof given === 'boolean') return null;
  const words = (Array.isArray(given) ? given : [given]).flatMap((each) => each.split(','));
  return words.map((word) => {
    const state = PAYOUT_STATES.find((each) => each === word.trim());
    if (state) return state;
    const guess = nearest(word, PAYOUT_STATES);
    throw new PayrunError('usage', 'option_invalid', `--state is "${word}", which is no state.`, {
      hint: guess ? `Did you mean "${guess}"?` : `States: ${PAYOUT_STATES.join(', ')}.`,
    });
  });
}

async function beneficiaryId(reader: Reader, ref: string): Promise<bigint> {
  const found = (await beneficiariesByRef(reader, [ref])).get(ref.toLowerCase());
  if (found) return found.id;
  throw new PayrunError('failed', 'beneficiary_unknown', `There is no beneficiary ${ref}.`, {
    hint: 'List those there are with: payrun beneficiary list',
  });
}

/** The start of a day, or of the day behind it; an instant is itself. */
function readTime(given: string | undefined, option: string, zone: string, daysOn: number): string | null {
  if (given === undefined) return null;
  const wrong = () =>
    new PayrunError(
      'usage',
      'option_invalid',
      `${option} is "${given}"; write a day such as 2026-11-21, today or yesterday, or an instant such as 2026-11-21T09:30:00Z.`,
    );
  if (/^\d{4}-\d\d-\d\d$/.test(given)) {
    const noon = Date.parse(`${given}T12:00:00Z`);
    if (Number.isNaN(noon) || new Date(noon).toISOString().slice(0, 10) !== given) throw wrong();
    return startOfDay(new Date(noon + daysOn * DAY_MS).toISOString().slice(0, 10), zone);
  }
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given)
    ? Date.parse(given)
    : Number.NaN;
  if (Number.isNaN(instant)) throw wrong();
  return new Date(instant).toISOString();
}

const DAY_MS = 86_400_000;
const QUARTER_MS = 15 * 60_000;

/** Zones differ from UTC by whole quarters of an hour, up to fourteen hours; the first quarter of the day begins it. */
function startOfDay(day: string, zone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  for (let instant = midnight - 14 * 3_600_000; ; instant += QUARTER_MS) {
    const text = new Date(instant).toISOString();
    if (dayIn(zone, text) >= day) return text;
  }
}

function readAge(given: string | undefined, now: Date): string | null {
  if (given === undefined) return null;
  const age = parseDuration(given);
  if (age === null)
    throw new PayrunError(
      'usage',
      'option_invalid',
      `--older-than is "${given}"; write a duration such as 10m, 2h or 3d.`,
    );
  return new Date(now.getTime() - age).toISOString();
}
