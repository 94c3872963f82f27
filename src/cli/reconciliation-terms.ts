/** What `reconcile` and `statement import` take from the configuration: profiles, calendar, settlement window. */
import { readFileSync } from 'node:fs';
import { dayIn } from '../domain/calendar-day.ts';
import { PayrunError } from '../domain/errors.ts';
import type { RailRules } from '../domain/payout/rail.ts';
import type { Terms } from '../domain/reconciliation/break.ts';
import { createCalendar, parseHolidays } from '../domain/reconciliation/calendar.ts';
import type { StatementTerms } from '../operations/import-statement.ts';
import { loadProfiles, profileByName, profileOfKind } from '../statements/profile.ts';
import { type Context, type Input, text } from './command.ts';
import type { Config } from './config.ts';

export type Reading = Omit<StatementTerms, 'provider'>;

// What the configuration says where it says nothing; a comparison of two files needs none.
const DEFAULT_TIME_ZONE = 'Asia/Kolkata';
const DEFAULT_WEEKEND = ['Sat', 'Sun'];
const DEFAULT_SETTLEMENT_DAYS = 1;
const DEFAULT_KIND = 'nxtbanking';

/** How statements are read; `kind` is the provider's, whose profile is meant where no header fits. */
export function readingTerms(config: Config | null, input: Input, kind: string | null): Reading {
  const profiles = loadProfiles(config?.statements ?? {}, config?.file ?? '');
  const named = text(input, 'profile');
  return {
    profile: named === undefined ? null : profileByName(named, profiles),
    profiles,
    expected_profile: profileOfKind(kind ?? DEFAULT_KIND, profiles),
    time_zone: config?.ledger.time_zone ?? DEFAULT_TIME_ZONE,
  };
}

/** `rates` are those of the provider whose payouts are compared; null where none is meant. */
export function comparisonTerms(
  context: Context,
  config: Config | null,
  rates: RailRules | null = null,
): Terms {
  const timeZone = config?.ledger.time_zone ?? DEFAULT_TIME_ZONE;
  return {
    today: dayIn(timeZone, context.world.now().toISOString()),
    settlement_days: config?.reconciliation.settlement_days ?? DEFAULT_SETTLEMENT_DAYS,
    calendar: createCalendar(config?.calendar.weekend ?? DEFAULT_WEEKEND, holidaysOf(config)),
    rates,
    tolerance: config?.reconciliation.amount_tolerance ?? new Map(),
  };
}

function holidaysOf(config: Config | null): ReadonlySet<string> {
  const file = config?.calendar.holidays_file ?? null;
  if (file === null) return new Set();
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PayrunError(
      'usage',
      'holidays_invalid',
      `The holidays file ${file} cannot be read: ${(cause as Error).message}.`,
      {
        hint: 'Check [calendar] holidays_file in payrun.toml.',
        cause,
      },
    );
  }
  return parseHolidays(content, file);
}

/** The configuration where there is one; two files can be compared without. */
export async function configIfAny(context: Context): Promise<Config | null> {
  try {
    return await context.config();
  } catch (error) {
    const missing = error instanceof PayrunError && error.code === 'config_missing';
    if (missing && context.flags.config === null) return null;
    throw error;
  }
}
